"""The whole of it under Dagster's daemon: requests in waves, syncs all the while, faults, and a kill midway."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest

import cr_pipelines
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.leaks import places_that_hold
from cr_pipelines_tests.support.statement import requests_later_than_removal

pytestmark = pytest.mark.system

PROJECT = Path(cr_pipelines.__file__).parent.parent
SETTINGS = """
telemetry: {enabled: false}
run_coordinator:
  module: dagster._core.run_coordinator
  class: DefaultRunCoordinator
"""
CONTACTS = 600


@pytest.fixture
def room() -> Iterator[SandboxServer]:
    with SandboxServer(settle_seconds=0.1) as server:
        server.control.set_limit(150, 1)
        server.control.set_faults(
            latency_seconds=0.05, error_rate=0.02, drop_before_rate=0.02, drop_after_rate=0.02, seed=4
        )
        yield server


class Company:
    """Somebody who fills the warehouse that the daemon works on."""

    def __init__(self, path: Path):
        duckdb.connect(str(path)).close()
        self._warehouse = open_warehouse(f"duckdb:///{path}")
        self.sql(
            "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
            f"'person' || i || '@example.com' AS email FROM range({CONTACTS}) AS numbers(i);"
            "CREATE TABLE common_room_activities AS SELECT 'a' || i AS id, 'posted_message' AS activity_type, "
            "TIMESTAMP '2026-03-01' AS timestamp, 'c' || i AS user_id, 'Hello' AS content, "
            "CASE WHEN i % 2 = 0 THEN 'person' || i || '@example.com' END AS user_email "
            f"FROM range({CONTACTS}) AS numbers(i) WHERE i % 100 < 60;"
            "CREATE TABLE changes AS SELECT now() AS moment; "
            "CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at TIMESTAMP)"
        )

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with self._warehouse.session() as session:
            return session.fetch_all(statement)

    def change_everybody(self) -> None:
        """New names and words: the next syncs have everybody to send; some lose their address, some get another."""
        self.sql(
            "UPDATE common_room_contacts SET full_name = full_name || '!', email = CASE WHEN random() < 0.1 THEN NULL "
            "WHEN random() < 0.1 THEN 'other' || id || '@example.com' ELSE email END; "
            "UPDATE common_room_activities SET content = content || '!', "
            "user_email = CASE WHEN random() < 0.1 THEN NULL ELSE user_email END; INSERT INTO changes VALUES (now())"
        )

    def ask(self, wave: int) -> set[str]:
        """A wave of requests: known people, some of them twice, unknown ones, malformed ones, some dated back."""
        known = [f"person{number}@example.com" for number in range(100 * wave, 100 * wave + 45)]
        twice = [address.upper() for address in known[:7]]
        unknown = [f"unknown{wave}x{number}@example.com" for number in range(8)]
        malformed = ["no address", "a@b", "", "two@example.com, more@example.com", "@", "x@@example.com", "(none)"]
        rows = [
            f"('w{wave}r{number}', '{email}', now()::TIMESTAMP - INTERVAL {number % 5 * 300} DAY)"
            for number, email in enumerate([*known, *twice, *unknown, *malformed])
        ]
        self.sql(f"INSERT INTO common_room_pii_requests VALUES {', '.join(rows)}")
        return {*known, *unknown}

    def statuses(self) -> Counter[str]:
        found = self.sql(
            "SELECT count(*) FROM information_schema.tables "
            "WHERE table_schema = 'common_room' AND table_name = 'pii_removals'"
        )
        if found == [(0,)]:
            return Counter()
        return Counter(dict(self.sql("SELECT status, count(*) FROM common_room.pii_removals GROUP BY status")))

    def noted(self) -> bool:
        """Whether both syncs have begun to send, and so know each person by a key."""
        tables = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'known_addresses'"
        known = "SELECT count(DISTINCT sync) FROM common_room.known_addresses"
        return self.sql(tables) == [(1,)] and self.sql(known) == [(2,)]

    def settled(self) -> bool:
        return not self.statuses().keys() & {"pending", "failed"}

    def synced(self) -> bool:
        """Whether a run of each sync that began after the latest change is through."""
        return self.sql(
            "SELECT count(DISTINCT sync) FROM common_room.sync_runs WHERE sync IN ('contacts', 'activities') "
            "AND state = 'succeeded' AND started_at > (SELECT max(moment) FROM changes)"
        ) == [(2,)]


def until(done: Callable[[], bool], seconds: float = 400) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not done after {seconds:.0f} s"
        time.sleep(0.3)


def dagster_home(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(SETTINGS)
    return home


@contextmanager
def daemon(home: Path, location: str, **variables: str) -> Iterator[None]:
    """Dagster's daemon, its code server and its runs, until all of them are killed (-9)."""
    environment = {**os.environ, "DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", **variables}
    command = [
        str(Path(sys.executable).with_name("dagster-daemon")),
        "run",
        "-m",
        f"cr_pipelines_tests.dagster.{location}",
    ]
    with (home / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.timeout(1200)
def test_two_hundred_requests_in_three_waves_under_faults_and_a_kill(tmp_path: Path, room: SandboxServer) -> None:
    home, path = dagster_home(tmp_path), tmp_path / "warehouse.duckdb"
    variables = {
        "COMMON_ROOM_API_TOKEN": room.token,
        "COMMON_ROOM_BASE_URL": room.base_url,
        "COMMON_ROOM_DESTINATION_SOURCE_ID": str(room.source_id),
        "CR_WAREHOUSE_URL": f"duckdb:///{path}",
    }
    company = Company(path)
    asked: set[str] = set()
    with daemon(home, "pii_location", **variables):
        until(lambda: company.noted() and len(room.control.requests()) > 100)
        asked |= company.ask(0)
        until(lambda: company.statuses()["submitted"] > 0)
        company.change_everybody()
        asked |= company.ask(1)
        until(lambda: company.statuses()["submitted"] + company.statuses()["pending"] > 60)
    # Killed, with runs and removals in progress.
    killed_at = time.time()
    with daemon(home, "pii_location", **variables):
        company.change_everybody()
        asked |= company.ask(2)
        until(lambda: company.statuses().total() == 3 * 67 and company.settled())
        company.change_everybody()
        until(company.synced)

    assert requests_later_than_removal(room) == []
    assert set(company.statuses()) == {"submitted", "not_found", "invalid"}
    assert company.statuses()["invalid"] == 3 * 7
    calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in room.control.requests(operation="anonymizeContact"):
        calls[unquote(call["path"].rpartition("/")[2]).lower()].append(call)
    assert set(calls) == asked
    # A fault, or a 404 about somebody that a sync sent just before, is tried again; what Common Room took is not,
    # but for what the kill kept from being recorded.
    taken = [call for each in calls.values() for call in each[:-1] if call["status"] == 200]
    assert all(killed_at - 3 < call["at"] < killed_at + 1 for call in taken)
    suppressed = "SELECT sync, count(*) FROM common_room.sync_ledger WHERE status = 'suppressed' GROUP BY sync"
    assert dict(company.sql(suppressed)) == {"contacts": 3 * 45, "activities": 3 * 45}
    assert places_that_hold(["@example.com", "@EXAMPLE.COM"], home) == []
