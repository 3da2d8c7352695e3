"""Identity is sync and key: how a source is cut into days, and in which day a row is, changes nothing about it."""

from datetime import date

import pytest

from cr_pipelines.sync import AlreadyRunning, Partition, Report, RunRegistry, StateSchema, Sync, rows_outside, run_sync
from cr_pipelines.sync.state.processes import mark_running
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import APART, EITHER_ENGINE

pytestmark = pytest.mark.parametrize("engine", [*EITHER_ENGINE, *APART])

ACTIVITIES = Sync("activities", "activity", "acts")


@pytest.fixture
def activities(flow: Flow) -> Flow:
    flow.sql(
        "CREATE TABLE acts AS SELECT 'a' || i AS id, 'posted_message' AS activity_type, "
        "TIMESTAMP '2026-03-01 10:00:00' AS timestamp, 'u' || i AS user_id FROM generate_series(1, 3) AS numbers(i)"
    )
    return Flow(flow.data, flow.sandbox, ACTIVITIES)


def run(flow: Flow, day: int | None = None) -> Report:
    partition = None if day is None else Partition.of_day("timestamp", date(2026, 3, day))
    return run_sync(flow.sync, flow.warehouse, flow.destination(), partition=partition)


def test_switching_between_whole_and_by_day_sends_nothing_again(activities: Flow):
    sent = [run(activities, day).delivered for day in (None, 1, None, 1, 2, None)]
    assert sent == [3, 0, 0, 0, 0, 0]
    assert activities.sql("SELECT DISTINCT partition, absent_since FROM common_room.sync_ledger") == [("", None)]


def test_a_row_that_moved_to_another_day_is_one_update(activities: Flow):
    assert (run(activities, 1).delivered, run(activities, 2).delivered) == (3, 0)
    activities.sql("UPDATE acts SET timestamp = TIMESTAMP '2026-03-02 10:00:00' WHERE id = 'a1'")
    assert [run(activities, day).delivered for day in (2, 1, 2, 1)] == [1, 0, 0, 0]
    assert activities.sql("SELECT count(*), count(absent_since) FROM common_room.sync_ledger") == [(3, 0)]


def test_a_key_in_two_days_is_a_duplicate_until_one_is_left(activities: Flow):
    activities.sql(
        "INSERT INTO acts SELECT id, activity_type, TIMESTAMP '2026-03-02 10:00:00', 'v' FROM acts WHERE id = 'a1'"
    )
    assert run(activities, 1).delivered == 3
    for day in (2, 1, 2, 1):
        report = run(activities, day)
        assert (report.delivered, report.invalid, report.duplicate_rows) == (0, 1, 1)
        [problem] = [problem for problem in report.problems if problem.reason_code == "duplicate_key"]
        assert problem.message.startswith("2 rows have this key")
    assert list(activities.rejected()) == ['["posted_message","a1"]']
    activities.sql("DELETE FROM acts WHERE user_id = 'v'")
    assert [run(activities, day).invalid for day in (2, 1)] == [0, 0]
    assert activities.rejected() == {}


def test_rows_without_a_moment_are_invalid_in_every_day_and_once_in_the_ledger(activities: Flow):
    activities.sql(
        "INSERT INTO acts SELECT 'n' || i, 'posted_message', "
        "CAST(CASE i WHEN 1 THEN NULL WHEN 2 THEN 'infinity' ELSE '-infinity' END AS timestamp), 'u' "
        "FROM generate_series(1, 3) AS numbers(i)"
    )
    assert [run(activities, day).invalid for day in (1, 2, 1)] == [3, 3, 3]
    assert len(activities.rejected()) == 3


def test_rows_that_no_day_takes_are_counted(activities: Flow):
    activities.sql(
        "INSERT INTO acts SELECT 'x' || i, 'posted_message', CAST(m AS timestamp), 'u' FROM (VALUES "
        "(1, '2026-02-28 23:59:59'), (2, '2199-01-01 00:00:00'), (3, '2026-03-03 00:00:00'), (4, 'infinity'), "
        "(5, NULL)) AS more(i, m)"
    )
    first, last = (Partition.of_day("timestamp", date(2026, 3, day)) for day in (1, 2))
    assert rows_outside(activities.sync, activities.warehouse, first, last) == (1, 2, 2)


def test_a_day_waits_for_a_run_of_the_whole_source_and_not_for_another_day(activities: Flow):
    run(activities)
    with activities.warehouse.session() as session, mark_running("whole"), mark_running("day 2"):
        StateSchema(session, "common_room").prepare()
        runs = RunRegistry(session, "common_room")
        runs.claim("whole", "activities", "", "changed")
        with pytest.raises(AlreadyRunning):
            runs.claim("day", "activities", "2026-03-01", "changed")
        runs.finish("whole", "activities", "", "succeeded", {})
        runs.claim("day 2", "activities", "2026-03-02", "changed")
        runs.claim("day", "activities", "2026-03-01", "changed")
        with pytest.raises(AlreadyRunning):
            runs.claim("whole", "activities", "", "changed")
