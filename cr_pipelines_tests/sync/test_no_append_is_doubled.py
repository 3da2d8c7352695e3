"""Notes and legacy activities whose run is killed, taken over, or loses its warehouse: none is written twice.

Each run is a process of its own, and what counts is the sandbox's record.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import adbc_driver_postgresql.dbapi
import duckdb
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Report, Sync
from cr_pipelines_tests.support.appending import start_run
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.outages import prepared_outage
from cr_pipelines_tests.support.restarted_postgresql import RestartedPostgreSQL
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.warehouses import CORE_ENGINES, DuckDBFile, PostgreSQLDatabase

pytestmark = [pytest.mark.process, pytest.mark.long]

ROWS = 400
SOURCES = {
    "contact_note": "SELECT i AS id, 'email' AS social_type, 'ada@example.com' AS value, 'row ' || i AS note",
    "segment_note": "SELECT i AS id, 'Champions' AS segment, 'row ' || i AS note",
    "contact_activity": "SELECT i AS id, 'crm' AS source, 'email' AS social_type, 'ada@example.com' AS value, "
    "'Used product' AS activity_type, 'row ' || i AS activity_body",
}


@dataclass
class Appends:
    """A source of rows that are appended, each with its number in what is written, and the runs of its sync."""

    flow: Flow
    said: Path

    def written(self) -> Counter[str]:
        """How often each row is in the room."""
        control = self.flow.sandbox.control
        texts = [note["note"] for note in control.notes()]
        texts += [activity["fields"]["content"]["value"] for activity in control.activities()]
        return Counter(text.removeprefix("row ") for text in texts)

    def start(self, outage_seconds: float = 60, full_after: int | None = None) -> ForkServerProcess:
        """Begin a run that takes a while, and return once it has written some more rows."""
        sandbox, url = self.flow.sandbox, self.flow.data.url
        sandbox.control.set_faults(latency_seconds=0.1)
        before = self.written().total()
        if isinstance(self.flow.data, DuckDBFile):
            url += "?busy_seconds=0.3"
        kind = self.flow.sync.kind
        process = start_run(kind, url, sandbox.base_url, sandbox.token, self.said, outage_seconds, full_after)
        until(lambda: self.written().total() >= before + 20 or not process.is_alive())
        return process

    def end_of(self, process: ForkServerProcess) -> tuple[int | None, str]:
        """Wait for the end of a run, and return its exit code and its error."""
        process.join(60)
        return process.exitcode, self.said.read_text() if self.said.exists() else ""

    def settle(self) -> Report:
        """Run once more without trouble, and look at every row."""
        time.sleep(0.2)
        self.flow.sandbox.control.set_faults()
        report = self.flow.run()
        assert report.delivered + report.unknown + report.unchanged == ROWS
        written, statuses = self.written(), self.flow.statuses()
        assert max(written.values()) == 1
        for number in map(str, range(ROWS)):
            assert statuses[number] in (("delivered", "unknown") if number in written else ("unknown",))
        return report


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[RestartedPostgreSQL]:
    """A server that commits without waiting for its disk, and says so to those who do not ask for more."""
    with RestartedPostgreSQL({"synchronous_commit": "off", "wal_writer_delay": "10s"}) as server:
        yield server


@pytest.fixture(params=CORE_ENGINES)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DuckDBFile | PostgreSQLDatabase]:
    if request.param == "duckdb":
        yield DuckDBFile(tmp_path)
        return
    database = PostgreSQLDatabase(server=request.getfixturevalue("server").server)
    yield database
    database.remove()


@pytest.fixture(params=["contact_note", "contact_activity"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def appends(data: DuckDBFile | PostgreSQLDatabase, kind: str, tmp_path: Path) -> Iterator[Appends]:
    """The source, and a sandbox for one test: what a killed run had in flight may still land after it."""
    with SandboxServer() as sandbox:
        introduce(sandbox, [("c0", "Ada", "ada@example.com")])
        data.sql(f"CREATE TABLE appends AS {SOURCES[kind]} FROM generate_series(0, {ROWS - 1}) AS numbers(i)")
        yield Appends(Flow(data, sandbox, Sync("appends", kind, "appends")), tmp_path / "said")


def test_kills(appends: Appends) -> None:
    for _ in range(3):
        process = appends.start()
        assert process.is_alive()
        process.kill()
        process.join()
    report = appends.settle()
    # A kill leaves in doubt what was announced and had no response on record yet: few rows, not the plan.
    assert 0 < report.unknown <= 3 * 70


@pytest.fixture
def outage(
    data: DuckDBFile | PostgreSQLDatabase, request: pytest.FixtureRequest
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Another process takes the DuckDB file, or the PostgreSQL server crashes; it starts when the block ends."""
    if isinstance(data, PostgreSQLDatabase):
        yield request.getfixturevalue("server").down
        return
    with prepared_outage(data) as taken:
        yield taken


