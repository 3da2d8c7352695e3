"""Activities: a partition for each day, synced, recorded and sent again alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from cr_pipelines.components import (
    DailyPartitions,
    SyncSchedule,
    build_source_specs,
    build_sync_definitions,
    build_sync_spec,
    on_source_update,
)
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.location import Location, Outcome, plain

ACTIVITIES = dg.AssetKey(["common_room", "activities"])
RESOURCES = dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()})


@pytest.fixture
def days(location: Location) -> Location:
    """Three days of March with four activities each."""
    location.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' || i AS id, 'used_product' AS activity_type, "
        "'u' || (i % 3) AS user_id, TIMESTAMP '2026-03-01' + (i % 3) * INTERVAL '1 day' AS timestamp, "
        "'Did ' || i AS content FROM range(12) AS numbers(i)"
    )
    return location


def of_day(location: Location, day: str, **config: Any) -> Outcome:
    return location.run("sync_activities", partition_key=day, **config)


def of_days(location: Location, first: str, last: str) -> Outcome:
    """A run of several partitions, as a backfill with days_per_run starts it."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = location.definitions.resolve_job_def("sync_activities")
    return Outcome(job.execute_in_process(instance=location.instance, tags=tags, raise_on_error=False))


def posted(location: Location) -> list[str]:
    requests = location.sandbox.control.requests(operation="addUpdateActivityToSource")
    location.sandbox.control.clear_requests()
    return sorted(request["body"]["id"] for request in requests)


def daily(**partitions: Any) -> dg.Definitions:
    sync = Sync("activities", "activity", "common_room_activities")
    built = build_sync_definitions(
        sync,
        partitions=DailyPartitions(start=date(2026, 3, 1), **partitions),
        schedule=SyncSchedule(cron="15 * * * *"),
    )
    return dg.Definitions.merge(built, RESOURCES)


def test_a_day_is_sent_alone_and_counted_alone(days: Location) -> None:
    [shown] = of_day(days, "2026-03-02").materializations

    assert (shown["dagster/partition_row_count"], shown["rows_delivered"]) == (4, 4)
    assert "dagster/row_count" not in shown
    assert days.instance.get_materialized_partitions(ACTIVITIES) == {"2026-03-02"}
    assert posted(days) == ["a1", "a10", "a4", "a7"]


def test_a_day_run_again_sends_only_what_changed_or_came_late(days: Location) -> None:
    of_day(days, "2026-03-02")
    posted(days)
    days.sql("UPDATE common_room_activities SET content = 'Changed' WHERE id = 'a4'")
    days.sql(
        "INSERT INTO common_room_activities VALUES ('late', 'used_product', 'u1', TIMESTAMP '2026-03-02 23:00', 'Late')"
    )

    [shown] = of_day(days, "2026-03-02").materializations

    assert (shown["rows_delivered"], shown["rows_unchanged"]) == (2, 3)
    assert posted(days) == ["a4", "late"]


def test_each_day_has_check_results_of_its_own(days: Location) -> None:
    days.sql("UPDATE common_room_activities SET activity_type = 'used_prodct' WHERE id = 'a0'")

    renamed = {day: of_day(days, day).checks["rejections_under_threshold"] for day in ("2026-03-01", "2026-03-02")}

    assert {day: (check.passed, check.partition) for day, check in renamed.items()} == {
        "2026-03-01": (False, "2026-03-01"),
        "2026-03-02": (True, "2026-03-02"),
    }


def test_the_log_of_many_days_in_one_run_is_short(days: Location) -> None:
    run_id = of_days(days, "2026-03-01", "2026-03-08").result.run_id

    logged = [entry.user_message for entry in days.instance.all_logs(run_id) if entry.dagster_event is None]
    # Dagster's own is about its outputs.
    lines = [line for line in logged if not line.startswith("op ")]
    assert len(lines) < 8
    assert lines[-1].startswith("8 of 8 days: activities: 12 rows in the source: 12 delivered, ")


def test_several_days_in_one_run_are_each_recorded_with_their_own_counts(days: Location) -> None:
    days.sql("DELETE FROM common_room_activities WHERE id IN ('a2', 'a5')")

    outcome = of_days(days, "2026-03-01", "2026-03-03")

    assert outcome.succeeded
    assert days.instance.get_materialized_partitions(ACTIVITIES) == {"2026-03-01", "2026-03-02", "2026-03-03"}
    assert [shown["dagster/partition_row_count"] for shown in outcome.materializations] == [4, 4, 2]
    checks = outcome.result.get_asset_check_evaluations()
    assert {(check.check_name, check.partition) for check in checks if check.passed} == {
        (name, f"2026-03-0{day}")
        for name in ("source_usable", "rejections_under_threshold", "source_not_emptied", "delivery_complete")
        for day in (1, 2, 3)
    }


def test_a_backfills_run_of_one_day_has_check_results_of_that_day(days: Location) -> None:
    outcome = of_days(days, "2026-03-02", "2026-03-02")

    assert days.instance.get_materialized_partitions(ACTIVITIES) == {"2026-03-02"}
    assert len(outcome.materializations) == 1
    assert {check.partition for check in outcome.result.get_asset_check_evaluations()} == {"2026-03-02"}


