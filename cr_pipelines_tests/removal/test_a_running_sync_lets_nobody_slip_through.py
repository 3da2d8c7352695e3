import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cr_pipelines.removal import Timing
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import SuppressionList, wait_until_confirmed
from cr_pipelines.sync import Timing as EngineTiming
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.processes import this_host
from cr_pipelines_tests.support import actors
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.statement import requests_later_than_removal
from cr_pipelines_tests.support.warehouses import ENGINE, ONE_AND_APART, urls_of

IMPATIENT = EngineTiming(lease_surely_over_seconds=1.5, linger_seconds=0.1)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """A sandbox for one test: what a killed run had in flight may still land after it."""
    with SandboxServer() as server:
        yield server


def fill(office: Office, rows: int) -> None:
    office.sql(
        "DROP TABLE common_room_contacts; "
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
        f"'person' || i || '@example.com' AS email FROM generate_series(0, {rows - 1}) AS numbers(i)"
    )


def where(office: Office) -> tuple[str, str, str]:
    return urls_of(office.data), office.sandbox.base_url, office.sandbox.token


@contextmanager
def running_sync(office: Office, **options: Any) -> Iterator[Any]:
    """A sync in a process of its own that has begun to send."""
    process = actors.start(actors.sync, *where(office), **options)
    while not office.posted():
        time.sleep(0.02)
    try:
        yield process
    finally:
        process.join(60)


def ask_for(office: Office, numbers: range) -> None:
    listed = ", ".join(f"('r{number}', 'person{number}@example.com', NULL)" for number in numbers)
    office.sql(f"INSERT INTO common_room_pii_requests VALUES {listed}")


def test_a_removal_waits_until_a_running_sync_has_confirmed_and_then_goes_before_its_end(office: Office):
    fill(office, 400)
    office.sandbox.control.set_faults(latency_seconds=0.05, latency_jitter_seconds=0.2)
    with running_sync(office, abreast=8, timing=EngineTiming(flush_seconds=2.5)) as process:
        ask_for(office, range(0, 400, 7))
        settlement = office.settle()
        assert process.is_alive()
    assert settlement.waited > 0
    assert settlement.submitted + settlement.not_found + settlement.failed == len(range(0, 400, 7))
    assert requests_later_than_removal(office.sandbox) == []
    sent = {request["body"]["id"] for request in office.sandbox.control.requests(operation="addUpdateUserToSource")}
    assert len(sent) < 400
    assert sent | {f"c{number}" for number in range(0, 400, 7)} == {f"c{number}" for number in range(400)}


@pytest.mark.long
def test_requests_that_wait_for_the_rate_limit_or_a_repetition_are_held_back_too(office: Office):
    fill(office, 400)
    office.sandbox.control.set_limit(60, 2)
    office.sandbox.control.set_faults(error_rate=0.2, drop_after_rate=0.1, seed=5, operations=["addUpdateUserToSource"])
    with running_sync(office) as process:
        ask_for(office, range(0, 400, 7))
        office.settle()
        assert process.is_alive()
        assert requests_later_than_removal(office.sandbox) == []
        office.sandbox.control.set_limit(None)
    assert requests_later_than_removal(office.sandbox) == []


@pytest.mark.long
def test_a_killed_sync_is_not_waited_for_longer_than_its_last_requests_may_travel(office: Office):
    fill(office, 400)
    office.sandbox.control.set_faults(latency_seconds=0.2)
    with running_sync(office, abreast=16) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    ask_for(office, range(0, 400, 7))
    settlement = office.settle()
    assert EngineTiming().linger_seconds <= settlement.waited < 10
    assert requests_later_than_removal(office.sandbox) == []
    [(state, ended)] = office.sql(
        "SELECT state, finished_at IS NOT NULL FROM common_room.sync_runs WHERE sync = 'contacts'"
    )
    assert (state, ended) == ("interrupted", True)


@pytest.mark.long
@pytest.mark.parametrize("engine", ONE_AND_APART)
def test_what_a_killed_sync_sent_and_never_recorded_is_known_by_its_key(office: Office):
    assert actors.run(actors.sync, *where(office), dies_at=4, after=True, abreast=1) == -signal.SIGKILL
    sent = office.posted()
    assert sent
    office.sql("UPDATE common_room_contacts SET email = NULL")
    for key in sent:
        office.ask(key, f"person{key[1:]}@example.com")
    office.settle()
    assert office.sync().suppressed == len(sent)
    assert requests_later_than_removal(office.sandbox) == []


