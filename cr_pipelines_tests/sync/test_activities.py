"""Activities: who, what, when and under what, day by day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Partition, Report, Sync, run_sync
from cr_pipelines_tests.support.flow import Flow

ACTIVITIES = Sync("activities", "activity", "common_room_activities")
MOMENT = "TIMESTAMP '2026-03-01 12:00:00'"


@pytest.fixture
def activities(flow: Flow) -> Flow:
    return Flow(flow.data, flow.sandbox, ACTIVITIES)


def one(columns: str) -> str:
    return f"SELECT 'a1' AS id, 'posted_message' AS activity_type, 'u1' AS user_id, {columns}"


def posted(sandbox: SandboxServer) -> list[dict[str, Any]]:
    return [request["body"] for request in sandbox.control.requests(operation="addUpdateActivityToSource")]


def test_every_column_of_the_contract_arrives(activities: Flow, sandbox: SandboxServer):
    report = activities.reading(
        one(f"""{MOMENT} AS timestamp, 'Ada Lovelace' AS user_full_name, 'ada@example.com' AS user_email,
        'in/ada' AS user_linkedin, {{'Seats': 3}} AS user_custom_fields, 'pioneer' AS user_tags,
        'On engines' AS title, 'They *weave*.' AS content, 'Markdown' AS content_format,
        'https://forum.example.com/1' AS url, 'General' AS sub_source, 'a0' AS parent_id,
        'Started training' AS parent_activity_type, 'maths, engines' AS tags""")
    ).run()
    assert (report.delivered, report.ignored_columns) == (1, {})
    [body] = posted(sandbox)
    assert body["user"].pop("customFields")[0]["value"] == {"type": "int", "value": 3}
    assert body == {
        "id": "a1",
        "activityType": "posted_message",
        "timestamp": "2026-03-01T12:00:00Z",
        "user": {
            "id": "u1",
            "fullName": "Ada Lovelace",
            "email": "ada@example.com",
            "linkedin": {"type": "handle", "value": "in/ada"},
            "tags": [{"type": "name", "name": "pioneer"}],
        },
        "activityTitle": {"type": "text", "value": "On engines"},
        "content": {"type": "markdown", "value": "They *weave*."},
        "url": "https://forum.example.com/1",
        "subSource": {"type": "name", "name": "General"},
        "parentActivity": {"id": "a0", "activityType": "started_training"},
        "tags": [{"type": "name", "name": "maths"}, {"type": "name", "name": "engines"}],
    }


def test_a_reply_is_under_an_activity_of_its_own_type_unless_it_says_otherwise(
    activities: Flow, sandbox: SandboxServer
):
    activities.reading(one(f"{MOMENT} AS timestamp, 'a0' AS parent_id")).run()
    assert posted(sandbox)[0]["parentActivity"] == {"id": "a0", "activityType": "posted_message"}
    activities.reading(one(f"{MOMENT} AS timestamp, NULL AS parent_id, 'link' AS parent_activity_type")).run(
        resync="all"
    )
    assert "parentActivity" not in posted(sandbox)[1]


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        ("TIMESTAMP '2026-03-01 12:00:00.5'", "2026-03-01T12:00:00.500000Z"),
        ("CAST('2026-03-01 12:00:00+05:30' AS TIMESTAMP WITH TIME ZONE)", "2026-03-01T06:30:00Z"),
        ("'2026-03-01 12:00:00'", "2026-03-01T12:00:00Z"),
        ("'2026-03-01T12:00:00-01:00'", "2026-03-01T13:00:00Z"),
        ("TIMESTAMP_NS '2026-03-01 12:00:00.123456789'", "2026-03-01T12:00:00.123456Z"),
    ],
)
def test_a_moment_is_sent_in_utc_and_is_taken_as_utc_without_a_zone(
    activities: Flow, sandbox: SandboxServer, moment: str, sent: str
):
    if "_NS" in moment and activities.data.kind != "duckdb":
        pytest.skip("only DuckDB counts nanoseconds")
    activities.reading(one(f"{moment} AS timestamp")).run()
    assert [body["timestamp"] for body in posted(sandbox)] == [sent]


@pytest.mark.parametrize(
    ("columns", "field", "message"),
    [
        ("NULL AS timestamp", "timestamp", "timestamp is null; it is required"),
        ("DATE '2026-03-01' AS timestamp", "timestamp", "as with CAST(… AS TIMESTAMP) for midnight UTC"),
        ("1772366400 AS timestamp", "timestamp", "is a number, not a timestamp"),
        ("'yesterday' AS timestamp", "timestamp", "is text, not a timestamp"),
        ("'2026-03-01' AS timestamp", "timestamp", "is text, not a timestamp"),
        (f"{MOMENT} AS timestamp, 'posted_mesage' AS activity_type", "activity_type", "did you mean posted_message?"),
        (
            f"{MOMENT} AS timestamp, 'a0' AS parent_id, 'lnk' AS parent_activity_type",
            "parent_activity_type",
            "mean Link?",
        ),
        (f"{MOMENT} AS timestamp, 'nobody' AS user_email", "user_email", "it has no @"),
        (
            f"{MOMENT} AS timestamp, 'x' AS content, 'html' AS content_format",
            "content_format",
            "not one of text, markdown",
        ),
        (f"{MOMENT} AS timestamp, 'forum' AS url", "url", "begins with http:// or https://"),
    ],
)
def test_what_cannot_be_an_activity_is_invalid_with_its_field(
    activities: Flow, sandbox: SandboxServer, columns: str, field: str, message: str
):
    type_ = "" if "AS activity_type" in columns else "'posted_message' AS activity_type, "
    report = activities.reading(f"SELECT 'a1' AS id, {type_}'u1' AS user_id, {columns}").run()
    assert (report.invalid, posted(sandbox)) == (1, [])
    [(found, said)] = activities.rejected().values()
    assert found == field
    assert message in said


def days(flow: Flow, count: int, per_day: int = 10) -> None:
    flow.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' || i AS id, 'used_product' AS activity_type, "
        f"'u' || (i % 7) AS user_id, TIMESTAMP '2026-03-01' + (i % {count}) * INTERVAL '1 day' "
        "+ i * INTERVAL '1 second' AS timestamp, 'Did ' || i AS content "
        f"FROM generate_series(0, {count * per_day - 1}) AS numbers(i)"
    )


def run_day(flow: Flow, day: int) -> Report:
    return run_sync(
        flow.sync,
        flow.warehouse,
        flow.destination(),
        partition=Partition.of_day("timestamp", date(2026, 3, day)),
        run_id=f"r{day}",
    )


def test_a_day_is_sent_alone_and_again_only_where_it_changed(activities: Flow, sandbox: SandboxServer):
    days(activities, 3)
    assert [run_day(activities, day).delivered for day in (1, 2)] == [10, 10]
    assert {body["timestamp"][:10] for body in posted(sandbox)} == {"2026-03-01", "2026-03-02"}
    sandbox.control.clear_requests()
    assert (run_day(activities, 2).unchanged, run_day(activities, 2).requests) == (10, 0)
    # A late row, and one that moved to another day.
    activities.sql(
        "INSERT INTO common_room_activities VALUES "
        "('late', 'used_product', 'u1', TIMESTAMP '2026-03-02 23:59:59.999999', 'Late')"
    )
    activities.sql("UPDATE common_room_activities SET timestamp = TIMESTAMP '2026-03-02' WHERE id = 'a0'")
    assert (run_day(activities, 2).delivered, run_day(activities, 1).unchanged) == (2, 9)
    assert sorted(body["id"] for body in posted(sandbox)) == ["a0", "late"]
    assert run_day(activities, 3).delivered == 10
    assert len(sandbox.control.activities()) == 31
    [(partitions,)] = activities.sql("SELECT count(DISTINCT partition) FROM common_room.sync_ledger")
    assert partitions == 3


def test_a_day_is_one_in_utc_whether_or_not_the_column_has_a_zone(activities: Flow, sandbox: SandboxServer):
    for kind in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        activities.sql("DROP TABLE IF EXISTS common_room_activities")
        activities.sql(
            f"CREATE TABLE common_room_activities AS SELECT id, 'link' AS activity_type, 'u1' AS user_id, "
            f"CAST(moment AS {kind}) AS timestamp FROM (VALUES ('{kind} before', '2026-02-28 23:59:59+00'), "
            f"('{kind} first', '2026-03-01 00:00:00+00'), ('{kind} last', '2026-03-01 23:59:59+00'), "
            f"('{kind} after', '2026-03-02 00:00:00+00')) AS t(id, moment)"
        )
        sandbox.control.clear_requests()
        run_day(activities, 1)
        assert sorted(body["id"] for body in posted(sandbox)) == [f"{kind} first", f"{kind} last"]


def test_a_row_without_a_moment_is_shown_with_any_day(activities: Flow, sandbox: SandboxServer):
    days(activities, 2)
    activities.sql("INSERT INTO common_room_activities VALUES ('undated', 'used_product', 'u1', NULL, 'When?')")
    for day in (1, 2, 1):
        report = run_day(activities, day)
        assert (report.source_rows, report.invalid) == (11, 1)
    assert list(activities.rejected().values()) == [("timestamp", "timestamp is null; it is required")]
    activities.sql("UPDATE common_room_activities SET timestamp = TIMESTAMP '2026-03-02 01:00:00' WHERE id = 'undated'")
    assert (run_day(activities, 2).delivered, activities.rejected()) == (1, {})


def test_a_slice_of_a_day_says_which(activities: Flow):
    part = Partition.of_day("timestamp", date(2026, 12, 31))
    assert (part.name, part.start) == ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC))
    assert part.end == datetime(2027, 1, 1, tzinfo=UTC)
    assert activities.sync.contract.partition_by == "timestamp"
