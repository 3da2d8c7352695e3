import re

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal


def test_old_partitions_are_compacted_and_the_output_says_if_there_are_none(terminal: Terminal) -> None:
    room = terminal.sandbox
    warehouse = open_warehouse(f"duckdb:///{terminal.path}")
    destination = Destination(lambda: CommonRoomClient(room.token, room.base_url), room.source_id)
    run_sync(Sync("contacts", "contact", "common_room_contacts"), warehouse, destination)
    assert ("Nothing to compact: runs have looked at all other rows within the last 90 days.") in terminal.types(
        "compact"
    ).output
    for table, moment in {"sync_runs": "heartbeat_at", "sync_ledger": "last_sent_at"}.items():
        terminal.sql(f"UPDATE common_room.{table} SET {moment} = {moment} - INTERVAL 100 DAY")
    assert terminal.types("compact", "--dry-run").output == "contacts: 10 rows would be compacted\n"
    assert terminal.types("compact", "--sync", "others").output.startswith("Nothing to compact")
    assert terminal.types("compact").output == "contacts: 10 rows compacted\n"
    shown = terminal.types("plan", "contacts").output
    assert re.search(r"would be sent +0\n +unchanged +10\n", shown), shown
