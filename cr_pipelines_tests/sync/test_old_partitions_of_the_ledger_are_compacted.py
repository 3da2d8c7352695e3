from datetime import UTC, date, datetime, timedelta

import pytest

from cr_pipelines.sync import CompactedPartition, Partition, Report, Sync, compact_ledger, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import EITHER_ENGINE

pytestmark = pytest.mark.parametrize("engine", EITHER_ENGINE)

DAYS = [date(2026, 3, 1), date(2026, 3, 2)]
DROPPED = "delivered_fingerprint, row_hash, row_hash_version, not_found_runs, http_status, first_sent_at, run_id"


@pytest.fixture
def days(flow: Flow) -> Flow:
    """Ten contacts on each of two days, delivered day by day."""
    flow.sql(
        "CREATE TABLE seen AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
        "'person' || i || '@example.com' AS email, "
        "TIMESTAMP '2026-03-01 12:00:00' + (i % 2) * INTERVAL '1 day' AS seen_at "
        "FROM generate_series(0, 19) AS numbers(i)"
    )
    days = flow.reading("seen", name="seen")
    for day in DAYS:
        assert run_day(days, day).delivered == 10
    flow.sandbox.control.clear_requests()
    return days


def run_day(flow: Flow, day: date) -> Report:
    return run_sync(flow.sync, flow.warehouse, flow.destination(), partition=Partition.of_day("seen_at", day))


def compact(flow: Flow, in_days: int = 100, **options: bool) -> list[CompactedPartition]:
    now = datetime.now(UTC) + timedelta(days=in_days)
    return compact_ledger(flow.warehouse, settled_for=timedelta(days=90), now=now, **options)


def dropped(flow: Flow, day: date) -> bool:
    """Whether nothing is left in the columns that compaction empties, in any row of the day."""
    columns = [column.strip() for column in DROPPED.split(",")]
    left = " OR ".join(f"{column} IS NOT NULL" for column in columns)
    return flow.sql(f"SELECT count(*) FROM common_room.sync_ledger WHERE partition = '{day}' AND ({left})") == [(0,)]


def test_nothing_is_sent_again_and_what_changes_is(days: Flow):
    assert compact(days) == [("seen", "2026-03-01", 10), ("seen", "2026-03-02", 10)]
    assert all(dropped(days, day) for day in DAYS)
    days.sql("UPDATE seen SET full_name = 'Changed' WHERE id = 'c4'")
    first, second = (run_day(days, day) for day in DAYS)
    assert (first.unchanged, first.delivered, second.unchanged) == (9, 1, 10)
    assert days.posted() == ["c4"]
    assert compact(days) == [("seen", "2026-03-01", 10), ("seen", "2026-03-02", 10)]
    assert compact(days) == []


def test_a_part_that_a_run_looked_at_lately_is_left_as_it_is(days: Flow):
    assert compact(days, in_days=89) == []
    for table, moment in {"sync_runs": "heartbeat_at", "sync_ledger": "last_sent_at"}.items():
        days.sql(
            f"UPDATE common_room.{table} SET {moment} = {moment} - INTERVAL '30' DAY WHERE partition = '{DAYS[1]}'"
        )
    run_day(days, DAYS[0])
    assert compact(days, in_days=70, dry_run=True) == [("seen", "2026-03-02", 10)]
    assert not dropped(days, DAYS[1])
    assert compact(days, in_days=70) == [("seen", "2026-03-02", 10)]
    assert (dropped(days, DAYS[0]), dropped(days, DAYS[1])) == (False, True)


def test_a_person_is_still_known_by_the_address_of_a_compacted_row(days: Flow):
    compact(days)
    hashed = days.dialect.sha256("'person4@example.com'")
    days.sql(
        f"INSERT INTO common_room.pii_removals (request_id, email_hash, status) VALUES ('r1', {hashed}, 'submitted')"
    )
    days.sql("UPDATE seen SET full_name = 'Changed', email = NULL WHERE id = 'c4'")
    assert run_day(days, DAYS[0]).suppressed == 1
    assert days.posted() == []


def test_a_row_that_was_invalid_for_a_while_after_is_not_sent_again_when_it_is_as_before(days: Flow):
    compact(days)
    days.sql("UPDATE seen SET email = 'no address' WHERE id = 'c4'")
    assert run_day(days, DAYS[0]).invalid == 1
    days.sql("UPDATE seen SET email = 'person4@example.com' WHERE id = 'c4'")
    assert run_day(days, DAYS[0]).unchanged == 10
    assert days.posted() == []


def test_a_note_that_changes_after_is_not_written_a_second_time(flow: Flow):
    flow.sql("CREATE TABLE notes AS SELECT 1 AS id, 'Champions' AS segment, 'note' AS note")
    notes = Flow(flow.data, flow.sandbox, Sync("notes", "segment_note", "notes"))
    assert notes.run().delivered == 1
    assert compact(notes) == [("notes", "", 1)]
    notes.sql("UPDATE notes SET note = 'other'")
    assert notes.run().delivered == 0
    assert [note["note"] for note in flow.sandbox.control.notes()] == ["note"]


def test_rows_that_were_not_delivered_keep_their_reason(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET email = 'no address' WHERE id = 'c4'")
    flow.run()
    assert compact(flow) == [("contacts", "", 9)]
    assert set(flow.rejected()) == {"c4"}
    assert flow.sql("SELECT count(*) FROM common_room.sync_ledger WHERE run_id IS NOT NULL") == [(1,)]
