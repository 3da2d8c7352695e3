"""Canaries in every column of every kind: none is left in Dagster, in a log, on the console or in a temporary file."""

import logging
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from cr_pipelines.components import DataFrameIOManager, build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines_tests.support.leaks import places_that_hold
from cr_pipelines_tests.support.location import Location, Outcome
from cr_pipelines_tests.support.terminal import Terminal

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

CANARY = "zyxwq"
"""In every canary, and in nothing else."""

DAY = "2026-03-01"
BASE = {
    "social_type": "email", "tag": "VIP", "field": "Seats", "field_value": "7", "segment": "Champions",
    "note": "Met.", "source": "crm", "activity_type": "used_product", "user_id": "u1", "entity_types": "member",
    "activity_body": "Hello", "content": "Hello",
}  # fmt: skip
SYNCS = {kind: f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s" for kind in CONTRACTS}


def rows_of(kind: str) -> list[dict[str, Any]]:
    """A row for each column with a canary in it, in several forms; and two with canaries in all columns.

    A key that names nobody is shown on purpose.
    """
    contract = CONTRACTS[kind]
    shown = set() if contract.key_names_person else {*contract.key, "id"}
    moments = {column.name for column in contract.columns if column.kind == "timestamp"}
    columns = [column.name for column in contract.columns if column.name not in shown | moments]
    forms = ("{0} jones", "{0}@example.com", '{{"{0} street": "{0} value"}}', "{0}\x07")
    found: list[dict[str, Any]] = []
    for number, (name, form) in enumerate((name, form) for name in columns for form in forms):
        found.append(base(kind, number) | {name: form.format(f"{CANARY}{number}")})
    for form in forms[:2]:
        number = len(found)
        found.append(base(kind, number) | {name: form.format(f"{CANARY}{number}") for name in columns})
    return found


def base(kind: str, number: int) -> dict[str, Any]:
    """A row that can be sent, but for a person that the room may not know."""
    row: dict[str, Any] = {"id": f"k{number}", "name": f"Tag {number}", "value": f"person{number}@example.com", **BASE}
    names = {column.name for column in CONTRACTS[kind].columns} | {"id"}
    row |= {column.name: f"{DAY} 12:00" for column in CONTRACTS[kind].columns if column.kind == "timestamp"}
    return {name: value for name, value in row.items() if name in names}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "home").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "home")) as instance:
        yield instance


@pytest.fixture
def people(location: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Location:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for kind, name in SYNCS.items():
        rows = pd.DataFrame(rows_of(kind))
        moments = [column.name for column in CONTRACTS[kind].columns if column.kind == "timestamp"]
        cast = ", ".join(f"{name}::TIMESTAMP AS {name}" for name in moments if name in rows)
        store(location, f"common_room_{name}", rows, f"* REPLACE ({cast})" if cast else "*")
    requests = [f"{CANARY}{number}@example.com" for number in range(40)] + [f"{CANARY} jones", f"{CANARY}@", None]
    ids = [f"r{number}" for number in range(len(requests) - 1)] + [f"{CANARY}r@example.com"]
    store(location, "common_room_pii_requests", pd.DataFrame({"request_id": ids, "email": requests}), "*")
    return location


def store(location: Location, table: str, rows: pd.DataFrame, columns: str) -> None:
    import duckdb

    with duckdb.connect(str(location.path)) as connection:
        connection.register("given", rows)
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM given")


def run_everything(people: Location) -> dict[str, Outcome]:
    outcomes = {"catalog": people.run("common_room_catalog")}
    for kind, name in SYNCS.items():
        partition = DAY if CONTRACTS[kind].partition_by else None
        outcomes[kind] = people.run(f"sync_{name}", partition_key=partition)
    return outcomes


def run_frame(people: Location) -> None:
    rows = pd.DataFrame(rows_of("contact"))

    @dg.asset
    def frame() -> pd.DataFrame:
        return rows

    definitions = dg.Definitions.merge(
        dg.Definitions(
            assets=[frame],
            resources={
                "common_room": CommonRoomResource(),
                "warehouse": WarehouseResource(),
                "io_manager": DataFrameIOManager(),
            },
        ),
        build_sync_definitions(Sync("framed", "contact", "none"), frame=dg.AssetKey("frame")),
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=people.instance, raise_on_error=False).success


def test_no_canary_is_left_anywhere(
    people: Location, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("dagster", "asyncio", "duckdb", "aiohttp", "cr_pipelines"):
        logging.getLogger(name).setLevel(logging.DEBUG)

    outcomes = run_everything(people)
    run_frame(people)
    # Those that failed again, now against a server that fails, and then over views that fail.
    people.sandbox.control.set_faults(error_rate=0.3, error_statuses=[500, 503], seed=1, max_faults=200)
    for name in ("contacts", "segment_members", "custom_field_values"):
        people.run(f"sync_{name}", resync="all")
    people.sandbox.control.set_faults()
    people.run("settle_pii_removals")
    people.run("verify_pii_removals")
    for name in SYNCS.values():
        people.sql(f"ALTER TABLE common_room_{name} RENAME TO t_{name}")
        people.sql(
            f"CREATE VIEW common_room_{name} AS SELECT * REPLACE (CAST(columns[1] AS INT) AS id) FROM (SELECT "
            f"'k' AS id, ['{CANARY} of a cast'] AS columns FROM t_{name})"
        )
    failed = run_everything(people)
    terminal = Terminal(people.path, people.sandbox)
    said = [
        terminal.types(*command).output
        for command in (("doctor",), ("run", "contacts"), ("run", "contacts", "--json"), ("pii", "report"),
                        ("pii", "report", "--json"), ("plan", "tags"), ("plan", "tags", "--json"))
    ]  # fmt: skip

    assert all(outcome.succeeded for outcome in outcomes.values())
    assert not failed["contact"].succeeded
    [(suppressed,)] = people.sql("SELECT count(*) FROM common_room.sync_ledger WHERE status = 'suppressed'")
    assert suppressed > 20
    # Dagster shows the messages of a few rows only, so those of all are searched where they come from. The names of
    # custom fields that only the row has are in the warehouse's messages, and hidden in Dagster.
    messages = [
        str(message)
        for (message,) in people.sql(
            "SELECT message FROM common_room.rejected_rows WHERE reason_code <> 'unknown_custom_field'"
        )
    ]
    assert len(messages) > 100
    assert [message for message in messages if CANARY in message.lower()] == []
    printed = capfd.readouterr()
    assert leaks(people, tmp_path, "\n".join(said), caplog.text, printed.out, printed.err) == []

    # The search finds what one line would leave.
    people.instance.report_engine_event(f"sending {CANARY}", job_name="leak", run_id="leak")
    logging.getLogger("cr_pipelines").info("sending %s", CANARY)
    (tmp_path / "tmp" / "spilled").write_text(CANARY)
    found = leaks(people, tmp_path, caplog.text)
    assert {re.split("[/:]", place)[0] for place in found} == {"said 0", "tmp", "home"}


def leaks(people: Location, folder: Path, *said: str) -> list[str]:
    """Where a canary is, in the folders and in what was said."""
    found = [f"said {number}: {line[:300]}" for number, text in enumerate(said) for line in text.splitlines()
             if CANARY in line.lower()][:20]  # fmt: skip
    for place in ("home", "tmp"):
        found += [f"{place}/{path}" for path in places_that_hold([CANARY], folder / place)]
    return found