@pytest.mark.long
@pytest.mark.parametrize("engine", ONE_AND_APART)
def test_a_removal_that_is_killed_leaves_the_people_suppressed_and_is_taken_up_again(office: Office):
    office.sync()
    ask_for(office, range(5))
    assert actors.run(actors.settle, *where(office), dies_at=2, after=True) == -signal.SIGKILL
    office.sql("UPDATE common_room_contacts SET full_name = 'Changed', email = NULL")
    assert office.sync().suppressed == 5
    office.settle()
    assert set(office.statuses().values()) == {"submitted"}
    assert requests_later_than_removal(office.sandbox) == []


def unconfirmed_run(office: Office, host: str) -> int:
    """A run on another host that neither ends nor confirms, whose clock is an hour off; the version it lacks."""
    office.sync()
    office.ask("r1", "person4@example.com")
    office.removals.take_in()
    office.sql(
        "INSERT INTO common_room.sync_runs (run_id, sync, partition, state, host, process, started_at, heartbeat_at) "
        f"VALUES ('far', 'contacts', '', 'running', '{host}', 1, now(), now() - INTERVAL '1' HOUR)"
    )
    with office.warehouse.session() as session:
        return SuppressionList(session, StateNames(session.dialect, "common_room")).version()


@pytest.mark.long
def test_a_silent_run_elsewhere_is_waited_for_until_it_can_send_no_more_by_our_own_clock(office: Office):
    version = unconfirmed_run(office, "elsewhere")
    assert 1.5 <= wait_until_confirmed(office.warehouse, "common_room", version, timing=IMPATIENT) < 5


def test_a_run_that_shows_life_is_waited_for_until_it_confirms(office: Office):
    version = unconfirmed_run(office, "elsewhere")
    done = threading.Event()

    def wait() -> None:
        wait_until_confirmed(
            office.warehouse, "common_room", version, timing=EngineTiming(lease_surely_over_seconds=1.0)
        )
        done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    for _ in range(6):
        time.sleep(0.4)
        office.sql("UPDATE common_room.sync_runs SET heartbeat_at = heartbeat_at + INTERVAL '1' SECOND")
        assert not done.is_set()
    office.sql(f"UPDATE common_room.sync_runs SET suppression_version = {version} WHERE run_id = 'far'")
    waiting.join(5)
    assert done.is_set()


@pytest.mark.long
def test_a_run_that_another_took_for_dead_is_waited_for_all_the_same(office: Office):
    version = unconfirmed_run(office, "elsewhere")
    office.sync()
    assert office.sql("SELECT state FROM common_room.sync_runs WHERE run_id = 'far'") == [("interrupted",)]
    assert wait_until_confirmed(office.warehouse, "common_room", version, timing=IMPATIENT) >= 1.5


@pytest.mark.long
def test_the_next_try_of_a_run_that_died_is_waited_for_under_the_same_id(office: Office):
    version = unconfirmed_run(office, "elsewhere")
    office.sql(
        "INSERT INTO common_room.sync_runs (run_id, sync, partition, state, host, process, started_at, heartbeat_at) "
        f"VALUES ('far', 'contacts', '', 'interrupted', '{this_host()}', 99999999, now(), now())"
    )
    assert wait_until_confirmed(office.warehouse, "common_room", version, timing=IMPATIENT) >= 1.5


@pytest.mark.long
@pytest.mark.serial
@pytest.mark.skipif(not ENGINE.endswith("duckdb"), reason="only a DuckDB file can be kept by somebody else")
def test_a_run_that_cannot_look_sends_nothing_by_its_old_list(office: Office, tmp_path: Path):
    """Another process keeps the state tables, so that the run cannot learn of the removal."""
    office.timing = Timing(engine=EngineTiming(lease_seconds=1.5))
    fill(office, 400)
    office.sandbox.control.set_limit(10, 1)
    running = threading.Thread(target=office.sync)
    running.start()
    while not office.posted():
        time.sleep(0.02)
    kept = tmp_path / "kept"
    file = (office.data.state_url or office.data.url).removeprefix("duckdb:///")
    keep = actors.start(_keep_open, file, 6.0, kept)
    while not kept.exists():
        time.sleep(0.02)
    time.sleep(3)
    before = len(office.posted())
    time.sleep(1.5)
    assert len(office.posted()) == before < 400
    keep.join()
    office.sandbox.control.set_limit(None)
    running.join(60)
    assert len(office.room) == 400


def _keep_open(path: str, seconds: float, kept: Path) -> None:
    import duckdb

    while True:
        try:
            connection = duckdb.connect(path)
        except duckdb.IOException:
            time.sleep(0.01)
        else:
            break
    kept.touch()
    time.sleep(seconds)
    connection.close()
