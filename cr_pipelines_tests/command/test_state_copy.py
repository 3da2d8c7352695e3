"""The state moves from the warehouse to a database of its own, and nothing is sent again."""

from pathlib import Path

import pytest

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal
from cr_pipelines_tests.support.warehouses import empty_warehouse

CONTACTS = Sync("contacts", "contact", "common_room_contacts")


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
def test_a_copied_state_sends_nothing_again(terminal: Terminal, tmp_path: Path, engine: str) -> None:
    room = terminal.sandbox
    destination = Destination(lambda: CommonRoomClient(room.token, room.base_url), room.source_id)
    warehouse = f"duckdb:///{terminal.path}"
    folder = tmp_path / "state"
    folder.mkdir()
    with empty_warehouse(folder, engine) as target:
        if engine == "duckdb":
            target.remove()
        assert "no state schema" in terminal.types("state", "copy", warehouse, target.url).output
        assert run_sync(CONTACTS, open_warehouse(warehouse), destination).delivered == 10
        copied = terminal.types("state", "copy", warehouse, target.url)
        assert (copied.exit_code, copied.output.splitlines()[0]) == (0, "10 rows of the ledger and 1 run copied.")
        report = run_sync(CONTACTS, open_warehouse(warehouse, target.url), destination)
        assert (report.delivered, report.unchanged) == (0, 10)
        again = terminal.types("state", "copy", warehouse, target.url)
        assert again.exit_code == 1
        assert "already has rows" in again.output


def test_the_doctor_looks_at_both_databases(terminal: Terminal, tmp_path: Path) -> None:
    terminal.env["CR_STATE_URL"] = f"duckdb:///{tmp_path / 'state.duckdb'}"
    shown = terminal.types("doctor").output
    assert "the warehouse is only read" in shown
    assert "10 rows: a run would send 10" in shown
    assert "would be sent" in terminal.types("plan", "contacts").output
    assert "No privacy requests yet." in terminal.types("pii", "report").output
    assert terminal.sql("SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'common_room'") == [(0,)]
