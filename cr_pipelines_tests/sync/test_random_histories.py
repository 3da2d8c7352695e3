"""Random histories of a source by day: rows that move, are doubled, lose their day; faults; runs that die or overlap.

An oracle of its own, of a few lines, says what must be true once everything is at rest. The histories are the same each
time, and the test counts what happened in them.
"""

import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cr_pipelines.api import Backoff, CommonRoomClient, CommonRoomError, careful
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import (
    Destination,
    Options,
    Partition,
    Report,
    RunRegistry,
    StateSchema,
    Sync,
    SyncStopped,
    run_sync,
)
from cr_pipelines.sync.plan import Planner
from cr_pipelines.sync.plan.record_statements import PlannedRun
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines_tests.support.warehouses import CORE_ENGINES, empty_warehouse, opened

ACTIVITIES = Sync("activities", "activity", "acts")
DAYS = [None, 1, 2]
KEYS = st.sampled_from("abc")
NAMES = st.sampled_from(["posted_message", "Posted message"])
"""Two spellings of one activity type."""

ROW = st.tuples(NAMES, KEYS, st.sampled_from(DAYS))

PLACES = ("unchanged", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent")


def day(number: int) -> Partition:
    return Partition.of_day("timestamp", date(2026, 3, number))


def counted(method: Callable[..., Any]) -> Callable[..., Any]:
    """Count how often a rule was played."""

    @wraps(method)
    def play(self: "Histories", *args: Any, **kwargs: Any) -> Any:
        self.happened[method.__name__] += 1
        return method(self, *args, **kwargs)

    return play


class Histories(RuleBasedStateMachine):
    sandbox: SandboxServer
    engine: str
    happened: ClassVar[Counter[str]] = Counter()

    @initialize(rows=st.lists(ROW, min_size=3, max_size=6))
    def begin(self, rows: list[tuple[str, str, int | None]]) -> None:
        self.sandbox.control.reset()
        self._folder = tempfile.TemporaryDirectory()
        self._opened = empty_warehouse(Path(self._folder.name), self.engine)
        self.data = self._opened.__enter__()
        self.data.sql(
            "CREATE TABLE acts (number INTEGER, activity_type VARCHAR(20), id VARCHAR(9), timestamp TIMESTAMP, "
            "user_id VARCHAR(9), content VARCHAR(9))"
        )
        self.rows: dict[int, tuple[str, str, int | None, str]] = {}
        self.number = 0
        for row in rows:
            self.insert(*row)

    # The source changes

    @rule(name=NAMES, key=KEYS, of=st.sampled_from(DAYS))
    @counted
    def insert(self, name: str, key: str, of: int | None) -> None:
        self.number += 1
        self._write(self.number, name, key, of)

    @precondition(lambda self: self.rows)
    @rule(changes=st.lists(st.tuples(st.integers(0, 9), NAMES, st.sampled_from(DAYS)), min_size=1, max_size=3))
    @counted
    def change(self, changes: list[tuple[int, str, int | None]]) -> None:
        for place, name, of in changes:
            number = sorted(self.rows)[place % len(self.rows)]
            key, was = self.rows[number][1:3]
            self.happened["moved"] += None not in (of, was) and of != was
            self.data.sql(f"DELETE FROM acts WHERE number = {number}")
            self._write(number, name, key, of)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    @counted
    def delete(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.rows)))
        del self.rows[number]
        self.data.sql(f"DELETE FROM acts WHERE number = {number}")

    def _write(self, number: int, name: str, key: str, of: int | None) -> None:
        content = uuid.uuid4().hex[:8]
        moment = "NULL" if of is None else f"'2026-03-0{of} 10:00:00'"
        self.rows[number] = (name, key, of, content)
        self.happened["without a day"] += of is None
        self.happened["shared"] += sum(key == other for _, other, *_ in self.rows.values()) > 1
        self.data.sql(f"INSERT INTO acts VALUES ({number}, '{name}', '{key}', {moment}, 'u1', '{content}')")

    # Runs

    @rule(
        of=st.sampled_from(DAYS),
        faults=st.fixed_dictionaries(
            {
                "drop_before_rate": st.sampled_from([0.2, 0.0]),
                "drop_after_rate": st.sampled_from([0.2, 0.0]),
                "error_rate": st.sampled_from([0.6, 0.0]),
                "seed": st.integers(0, 99),
            }
        ),
        options=st.sampled_from([{}, {"limit": 1}, {"resync": "failed"}, {"resync": "all"}, {"dry_run": True}]),
    )
    @counted
    def run_under_faults(self, of: int | None, faults: dict[str, Any], options: dict[str, Any]) -> None:
        self.sandbox.control.set_faults(operations=["addUpdateActivityToSource"], **faults)
        with suppress(CommonRoomError):
            report = self._run(of, **options)
            self.happened["failed or stopped"] += report.failed > 0 or report.state == "stopped"
        self.sandbox.control.set_faults()

    @rule()
    @counted
    def run_both_days_at_once(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._run, (1, 2)))

    @rule(of=st.sampled_from([1, 2]))
    @counted
    def die_before_sending(self, of: int) -> None:
        """What a process leaves that is killed once its plan is recorded."""
        run_id = uuid.uuid4().hex
        warehouse = opened(self.data)
        with warehouse.session() as session, warehouse.source_session(session) as source:
            StateSchema(session, "common_room").prepare()
            order = RunRegistry(session, "common_room").claim(run_id, "activities", day(of).name, "changed")
            Ledger(session, "common_room").fold("activities")
            planner = Planner(session, "common_room", ACTIVITIES, Options(), day(of), source)
            plan = planner.plan()
            planner.begin(plan, PlannedRun(run_id, order))
            plan.spool.close()

    def _run(self, of: int | None, **options: Any) -> Report:
        def open_client() -> CommonRoomClient:
            retry = careful(Backoff(attempts=2, base=0.001))
            return CommonRoomClient(self.sandbox.token, self.sandbox.base_url, retry=retry)

        try:
            report = run_sync(
                ACTIVITIES,
                opened(self.data),
                Destination(open_client, 1),
                options=Options(**options),
                partition=None if of is None else day(of),
            )
        except SyncStopped as stopped:
            report = stopped.report
        assert sum(getattr(report, place) for place in PLACES) == report.source_rows
        return report

    # What must be true

    @invariant()
    def each_key_is_in_the_ledger_once(self) -> None:
        with opened(self.data).session() as session:
            if StateSchema(session, "common_room").exists():
                assert (
                    session.fetch_all("SELECT key FROM common_room.sync_ledger GROUP BY sync, key HAVING count(*) > 1")
                    == []
                )

    @rule(by_day=st.booleans())
    @counted
    def come_to_rest(self, by_day: bool) -> None:
        of_key = defaultdict(list)
        for _, key, of, content in self.rows.values():
            of_key[key].append((of, content))
        runs = [1, 2] if by_day else [None]
        for of in runs:
            self._run(of)
        if not by_day and self.rows:
            statuses = dict(self.data.sql("SELECT key, status FROM common_room.sync_ledger WHERE absent_since IS NULL"))
            valid = {key for key, copies in of_key.items() if len(copies) == 1 and copies[0][0] is not None}
            # Two spellings of one type are one key.
            assert len(statuses) == len(of_key)
            assert Counter(statuses.values()) == Counter("delivered" if key in valid else "invalid" for key in of_key)
            last = {body["id"]: body["content"]["value"] for body in self._accepted()}
            assert {key: last.get(key) for key in valid} == {key: of_key[key][0][1] for key in valid}
        before = len(self._accepted())
        for of in runs:
            assert self._run(of).delivered == 0
        assert len(self._accepted()) == before
        if not by_day:
            assert self.data.sql("SELECT count(*) FROM common_room.sync_outcomes") == [(0,)]

    def _accepted(self) -> list[dict[str, Any]]:
        requests = self.sandbox.control.requests(operation="addUpdateActivityToSource")
        return [request["body"] for request in requests if request["status"] == 202]

    def teardown(self) -> None:
        if hasattr(self, "data"):
            try:
                self.come_to_rest(by_day=True)
                self.come_to_rest(by_day=False)
            finally:
                self._opened.__exit__(None, None, None)
                self._folder.cleanup()


LEAST = {
    "insert": 30,
    "change": 4,
    "delete": 2,
    "moved": 1,
    "without a day": 8,
    "shared": 8,
    "run_under_faults": 5,
    "failed or stopped": 1,
    "run_both_days_at_once": 2,
    "die_before_sending": 3,
    "come_to_rest": 18,
}
"""How often each thing must have happened in all histories, so that they are worth their time."""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", CORE_ENGINES)
def test_random_histories_agree_with_the_oracle(
    sandbox: SandboxServer, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DuckDB compares in as many parts as there are keys.
    monkeypatch.setattr("cr_pipelines.warehouse.duckdb_dialect._MOST_JOINED", 1)
    Histories.sandbox, Histories.engine = sandbox, engine
    Histories.happened.clear()
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    Histories.TestCase.settings = settings(
        max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=checks
    )
    Histories.TestCase("runTest").runTest()
    assert {what: Histories.happened[what] for what, least in LEAST.items() if Histories.happened[what] < least} == {}
