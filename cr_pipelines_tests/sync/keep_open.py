"""Keeps a DuckDB file open for a minute, and says when it has it: WAREHOUSE_URL."""

import sys
import time

from cr_pipelines.warehouse import open_warehouse

with open_warehouse(sys.argv[1]).session():
    sys.stdout.write("open\n")
    sys.stdout.flush()
    time.sleep(60)
