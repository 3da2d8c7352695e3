"""Syncs notes while the warehouse's disk fills up: WAREHOUSE_URL BASE_URL TOKEN.

A limit on the size of files stands for the full disk: DuckDB's writes fail beyond it.
"""

import resource
import sys

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Progress, Sync, Timing, run_sync
from cr_pipelines.warehouse import open_warehouse

warehouse_url, base_url, token = sys.argv[1:]


def fill_up(progress: Progress) -> None:
    """Leave no room once some notes are sent."""
    if progress.done >= 40:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))


run_sync(
    Sync("notes", "segment_note", "notes"),
    open_warehouse(warehouse_url),
    Destination(lambda: CommonRoomClient(token=token, base_url=base_url), 1),
    on_progress=fill_up,
    timing=Timing(outage_seconds=2, progress_seconds=0.02),
)
