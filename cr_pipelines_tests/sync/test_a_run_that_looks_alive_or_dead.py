"""Runs that die, that look dead, or whose clock moves: the next run continues at once, and no note is written twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Sync
from cr_pipelines.sync.state import outbox, runs
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES, urls_of

pytestmark = [pytest.mark.process, pytest.mark.long]

RUN = Path(__file__).with_name("run_a_sync.py")
NOTES = 300


@pytest.fixture(params=CORE_ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """A sandbox for one test: what a killed run had in flight may still land after it."""
    with SandboxServer() as server:
        yield server


@pytest.fixture
def notes(flow: Flow) -> Flow:
    flow.sql(
        "CREATE TABLE notes AS SELECT i AS id, 'Champions' AS segment, 'note ' || i AS note "
        f"FROM generate_series(0, {NOTES - 1}) AS numbers(i)"
    )
    return Flow(flow.data, flow.sandbox, Sync("notes", "segment_note", "notes"))


def start(flow: Flow, after: int) -> subprocess.Popen[str]:
    """Begin a run in a process of its own, and return once it has written some notes."""
    flow.sandbox.control.set_faults(latency_seconds=0.05)
    arguments = [urls_of(flow.data), flow.sandbox.base_url, flow.sandbox.token, "notes", "notes", "segment_note"]
    process = subprocess.Popen(
        [sys.executable, str(RUN), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: len(flow.sandbox.control.notes()) >= after)
    return process


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def written(flow: Flow) -> Counter[str]:
    return Counter(note["note"] for note in flow.sandbox.control.notes())


def test_a_killed_run_that_nobody_has_reaped_frees_its_sync_at_once(notes: Flow) -> None:
    process = start(notes, after=10)
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    report = notes.run()
    process.communicate()
    assert report.delivered + report.unknown + report.unchanged == NOTES
    assert max(written(notes).values()) == 1


def test_a_process_that_has_the_number_of_a_dead_run_is_not_that_run(notes: Flow) -> None:
    process = start(notes, after=10)
    process.kill()
    process.communicate()
    with subprocess.Popen(["sleep", "60"]) as other:
        notes.sql(f"UPDATE common_room.sync_runs SET process = {other.pid} WHERE state = 'running'")
        report = notes.run()
        other.kill()
    assert report.delivered + report.unknown + report.unchanged == NOTES
    assert max(written(notes).values()) == 1


def test_a_clock_that_steps_back_leaves_no_delivered_note_in_doubt(
    notes: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            nonlocal asked
            asked += 1
            return datetime.now(tz) - (timedelta(hours=1) if asked > NOTES else timedelta())

    for module in (outbox, runs):
        monkeypatch.setattr(module, "datetime", Moved)
    report = notes.run()
    assert (report.delivered, report.unknown) == (NOTES, 0)
    assert notes.run().unchanged == NOTES
    assert notes.sql("SELECT status, count(*) FROM common_room.sync_ledger GROUP BY status") == [("delivered", NOTES)]
