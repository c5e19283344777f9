"""Prints which cluster and database psycopg2 got to and whether by TLS, or why
it was refused.

    encrypted.py URL
"""

import sys

import psycopg2

try:
    conn = psycopg2.connect(sys.argv[1])
except psycopg2.OperationalError as err:
    print(err)
else:
    with conn.cursor() as cur:
        cur.execute("select current_setting('cluster_name') || '/' || current_database()")
        print(cur.fetchone()[0], "over TLS" if conn.info.ssl_in_use else "in the clear")
    conn.close()
