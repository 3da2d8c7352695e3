"""A tick ends in seconds whatever the warehouse does, says why, and leaves no connection behind."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import dagster as dg
import duckdb
import pytest

from cr_pipelines.resources import WarehouseResource
from cr_pipelines_tests.support.location import ready_made
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase

pytestmark = [pytest.mark.process, pytest.mark.long]

SLOW = "SELECT count(*) FROM range(3000000000000) AS numbers(i)"
OPEN = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
REQUESTS = "CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at TIMESTAMP)"
CONTACTS = "CREATE TABLE common_room_contacts (id VARCHAR, full_name VARCHAR)"


@contextmanager
def a_silent_host(_: Path) -> Iterator[str]:
    """It accepts the connection, and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://u@127.0.0.1:{server.getsockname()[1]}/db"


@contextmanager
def a_server_without_a_free_connection(_: Path) -> Iterator[str]:
    database = PostgreSQLDatabase()
    try:
        database.sql(f"{REQUESTS}; {CONTACTS}")
        url = database.reader_url()
        # The server refuses with the error of one that has given out all of its connections.
        database.sql(f"ALTER ROLE reader_{database.name} CONNECTION LIMIT 1")
        with adbc_driver_postgresql.dbapi.connect(url):
            yield url
        ours = f"SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader_{database.name}'"
        deadline = time.monotonic() + 5
        while database.sql(ours) != [(0,)]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        database.remove()


@contextmanager
def a_locked_table(_: Path) -> Iterator[str]:
    database = PostgreSQLDatabase()
    try:
        database.sql(f"{REQUESTS}; {CONTACTS}")
        with adbc_driver_postgresql.dbapi.connect(database.url) as other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE common_room_pii_requests, common_room_contacts")
            yield database.url
        ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert database.sql(ours) == [(0,)]
    finally:
        database.remove()


@contextmanager
def a_file_that_another_process_has(folder: Path) -> Iterator[str]:
    path = folder / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"{REQUESTS}; {CONTACTS}")
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        yield f"duckdb:///{path}"
        other.stdin.write("\n")


@contextmanager
def a_view_that_takes_hours(folder: Path) -> Iterator[str]:
    path = folder / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        request = f"SELECT 'r' || ({SLOW}) AS request_id, 'a@example.com' AS email, now() AS requested_at"
        connection.execute(f"CREATE VIEW common_room_pii_requests AS {request}")
        connection.execute(f"CREATE VIEW common_room_contacts AS SELECT 'c' || ({SLOW}) AS id")
    yield f"duckdb:///{path}"


TROUBLES = [
    a_silent_host,
    a_server_without_a_free_connection,
    a_locked_table,
    a_file_that_another_process_has,
    a_view_that_takes_hours,
]


@pytest.fixture
def ticking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
    """Time limits of a tenth, so that the test is quick, and a location that is loaded."""
    ready_made()
    for module in ("sync.schedule", "pii_removals.definitions", "pii_removals.component"):
        for name, seconds in (("TICK_WAIT_SECONDS", 0.5), ("TICK_STATEMENT_SECONDS", 2.0)):
            monkeypatch.setattr(f"cr_pipelines.components.{module}.{name}", seconds, raising=False)
    with ExitStack() as stack:
        yield stack


def tick(kind: str, url: str, instance: dg.DagsterInstance) -> Any:
    resources = {"warehouse": WarehouseResource(url=url)}
    if kind == "sensor":
        with dg.build_sensor_context(
            instance=instance, resources=resources, repository_def=ready_made().get_repository_def()
        ) as context:
            return ready_made().resolve_sensor_def("pii_removals_sensor").evaluate_tick(context)
    with dg.build_schedule_context(
        instance=instance, resources=resources, scheduled_execution_time=datetime(2026, 11, 25, 12, tzinfo=UTC)
    ) as context:
        return ready_made().resolve_schedule_def("sync_contacts_schedule").evaluate_tick(context)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("kind", ["sensor", "schedule"])
def test_a_tick_ends_in_seconds(
    kind: str, trouble: Any, ticking: ExitStack, tmp_path: Path, instance_on_disk: dg.DagsterInstance
) -> None:
    url = ticking.enter_context(trouble(tmp_path))
    begun = time.monotonic()

    ticked = tick(kind, url, instance_on_disk)

    assert time.monotonic() - begun < 20
    if kind == "sensor":
        assert "the warehouse cannot be read now; the next tick tries again: " in ticked.skip_message
    else:
        # The run waits longer than a tick may, and fails visibly if that does not help.
        assert len(ticked.run_requests) == 1
