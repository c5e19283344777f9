"""Works with a database through PyMongo: see testdata/programs/client."""

import concurrent.futures
import json
import socket
import sys
import threading

import pymongo
from pymongo import monitoring


class Watcher(monitoring.ServerHeartbeatListener, monitoring.ServerListener, monitoring.CommandListener):
    def __init__(self):
        self.beats = threading.Semaphore(0)
        self.changes = 0
        self.retryable = False

    def started(self, event):
        if isinstance(event, monitoring.CommandStartedEvent) and "txnNumber" in event.command:
            self.retryable = True

    def succeeded(self, event):
        if isinstance(event, monitoring.ServerHeartbeatSucceededEvent):
            self.beats.release()

    def failed(self, event):
        pass

    def opened(self, event):
        pass

    def closed(self, event):
        pass

    def description_changed(self, event):
        if event.previous_description.server_type_name != "Unknown":
            self.changes += 1


def resolve_to(address):
    """Has every host name stand for one address."""
    plain = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **named: plain(address, *rest, **named)


def use(things, job, report):
    things.insert_many([{"n": n, "pad": "x" * 1000} for n in range(job["count"])])
    for _ in things.find({}, batch_size=job["batch"]):
        report["found"] += 1
    report["modified"] = things.update_one({"n": 0}, {"$set": {"n": -1}}).modified_count


def turns(things, worker):
    for turn in range(4):
        own = {"n": 1_000_000 + worker, "turn": turn}
        things.insert_one(dict(own))
        if things.find_one(own) is None:
            raise RuntimeError("a document is missing")


def crowd(things, job, report):
    """Has all workers at work at once."""
    with concurrent.futures.ThreadPoolExecutor(max(1, job["workers"])) as pool:
        for done in [pool.submit(turns, things, worker) for worker in range(job["workers"])]:
            done.result()
            report["worked"] += 1


def ask(db, report):
    """Finds out which server the database is at, and how it says hello."""
    hello = db.command("hello")
    report["msg"] = hello.get("msg", "")
    report["hosts"] = "hosts" in hello
    report["server"] = int(db.command("serverStatus")["pid"])


def work(client, watcher, job, report):
    db = client[job["database"]]
    use(db.things, job, report)
    crowd(db.things, job, report)
    ask(db, report)
    for _ in range(job["beats"]):
        watcher.beats.acquire()
    if job["another"]:
        client[job["another"]].things.insert_one({"n": 0})


def main(job):
    report = {"found": 0, "modified": 0, "worked": 0, "msg": "", "hosts": False}
    watcher = Watcher()
    if job["resolveTo"]:
        resolve_to(job["resolveTo"])
    client = pymongo.MongoClient(job["uri"], event_listeners=[watcher])

    def attempt(what, *args):
        report.pop("code", None)
        report.pop("error", None)
        try:
            what(*args, report)
        except pymongo.errors.PyMongoError as e:
            report["code"] = getattr(e, "code", None) or 0
            report["error"] = str(e)
        report["changes"] = watcher.changes
        report["retryable"] = watcher.retryable
        print(json.dumps(report), flush=True)

    attempt(work, client, watcher, job)
    if job["again"]:
        for _ in sys.stdin:
            attempt(ask, client[job["database"]])
    client.close()


main(json.loads(sys.argv[1]))
