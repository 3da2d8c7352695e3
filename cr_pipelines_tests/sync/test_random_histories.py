"""Random histories of a source by day: rows that move, are doubled, lose their day; faults; runs that die.

An oracle of its own, of a few lines, says what must be true once everything is at rest.
"""

import tempfile
import uuid
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

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
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.warehouses import ENGINE, empty_warehouse

ACTIVITIES = Sync("activities", "activity", "acts")
DAYS = [None, 1, 2]
KEYS = st.sampled_from("abc")
NAMES = st.sampled_from(["posted_message", "Posted message"])
"""Two spellings of one activity type."""

PLACES = ("unchanged", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent")


def day(number: int) -> Partition:
    return Partition.of_day("timestamp", date(2026, 3, number))


class Histories(RuleBasedStateMachine):
    sandbox: SandboxServer

    @initialize()
    def begin(self) -> None:
        self.sandbox.control.reset()
        self._folder = tempfile.TemporaryDirectory()
        self._opened = empty_warehouse(Path(self._folder.name), ENGINE)
        self.data = self._opened.__enter__()
        self.data.sql(
            "CREATE TABLE acts (number INTEGER, activity_type VARCHAR(20), id VARCHAR(9), timestamp TIMESTAMP, "
            "user_id VARCHAR(9), content VARCHAR(9))"
        )
        self.rows: dict[int, tuple[str, str, int | None, str]] = {}
        self.number = 0

    # The source changes

    @rule(name=NAMES, key=KEYS, of=st.sampled_from(DAYS))
    def insert(self, name: str, key: str, of: int | None) -> None:
        self.number += 1
        self._write(self.number, name, key, of)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), of=st.sampled_from(DAYS), name=NAMES)
    def change(self, data: st.DataObject, of: int | None, name: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.rows)))
        key = self.rows[number][1]
        self.data.sql(f"DELETE FROM acts WHERE number = {number}")
        self._write(number, name, key, of)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.rows)))
        del self.rows[number]
        self.data.sql(f"DELETE FROM acts WHERE number = {number}")

    def _write(self, number: int, name: str, key: str, of: int | None) -> None:
        content = uuid.uuid4().hex[:8]
        moment = "NULL" if of is None else f"'2026-03-0{of} 10:00:00'"
        self.rows[number] = (name, key, of, content)
        self.data.sql(f"INSERT INTO acts VALUES ({number}, '{name}', '{key}', {moment}, 'u1', '{content}')")

    # Runs

    @rule(
        of=st.sampled_from(DAYS),
        faults=st.fixed_dictionaries(
            {
                "drop_before_rate": st.sampled_from([0.0, 0.3]),
                "drop_after_rate": st.sampled_from([0.0, 0.3]),
                "error_rate": st.sampled_from([0.0, 0.4]),
                "seed": st.integers(0, 99),
            }
        ),
        options=st.sampled_from([{}, {"limit": 1}, {"resync": "failed"}, {"resync": "all"}, {"dry_run": True}]),
    )
    def run_under_faults(self, of: int | None, faults: dict[str, Any], options: dict[str, Any]) -> None:
        self.sandbox.control.set_faults(operations=["addUpdateActivityToSource"], **faults)
        with suppress(CommonRoomError):
            self._run(of, **options)
        self.sandbox.control.set_faults()

    @rule(of=st.sampled_from([1, 2]))
    def die_before_sending(self, of: int) -> None:
        """What a process leaves that is killed once its plan is recorded."""
        run_id = uuid.uuid4().hex
        with open_warehouse(self.data.url).session() as session:
            StateSchema(session, "common_room").prepare()
            order = RunRegistry(session, "common_room").claim(run_id, "activities", day(of).name, "changed")
            Ledger(session, "common_room").fold("activities")
            planner = Planner(session, "common_room", ACTIVITIES, Options(), day(of))
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
                open_warehouse(self.data.url),
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
        with open_warehouse(self.data.url).session() as session:
            if StateSchema(session, "common_room").exists():
                assert (
                    session.fetch_all("SELECT key FROM common_room.sync_ledger GROUP BY sync, key HAVING count(*) > 1")
                    == []
                )

    @rule(by_day=st.booleans())
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


@pytest.mark.long
@pytest.mark.timeout(600)
def test_random_histories_agree_with_the_oracle(sandbox: SandboxServer) -> None:
    Histories.sandbox = sandbox
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    Histories.TestCase.settings = settings(
        max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=checks
    )
    Histories.TestCase("runTest").runTest()
