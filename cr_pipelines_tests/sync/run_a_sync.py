"""Runs a sync in a process of its own: "WAREHOUSE_URL [STATE_URL]" BASE_URL TOKEN [NAME SOURCE [KIND]]."""

import signal
import sys

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse

# A worker of Dagster heeds these, whatever whoever started the tests had ignored or kept back.
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

warehouse_url, base_url, token, *rest = sys.argv[1:]
name, source, kind = [*rest, *("contacts", "common_room_contacts", "contact")[len(rest) :]]
report = run_sync(
    Sync(name, kind, source),
    open_warehouse(*warehouse_url.split()),
    Destination(lambda: CommonRoomClient(token=token, base_url=base_url), 1),
)
sys.stdout.write(report.summary() + "\n")
