"""What the room defines, as assets, and whether it has the names that the syncs use."""

import dagster as dg
import pytest

from cr_pipelines.sync import CATALOG_TABLES
from cr_pipelines_tests.support.location import Location, Outcome, plain

JOB = "common_room_catalog"


def read(location: Location) -> Outcome:
    return location.run(JOB)


def check_outcomes(outcome: Outcome) -> dict[str, bool]:
    return {check.asset_key.path[-1]: check.passed for check in outcome.result.get_asset_check_evaluations()}


def test_the_room_is_read_into_tables_that_each_are_an_asset(location: Location) -> None:
    outcome = read(location)

    assert outcome.succeeded
    counts = {
        event.asset_key.path[-1]: plain(event.step_materialization_data.materialization.metadata)
        for event in outcome.result.get_asset_materialization_events()
        if event.asset_key
    }
    assert tuple(sorted(counts)) == tuple(sorted(CATALOG_TABLES))
    assert counts["room_segments"]["dagster/row_count"] == 3
    assert counts["room_segments"]["dagster/table_name"] == "common_room.room_segments"
    assert location.sql("SELECT count(*) FROM common_room.room_activity_types") == [(14,)]
    assert set(check_outcomes(outcome).values()) == {True}


def test_names_that_the_room_does_not_have_are_listed_with_the_nearest_one(location: Location) -> None:
    location.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' AS id, 'used_prodct' AS activity_type, 'u' AS user_id, "
        "TIMESTAMP '2026-03-01' AS timestamp"
    )
    location.sql(
        "CREATE TABLE common_room_segment_members AS SELECT * FROM (VALUES ('Champions', 'Engagd'), "
        "('ann@example.com', NULL)) AS t(segment, status), (SELECT 'email' AS social_type, 'a' AS value)"
    )

    outcome = read(location)

    assert outcome.succeeded
    assert check_outcomes(outcome) == {
        "room_activity_types": False,
        "room_custom_fields": True,
        "room_segments": False,
        "room_segment_statuses": False,
    }
    checks = {check.asset_key.path[-1]: check for check in outcome.result.get_asset_check_evaluations()}
    assert "activities: used_prodct (1 row)" in (checks["room_activity_types"].description or "")
    table = plain(checks["room_activity_types"].metadata)["unknown_names"]
    [row] = (record.data for record in table.records)
    assert "did you mean used_product?" in str(row["message"])
    # A column may be filled with anything.
    assert "example.com" not in str(checks["room_segments"])


def test_a_room_that_cannot_be_read_fails_the_run_and_says_why(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMMON_ROOM_API_TOKEN")

    outcome = read(location)

    assert not outcome.succeeded
    assert "no Common Room API token is set" in outcome.failure
    assert not outcome.was_retried


def test_the_catalog_is_read_daily_once_the_schedule_is_turned_on(location: Location) -> None:
    schedule = location.definitions.resolve_schedule_def("common_room_catalog_schedule")

    assert (schedule.cron_schedule, schedule.default_status) == ("20 4 * * *", dg.DefaultScheduleStatus.STOPPED)


def test_the_tables_of_the_catalog_can_be_read_one_by_one(location: Location) -> None:
    key = dg.AssetKey(["common_room", "room_tags"])
    job = location.definitions.resolve_job_def(JOB)

    result = job.execute_in_process(instance=location.instance, asset_selection=[key])

    assert {event.asset_key for event in result.get_asset_materialization_events()} == {key}
