"""Keeps a DuckDB file open until it is killed: WAREHOUSE_URL. Begins at a line on stdin, and says when it is there."""

import sys
import time

from cr_pipelines.warehouse import open_warehouse

sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
with open_warehouse(sys.argv[1]).session():
    sys.stdout.write("open\n")
    sys.stdout.flush()
    time.sleep(600)
