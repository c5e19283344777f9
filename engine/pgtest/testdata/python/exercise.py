"""Tries what psycopg2 can do and prints which cluster and database it got to.

    exercise.py URL
"""

import io
import select
import sys
import threading

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras


def transactions(conn):
    with conn.cursor() as cur:
        cur.execute("create temp table t (n int, s text)")
        conn.commit()
        cur.execute("insert into t values (1, 'one')")
        conn.rollback()
        psycopg2.extras.execute_values(
            cur, "insert into t values %s", [(n, "x" * n) for n in range(2000)]
        )
        conn.commit()
        cur.execute("select count(*), sum(length(s)) from t")
        assert cur.fetchone() == (2000, 1999000)


def server_side_cursor(conn):
    with conn.cursor("walk") as cur:
        cur.itersize = 100
        cur.execute("select n from t order by n")
        assert [n for (n,) in cur] == list(range(2000))
    conn.commit()


def copy(conn):
    rows = "".join(f"{n}\tcopied\n" for n in range(50000))
    with conn.cursor() as cur:
        cur.execute("truncate t")
        cur.copy_expert("copy t from stdin", io.StringIO(rows))
        out = io.StringIO()
        cur.copy_expert("copy (select * from t order by n) to stdout", out)
    conn.commit()
    assert out.getvalue() == rows


def large_value(conn):
    value = bytes(range(256)) * 8192
    with conn.cursor() as cur:
        cur.execute("select %s::bytea", (value,))
        assert bytes(cur.fetchone()[0]) == value
    conn.commit()


def error(conn):
    with conn.cursor() as cur:
        try:
            cur.execute("select 1/0")
        except psycopg2.errors.DivisionByZero:
            conn.rollback()
        else:
            raise AssertionError("1/0 has a value")


def notification(conn):
    conn.set_session(autocommit=True)
    with conn.cursor() as cur:
        cur.execute("listen exercise")
        cur.execute("notify exercise, 'heard'")
    while not conn.notifies:
        assert select.select([conn], [], [], 30) != ([], [], [])
        conn.poll()
    assert conn.notifies.pop().payload == "heard"


def cancel(conn, url):
    """Cancels a query from another thread, once the server runs it."""
    watcher = psycopg2.connect(url)
    watcher.set_session(autocommit=True)
    running = "select state = 'active' and query like '%%pg_sleep%%' from pg_stat_activity where pid = %s"

    def when_running():
        with watcher.cursor() as cur:
            cur.execute(running, (conn.info.backend_pid,))
            while not cur.fetchone()[0]:
                cur.execute(running, (conn.info.backend_pid,))
        conn.cancel()

    thread = threading.Thread(target=when_running)
    thread.start()
    try:
        with conn.cursor() as cur:
            cur.execute("select pg_sleep(60)")
    except psycopg2.errors.QueryCanceled:
        pass
    else:
        raise AssertionError("the query was not cancelled")
    finally:
        thread.join()
        watcher.close()


def main(url):
    conn = psycopg2.connect(url)
    transactions(conn)
    server_side_cursor(conn)
    copy(conn)
    large_value(conn)
    error(conn)
    notification(conn)
    cancel(conn, url)
    with conn.cursor() as cur:
        cur.execute("select current_setting('cluster_name') || '/' || current_database()")
        print(cur.fetchone()[0])
    conn.close()


main(sys.argv[1])
