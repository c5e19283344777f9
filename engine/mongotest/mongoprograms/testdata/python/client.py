"""Works with databases through PyMongo: see testdata/programs/client."""

import concurrent.futures
import gc
import json
import socket
import sys
import threading

import pymongo
from pymongo import monitoring

system_getaddrinfo = socket.getaddrinfo


class Watcher(
    monitoring.ServerHeartbeatListener,
    monitoring.ServerListener,
    monitoring.TopologyListener,
    monitoring.CommandListener,
    monitoring.ConnectionPoolListener,
):
    """What is watched of a driver's client."""

    def __init__(self):
        self.lock = threading.Condition()
        self.beats = self.busy = self.busiest = self.changes = 0
        self.retryable = self.failing = False

    def started(self, event):
        if isinstance(event, monitoring.CommandStartedEvent) and "txnNumber" in event.command:
            self.retryable = True

    def succeeded(self, event):
        if isinstance(event, monitoring.ServerHeartbeatSucceededEvent):
            with self.lock:
                self.beats += 1
                self.lock.notify_all()

    def description_changed(self, event):
        old = event.previous_description
        servers = [old] if isinstance(event, monitoring.ServerDescriptionChangedEvent) else old.server_descriptions().values()
        if any(server.server_type_name != "Unknown" for server in servers):
            self.changes += 1

    def connection_checked_out(self, event):
        with self.lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)

    def connection_checked_in(self, event):
        with self.lock:
            self.busy -= 1

    def await_beats(self, beats):
        with self.lock:
            self.lock.wait_for(lambda: self.beats >= beats)

    def ignore(self, event):
        pass

    failed = opened = closed = ignore
    pool_created = pool_cleared = pool_closed = pool_ready = ignore
    connection_created = connection_ready = connection_closed = ignore
    connection_check_out_started = connection_check_out_failed = ignore


def resolve_to(address):
    """Has every host name stand for one address, "" for the system's word."""
    socket.getaddrinfo = lambda host, *rest, **named: system_getaddrinfo(address or host, *rest, **named)


def use(things, job, report):
    pad = "x" * (job["size"] or 1000)
    things.insert_many([{"n": n, "pad": pad} for n in range(job["count"])])
    for _ in things.find({}, batch_size=job["batch"]):
        report["found"] += 1
    report["modified"] = things.update_one({"n": 0}, {"$set": {"n": -1}}).modified_count


def write_and_read(things, job, watcher):
    try:
        own = {"_id": things.insert_one({}).inserted_id}
        while things.find_one(own) is not None:
            if watcher.failing or watcher.beats >= job["beats"] and watcher.busiest >= job["workers"]:
                return
        raise RuntimeError("a document is missing")
    except BaseException:
        watcher.failing = True
        raise


def crowd(things, job, report, watcher):
    """Has all workers at work at once. The first that fails ends the others."""
    with concurrent.futures.ThreadPoolExecutor(max(1, job["workers"])) as pool:
        for done in [pool.submit(write_and_read, things, job, watcher) for _ in range(job["workers"])]:
            done.result()
            report["worked"] += 1


def ask(db, report):
    """Finds out which server the database is at, and how it says hello."""
    hello = db.command("hello")
    report["msg"] = hello.get("msg", "")
    report["hosts"] = "hosts" in hello
    report["server"] = int(db.command("serverStatus")["pid"])


class Connected:
    """A driver's client with a job."""

    def __init__(self, job):
        resolve_to(job["resolveTo"])
        self.job = job
        self.report = {"found": 0, "modified": 0, "worked": 0, "msg": "", "hosts": False}
        self.watcher = Watcher()
        self.client = pymongo.MongoClient(job["uri"], event_listeners=[self.watcher])
        self.db = self.client[job["database"]]

    def work(self):
        use(self.db.things, self.job, self.report)
        crowd(self.db.things, self.job, self.report, self.watcher)
        self.again()
        self.watcher.await_beats(self.job["beats"])
        if self.job["another"]:
            self.client[self.job["another"]].things.insert_one({"n": 0})

    def close(self):
        """Closes all connections. It is called once: again could take long."""
        self.client.close()
        gc.collect()  # PyMongo leaves those to it that could not log in

    def again(self):
        ask(self.db, self.report)

    def attempt(self, what):
        """Returns the report, which says why something fails."""
        told = self.report
        told.pop("code", None)
        told.pop("error", None)
        try:
            what()
        except pymongo.errors.PyMongoError as e:
            told["code"] = getattr(e, "code", None) or 0
            told["error"] = str(e)
        told["changes"] = self.watcher.changes
        told["retryable"] = self.watcher.retryable
        return json.dumps(told)


def main():
    staying = None
    for line in sys.stdin:
        if line == "again\n":
            print(staying.attempt(staying.again), flush=True)
            continue
        if staying:
            staying.close()
        connected = Connected(json.loads(line))
        staying = connected if connected.job["stay"] else None
        told = connected.attempt(connected.work)
        if not staying:
            connected.close()
        print(told, flush=True)
    if staying:
        staying.close()


main()
