"""Prints what psycopg2 is told when it is refused.

    refusal.py URL
"""

import sys

import psycopg2

try:
    psycopg2.connect(sys.argv[1])
except psycopg2.OperationalError as err:
    print(err)
else:
    sys.exit("was not refused")