def test_a_day_that_fails_blocks_no_other_day(days: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of one day is no number, so that the view fails for that day."""
    monkeypatch.setattr("cr_pipelines.components.shared.failures.RETRY_SECONDS", 0)
    days.sql(
        "CREATE TABLE raw_activities AS SELECT * REPLACE (timestamp AT TIME ZONE 'UTC' AS timestamp) "
        "FROM common_room_activities; DROP TABLE common_room_activities"
    )
    days.sql("UPDATE raw_activities SET content = CASE id WHEN 'a4' THEN 'many' ELSE '7' END")
    days.sql(
        "CREATE VIEW common_room_activities AS SELECT * REPLACE (CAST(content AS INTEGER) AS content) "
        "FROM raw_activities"
    )

    first = [of_day(days, f"2026-03-0{day}").succeeded for day in (1, 2, 3)]
    materialized = days.instance.get_materialized_partitions(ACTIVITIES)
    posted(days)
    days.sql("UPDATE raw_activities SET content = '8' WHERE id = 'a4'")
    again = [of_day(days, f"2026-03-0{day}").succeeded for day in (1, 2, 3)]

    assert (first, materialized) == ([True, False, True], {"2026-03-01", "2026-03-03"})
    assert again == [True, True, True]
    assert posted(days) == ["a1", "a10", "a4", "a7"]


def test_a_run_that_names_no_day_syncs_yesterday_and_today(days: Location) -> None:
    today = datetime.now(UTC).date()
    days.sql("UPDATE common_room_activities SET timestamp = now() - INTERVAL 1 day WHERE id IN ('a1', 'a2')")

    outcome = days.run("sync_activities")

    assert outcome.succeeded
    assert posted(days) == ["a1", "a2"]
    materialized = days.instance.get_materialized_partitions(ACTIVITIES)
    assert materialized == {str(today - timedelta(days=1)), str(today)}


def test_a_backfill_makes_a_run_for_each_day_by_default(days: Location) -> None:
    policy = days.definitions.resolve_assets_def(ACTIVITIES).backfill_policy
    grouped = daily(days_per_run=5).resolve_assets_def(ACTIVITIES).backfill_policy

    assert policy == dg.BackfillPolicy.multi_run(1)
    assert grouped == dg.BackfillPolicy.multi_run(5)


def test_rows_from_before_the_first_day_are_counted_by_the_run_of_today(days: Location) -> None:
    days.definitions = daily()
    today = datetime.now(UTC).date().isoformat()
    assert of_day(days, today).check_outcomes["rows_within_partitions"] == "passed"
    days.sql("UPDATE common_room_activities SET timestamp = TIMESTAMP '2026-02-28 23:59:59' WHERE id IN ('a0', 'a3')")

    outcome = of_day(days, today)

    check = outcome.checks["rows_within_partitions"]
    assert (outcome.check_outcomes["rows_within_partitions"], check.partition) == ("warn", None)
    assert plain(check.metadata)["rows_too_old"] == 2
    assert "2 rows from before 2026-03-01" in (check.description or "")
    assert "rows_within_partitions" not in of_day(days, "2026-03-02").check_outcomes


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        ("sync_activities_schedule", "2026-03-05T12:15", ["2026-03-05", "2026-03-04"]),
        ("sync_activities_schedule", "2026-03-01T00:15", ["2026-03-01"]),
        ("sync_activities_recheck", "2026-03-09T02:45", [f"2026-03-0{day}" for day in (8, 7, 6, 5, 4, 3, 2)]),
        ("sync_activities_recheck", "2026-03-03T02:45", ["2026-03-02", "2026-03-01"]),
    ],
)
def test_schedules_run_today_and_yesterday_and_recheck_the_days_just_past(
    days: Location, instance_on_disk: dg.DagsterInstance, schedule: str, at: str, expected: list[str]
) -> None:
    definitions = daily()
    with dg.build_schedule_context(
        instance=instance_on_disk,
        repository_def=definitions.get_repository_def(),
        resources={"warehouse": WarehouseResource()},
        scheduled_execution_time=datetime.fromisoformat(f"{at}:00+00:00"),
    ) as context:
        data = definitions.resolve_schedule_def(schedule).evaluate_tick(context)

    assert [request.partition_key for request in data.run_requests or ()] == expected


def test_the_recheck_can_be_set_and_left_out() -> None:
    rechecked = daily(recheck_days=3, recheck_cron="0 5 * * 1").resolve_schedule_def("sync_activities_recheck")
    left_out = daily(recheck_days=0).get_repository_def().schedule_defs

    assert rechecked.cron_schedule == "0 5 * * 1"
    assert [schedule.name for schedule in left_out] == ["sync_activities_schedule"]


def test_an_update_of_the_source_requests_today_and_the_days_to_recheck(days: Location) -> None:
    """As the automation sensor does, on an instance that saw the source's table updated."""
    partitions = DailyPartitions(start=date(2026, 3, 1), recheck_days=2)
    sync = Sync("activities", "activity", "common_room_activities")
    spec = build_sync_spec(sync, partitions=partitions, automation_condition=on_source_update(partitions))
    built = build_sync_definitions(sync, spec=spec, sources=build_source_specs(sync), partitions=partitions)
    definitions = dg.Definitions.merge(built, RESOURCES)
    before = dg.evaluate_automation_conditions(definitions, instance=days.instance)
    days.instance.report_runless_asset_event(dg.AssetMaterialization("common_room_activities"))

    after = dg.evaluate_automation_conditions(definitions, instance=days.instance, cursor=before.cursor)

    today = datetime.now(UTC).date()
    assert before.total_requested == 0
    assert after.get_requested_partitions(ACTIVITIES) == {str(today - timedelta(days=back)) for back in range(3)}
