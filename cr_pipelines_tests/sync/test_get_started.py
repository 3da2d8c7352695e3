"""The example of docs/get-started.md gets its contacts and activities into a sandbox."""

import re
from pathlib import Path

import duckdb

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse

PAGE = Path(__file__).parents[2] / "docs" / "get-started.md"


def test_the_example_is_delivered_as_it_is(sandbox: SandboxServer, tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    [tables] = re.findall(r'execute\("""(.*?)"""\)', text, re.DOTALL)
    views = re.findall(r"```sql\n(CREATE OR REPLACE VIEW.*?)```", text, re.DOTALL)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(tables)
        for view in views:
            connection.execute(view)
    warehouse = open_warehouse(f"duckdb:///{tmp_path}/shop.duckdb")
    room = Destination(lambda: CommonRoomClient(sandbox.token, sandbox.base_url), sandbox.source_id)

    contacts = run_sync(Sync("contacts", "contact", "common_room_contacts"), warehouse, room)
    activities = run_sync(Sync("activities", "activity", "common_room_activities"), warehouse, room)

    assert (contacts.delivered, contacts.source_rows) == (300, 300)
    assert (activities.delivered, activities.source_rows) == (900, 900)
    assert sandbox.control.users()["usr_1"]["tags"]
