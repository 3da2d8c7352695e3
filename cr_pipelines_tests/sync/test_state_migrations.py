"""A state schema of an earlier version is migrated, and loses nothing by it."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.removal import Removals
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Partition, Report, StateSchema, StateSchemaTooNew, Sync, run_sync
from cr_pipelines.sync.state.migrations import NEWEST_VERSION
from cr_pipelines.sync.state.schema import declared_tables
from cr_pipelines.warehouse import Warehouse, open_warehouse
from cr_pipelines_tests.support.warehouses import CORE_ENGINES, EmptyWarehouse, empty_warehouse

VERSION_1 = Path(__file__).with_name("version_1")
CONTACTS = Sync("contacts", "contact", "common_room_contacts")
TAGS = Sync("tags", "tag", "common_room_tags")
NOTES = Sync("contact_notes", "contact_note", "common_room_contact_notes")
ACTIVITIES = Sync("activities", "activity", "common_room_activities")


@pytest.fixture(params=CORE_ENGINES)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmptyWarehouse]:
    if "-" in request.param:
        pytest.skip("a schema of version 1 is in the engine of its sources")
    with empty_warehouse(tmp_path, request.param) as data:
        data.sql((VERSION_1 / f"{request.param}.sql").read_text())
        yield data


@pytest.fixture
def warehouse(data: EmptyWarehouse) -> Warehouse:
    return open_warehouse(data.url)


def prepare(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        StateSchema(session, "common_room").prepare()


def version(warehouse: Warehouse) -> int | None:
    with warehouse.session() as session:
        return StateSchema(session, "common_room").version()


def columns(warehouse: Warehouse) -> dict[str, set[str]]:
    with warehouse.session() as session:
        return session.schema_columns("common_room")


def rows(data: EmptyWarehouse, tables: Iterable[str]) -> dict[str, int]:
    counted = {}
    for table in tables:
        if table != "state_version":
            [(counted[table],)] = data.sql(f"SELECT count(*) FROM common_room.{table}")
    return counted


def run(
    sync: Sync, warehouse: Warehouse, sandbox: SandboxServer, day: int | None = None, schema: str = "common_room"
) -> Report:
    return run_sync(
        sync,
        warehouse,
        Destination(lambda: CommonRoomClient(sandbox.token, sandbox.base_url), sandbox.source_id),
        schema=schema,
        partition=None if day is None else Partition.of_day("timestamp", date(2026, 3, day)),
    )


def writes(sandbox: SandboxServer) -> list[str]:
    return [request["path"] for request in sandbox.control.requests() if request["method"] != "GET"]


def test_the_kept_schema_is_of_version_1_and_becomes_the_newest(data: EmptyWarehouse, warehouse: Warehouse):
    assert version(warehouse) == 1
    before = rows(data, columns(warehouse))
    prepare(warehouse)
    assert version(warehouse) == NEWEST_VERSION
    assert rows(data, before) == before
    assert all(before[table] for table in ("sync_ledger", "sync_outcomes", "sync_intents", "known_addresses"))
    assert all(before[table] for table in ("rejected_rows", "former_addresses", "pii_removals", "room_segments"))
    assert {name: set(table.columns) for name, table in declared_tables().items()} == columns(warehouse)


def test_after_the_migration_only_what_was_in_doubt_is_sent(warehouse: Warehouse, sandbox: SandboxServer):
    # The room has the tags that the ledger says it has.
    run(TAGS, warehouse, sandbox, schema="other")
    sandbox.control.clear_requests()
    tags, first, second = run(TAGS, warehouse, sandbox), *(run(ACTIVITIES, warehouse, sandbox, day) for day in (1, 2))
    assert (tags.unchanged, tags.deleted_remotely, first.unchanged, second.unchanged) == (3, 0, 2, 3)
    notes = run(NOTES, warehouse, sandbox)
    assert (notes.unchanged, notes.rejected) == (3, 1)
    assert writes(sandbox) == []
    contacts = run(CONTACTS, warehouse, sandbox)
    assert (contacts.unchanged, contacts.delivered, contacts.invalid, contacts.suppressed) == (7, 1, 1, 1)
    assert list(sandbox.control.users(source=sandbox.source_id)) == ["c9"]
    assert run(CONTACTS, warehouse, sandbox).delivered == 0


def test_the_migration_keeps_every_suppression(data: EmptyWarehouse, warehouse: Warehouse, sandbox: SandboxServer):
    data.sql("UPDATE common_room_contacts SET full_name = 'Changed', email = NULL WHERE id IN ('c7', 'c0')")
    report = run(CONTACTS, warehouse, sandbox)
    assert report.suppressed == 1
    assert "c7" not in sandbox.control.users(source=sandbox.source_id)
    [record] = Removals(warehouse).records()
    assert (record.status, record.email_hash is not None) == ("submitted", True)


def test_the_migration_notes_who_an_address_was_sent(data: EmptyWarehouse, warehouse: Warehouse):
    before = data.sql("SELECT key, person, email_hash FROM common_room.known_addresses ORDER BY key, email_hash")
    prepare(warehouse)
    known = data.sql("SELECT key, person, email_hash, holder, own FROM common_room.known_addresses ORDER BY 1, 3")
    assert [row[:3] for row in known] == before
    assert {(row[3], row[4]) for row in known} == {(row[1] and f"person {row[1]}", None) for row in before}
    assert any(row[1] for row in before)


def test_what_was_noted_before_suppressed_rows_were_counts_as_sent(data: EmptyWarehouse, warehouse: Warehouse):
    prepare(warehouse)
    for table in ("known_addresses", "sent_addresses"):
        data.sql(f"ALTER TABLE common_room.{table} DROP COLUMN suppressed")
    data.sql("UPDATE common_room.state_version SET version = 5")
    prepare(warehouse)
    assert {name: set(table.columns) for name, table in declared_tables().items()} == columns(warehouse)
    assert data.sql("SELECT DISTINCT suppressed FROM common_room.known_addresses") == [(None,)]
    [record] = Removals(warehouse).records()
    assert record.keys_sent > 0


def test_people_are_known_by_the_spelling_that_their_ids_have_now(data: EmptyWarehouse, warehouse: Warehouse):
    prepare(warehouse)
    data.sql("UPDATE common_room.state_version SET version = 3")
    for person in ("42.0", "4.50", "1e+16", "42", "1.2.3", "e+.", "c.7", "sha256:00.e+1"):
        data.sql(
            "INSERT INTO common_room.known_addresses (sync, key, source_id, person, email_hash) "
            f"VALUES ('people', '{person}', 1, '{person}', 'hash')"
        )
    prepare(warehouse)
    noted = data.sql("SELECT key, person FROM common_room.known_addresses WHERE sync = 'people' AND key <> person")
    assert sorted(noted) == [("1e+16", "10000000000000000"), ("4.50", "4.5"), ("42.0", "42")]


def test_a_second_preparation_changes_nothing(data: EmptyWarehouse, warehouse: Warehouse):
    prepare(warehouse)
    noted = data.sql("SELECT version, migrated_at FROM common_room.state_version")
    prepare(warehouse)
    assert data.sql("SELECT version, migrated_at FROM common_room.state_version") == noted


def test_a_migration_that_broke_off_after_its_statements_is_taken_up(data: EmptyWarehouse, warehouse: Warehouse):
    """As on an engine that cannot undo a changed table: the version was not noted, and half of it is done."""
    prepare(warehouse)
    data.sql("DROP TABLE common_room.state_version; DROP TABLE common_room.room_tags")
    data.sql("ALTER TABLE common_room.sync_runs RENAME COLUMN deletions TO removed")
    before = data.sql("SELECT count(*) FROM common_room.sync_runs")
    prepare(warehouse)
    assert version(warehouse) == NEWEST_VERSION
    assert data.sql("SELECT count(*) FROM common_room.sync_runs") == before
    assert {name: set(table.columns) for name, table in declared_tables().items()} == columns(warehouse)


@pytest.mark.parametrize("migrated", [True, False])
def test_a_column_that_somebody_dropped_is_added_again(data: EmptyWarehouse, warehouse: Warehouse, migrated: bool):
    if migrated:
        prepare(warehouse)
    data.sql("ALTER TABLE common_room.sync_runs DROP COLUMN suppressed")
    prepare(warehouse)
    assert "suppressed" in columns(warehouse)["sync_runs"]


def test_a_schema_of_a_later_version_is_refused(data: EmptyWarehouse, warehouse: Warehouse, sandbox: SandboxServer):
    prepare(warehouse)
    data.sql(f"UPDATE common_room.state_version SET version = {NEWEST_VERSION + 1}")
    with pytest.raises(StateSchemaTooNew, match=f"has version {NEWEST_VERSION + 1}, and this version of cr-pipelines"):
        run(CONTACTS, warehouse, sandbox)
    assert sandbox.control.requests() == []


@pytest.mark.long
def test_two_processes_migrate_at_once(data: EmptyWarehouse, sandbox: SandboxServer):
    program = [sys.executable, "-m", "cr_pipelines_tests.sync.run_a_sync", data.url, sandbox.base_url, sandbox.token]
    syncs = ((sync.name, sync.source, sync.kind) for sync in (CONTACTS, NOTES))
    processes = [subprocess.Popen([*program, *sync], stdout=subprocess.PIPE, text=True) for sync in syncs]
    contacts, notes = (process.communicate()[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert "1 delivered, 7 unchanged, 1 invalid, 1 suppressed" in contacts
    assert "0 delivered, 3 unchanged, 1 rejected" in notes
    assert data.sql("SELECT version FROM common_room.state_version") == [(NEWEST_VERSION,)]
