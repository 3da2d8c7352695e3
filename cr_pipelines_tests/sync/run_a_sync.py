"""Runs a sync in a process of its own: WAREHOUSE_URL BASE_URL TOKEN [NAME SOURCE [KIND]]."""

import sys

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse

warehouse_url, base_url, token, *rest = sys.argv[1:]
name, source, kind = [*rest, *("contacts", "common_room_contacts", "contact")[len(rest) :]]
report = run_sync(
    Sync(name, kind, source),
    open_warehouse(warehouse_url),
    Destination(lambda: CommonRoomClient(token=token, base_url=base_url), 1),
)
sys.stdout.write(report.summary() + "\n")
