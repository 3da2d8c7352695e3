"""Keeps a DuckDB file open for a minute: WAREHOUSE_URL."""

import sys
import time

from cr_pipelines.warehouse import open_warehouse

with open_warehouse(sys.argv[1]).session():
    time.sleep(60)
