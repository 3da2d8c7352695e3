"""A warehouse that fails in mid-run, and signals in every phase: nothing is lost, doubled or misnamed."""

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Report, Sync, SyncStopped, Timing, run_sync
from cr_pipelines.warehouse import WarehouseError
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.outages import prepared_outage
from cr_pipelines_tests.support.warehouses import EITHER_ENGINE, opened

pytestmark = pytest.mark.process


@pytest.fixture(params=EITHER_ENGINE)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def heeded_interrupt() -> Iterator[None]:
    """SIGINT as a terminal starts a process with it: in the background of a shell it is ignored, and so it stays."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def with_notes(flow: Flow, rows: int) -> Flow:
    flow.sql(
        "CREATE TABLE notes AS SELECT i AS id, 'Champions' AS segment, 'note ' || i AS note "
        f"FROM generate_series(0, {rows - 1}) AS numbers(i)"
    )
    return Flow(flow.data, flow.sandbox, Sync("notes", "segment_note", "notes"))


def written(sandbox: SandboxServer) -> Counter[str]:
    return Counter(note["note"].removeprefix("note ") for note in sandbox.control.notes())


def start(pool: ThreadPoolExecutor, flow: Flow, timing: Timing) -> "Future[Report]":
    return pool.submit(run_sync, flow.sync, opened(flow.data, 0.3), flow.destination(), timing=timing)


def until(condition: "Future[Report] | None", sandbox: SandboxServer, notes: int) -> None:
    while len(sandbox.control.notes()) < notes and not (condition and condition.done()):
        time.sleep(0.02)


def test_a_short_outage_is_waited_for_and_costs_nothing(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 400)
    sandbox.control.set_faults(latency_seconds=0.05)
    with prepared_outage(flow.data) as outage, ThreadPoolExecutor() as pool:
        running = start(pool, notes, Timing(outage_seconds=60))
        until(running, sandbox, 40)
        with outage():
            time.sleep(2)
        report = running.result(timeout=60)
    assert (report.state, report.delivered, report.unknown) == ("succeeded", 400, 0)
    assert written(sandbox) == Counter(map(str, range(400)))
    assert set(notes.statuses().values()) == {"delivered"}


@pytest.mark.long
def test_while_the_warehouse_is_out_of_reach_no_append_is_sent_that_is_not_announced(
    flow: Flow, sandbox: SandboxServer
):
    notes = with_notes(flow, 600)
    sandbox.control.set_faults(latency_seconds=0.05)
    with prepared_outage(flow.data) as outage, ThreadPoolExecutor() as pool:
        running = start(pool, notes, Timing(outage_seconds=1))
        until(running, sandbox, 40)
        with outage(), pytest.raises(WarehouseError, match=r"another process .*has had|cannot be reached"):
            running.result(timeout=60)
    assert len(written(sandbox)) < 600
    sandbox.control.set_faults()
    report = notes.run()
    assert report.delivered + report.unknown + report.unchanged == 600
    assert max(written(sandbox).values()) == 1
    unknown = {key for key, status in notes.statuses().items() if status == "unknown"}
    assert {str(number) for number in range(600)} - set(written(sandbox)) <= unknown


@pytest.mark.long
def test_an_outage_at_the_end_of_a_run_is_waited_for(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 20)
    sandbox.control.set_faults(latency_seconds=1.5)
    with prepared_outage(flow.data) as outage, ThreadPoolExecutor() as pool:
        running = start(pool, notes, Timing(outage_seconds=60))
        while not sandbox.control.requests(operation="addNoteToSegment") and not running.done():
            time.sleep(0.02)
        with outage():
            time.sleep(2.5)
        assert running.result(timeout=60).delivered == 20
    assert set(notes.statuses().values()) == {"delivered"}


@pytest.mark.long
def test_an_outage_of_the_warehouse_is_not_the_silence_of_the_server(flow: Flow, sandbox: SandboxServer):
    """Without a look at the suppression list, requests get their turn and do not leave."""
    flow.sql(
        "INSERT INTO common_room_contacts (id, full_name) "
        "SELECT 'd' || i, 'Name ' || i FROM generate_series(1, 2000) AS numbers(i)"
    )
    sandbox.control.set_faults(latency_seconds=0.1)
    timing = Timing(outage_seconds=60, lease_seconds=0.5, silence_seconds=2, flush_seconds=0.1)
    with prepared_outage(flow.data) as outage, ThreadPoolExecutor() as pool:
        running = start(pool, flow, timing)
        while len(flow.posted()) < 40 and not running.done():
            time.sleep(0.02)
        with outage():
            time.sleep(5)
        report = running.result(timeout=60)
    assert (report.state, report.delivered) == ("succeeded", 2010)


@pytest.mark.long
def test_what_waits_for_the_rate_limit_at_a_signal_was_not_sent(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 100)
    sandbox.control.set_limit(5, 20)
    with pytest.raises(KeyboardInterrupt), _signal_when(lambda: len(written(sandbox)) >= 2, signal.SIGINT, after=1):
        notes.run()
    statuses = Counter(notes.statuses().values())
    assert (statuses["unknown"], statuses["delivered"]) == (0, len(written(sandbox)))
    assert flow.sql("SELECT state, unknown FROM common_room.sync_runs") == [("interrupted", 0)]


class Ended(BaseException):
    """What a signal's handler raises, as Dagster's does."""


@contextmanager
def _signal_when(condition: object, number: signal.Signals, after: float = 0.0) -> Iterator[None]:
    def watch() -> None:
        while not condition():  # type: ignore[operator]
            time.sleep(0.02)
        time.sleep(after)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()
    yield


@contextmanager
def _handler(number: signal.Signals) -> Iterator[None]:
    def handle(number: int, frame: object) -> None:
        raise Ended

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before)


SLOW = {
    "duckdb": "SELECT CAST(sum(a.i * b.i) AS VARCHAR) AS id FROM range(3000000) AS a(i), range(300000) AS b(i)",
    "postgresql": "SELECT 'c' AS id, CAST(pg_sleep(60) AS text) AS full_name",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'c' AS id, max(i) AS bio FROM n",
}


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_warehouse_plans_ends_the_run_as_interrupted(
    flow: Flow, engine: str, number: signal.Signals
):
    slow = Flow(flow.data, flow.sandbox, Sync("slow", "contact", SLOW[engine.partition("-")[0]]))
    begun = time.monotonic()
    with _handler(number), pytest.raises(Ended), _signal_when(lambda: True, number, after=1.5):
        slow.run()
    assert time.monotonic() - begun < 20
    [(state, finished)] = flow.sql("SELECT state, finished_at IS NOT NULL FROM common_room.sync_runs")
    assert (state, finished) == ("interrupted", True)
    assert flow.run().delivered == 10


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_another_process_has_the_warehouse_ends_the_run_at_once(
    flow: Flow, engine: str, number: signal.Signals
):
    if engine != "duckdb":
        pytest.skip("on PostgreSQL nobody has the database alone")
    flow.run()
    begun = time.monotonic()
    with (
        prepared_outage(flow.data) as outage,
        outage(),
        _handler(number),
        pytest.raises(Ended),
        _signal_when(lambda: True, number, after=1),
    ):
        flow.run()
    assert time.monotonic() - begun < 20
    assert flow.run().unchanged == 10


@pytest.mark.long
def test_a_signal_while_outcomes_are_folded_keeps_them(flow: Flow):
    flow.run()
    flow.sql(
        "INSERT INTO common_room.sync_outcomes (sync, key, partition, status, attempts, fingerprint, recorded_at, "
        "run_id) SELECT 'contacts', 'k' || i, '', 'delivered', 1, md5(CAST(i AS VARCHAR)), now(), 'r' "
        "FROM generate_series(1, 300000) AS numbers(i)"
    )
    with _handler(signal.SIGTERM), pytest.raises(Ended), _signal_when(lambda: True, signal.SIGTERM, after=0.3):
        flow.run()
    assert flow.run().unchanged == 10
    assert flow.sql("SELECT count(*) FROM common_room.sync_ledger") == [(300_010,)]


def test_a_server_that_never_responds_ends_the_run_with_a_reason(flow: Flow, sandbox: SandboxServer):
    with ThreadPoolExecutor() as pool, socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/community/v1"
        running = pool.submit(
            run_sync, flow.sync, flow.warehouse, flow.destination(base_url=address), timing=Timing(silence_seconds=1)
        )
        with pytest.raises(SyncStopped, match="no response to any request for 1 s"):
            running.result(timeout=30)
    assert flow.sql("SELECT state, failed, not_sent FROM common_room.sync_runs") == [("stopped", 0, 10)]
    assert flow.run().delivered == 10