def test_a_restart_of_the_server_or_a_lock_on_the_file(
    appends: Appends, outage: Callable[[], AbstractContextManager[None]]
) -> None:
    process = appends.start()
    with outage():
        time.sleep(2)
    assert appends.end_of(process) == (0, "")
    assert appends.written() == Counter(map(str, range(ROWS)))
    assert appends.settle().unchanged == ROWS


def test_a_server_that_stays_away_or_a_lock_that_stays(
    appends: Appends, outage: Callable[[], AbstractContextManager[None]]
) -> None:
    process = appends.start(outage_seconds=1)
    with outage():
        code, said = appends.end_of(process)
    assert code == 1
    assert "WarehouseBusy" in said or "cannot be reached" in said
    assert appends.written().total() < ROWS
    appends.settle()


@contextmanager
def full_disk(data: PostgreSQLDatabase) -> Iterator[None]:
    """Every commit of outcomes fails as on a full disk while the block lasts."""
    with adbc_driver_postgresql.dbapi.connect(data.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION fill_up() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left' USING ERRCODE = '53100'; END $$"
        )
        cursor.execute(
            "CREATE CONSTRAINT TRIGGER fill_up AFTER INSERT ON common_room.sync_outcomes "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fill_up()"
        )
        yield
        cursor.execute("DROP FUNCTION fill_up CASCADE")


def test_a_full_disk(appends: Appends) -> None:
    data = appends.flow.data
    if isinstance(data, PostgreSQLDatabase):
        process = appends.start()
        with full_disk(data):
            ended = [appends.end_of(process)]
            before = appends.written()
            ended.append(appends.end_of(appends.start()))
            assert appends.written() == before
    else:
        ended = [appends.end_of(appends.start(outage_seconds=2, full_after=40)) for _ in range(2)]
    # DuckDB has several errors for a file that must not grow.
    reason = "Error: DuckDB: " if isinstance(data, DuckDBFile) else "the server's disk is full"
    assert all(code == 1 and reason in said for code, said in ended), ended
    assert appends.written().total() < ROWS
    appends.settle()


def freeze(appends: Appends, pid: int) -> None:
    """Stop a process at a moment when it does not have the warehouse's file open."""
    for _ in range(200):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.1)
        with suppress(duckdb.Error):
            appends.flow.sql("SELECT 1")
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)
    raise AssertionError("the run has the file open all the time")


def test_a_run_that_was_taken_over_stops_before_it_sends(appends: Appends) -> None:
    """As after a suspended machine: the first run continues when another has its rows."""
    first = appends.start()
    assert first.pid is not None
    try:
        freeze(appends, first.pid)
        long_ago = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
        appends.flow.sql(f"UPDATE common_room.sync_runs SET heartbeat_at = '{long_ago}' WHERE state = 'running'")
        second = appends.start()
        os.kill(first.pid, signal.SIGCONT)
        code, said = appends.end_of(first)
        assert (code, "TakenOver" in said) == (1, True)
        second.join(60)
        assert second.exitcode == 0
    finally:
        first.kill()
    assert appends.settle().unknown < ROWS / 2
    states = appends.flow.sql("SELECT state FROM common_room.sync_runs ORDER BY run_order")
    assert states == [("interrupted",), ("succeeded",), ("succeeded",)]
