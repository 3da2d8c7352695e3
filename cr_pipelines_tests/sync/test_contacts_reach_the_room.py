import re

import pytest

from cr_pipelines.sync import SourceUnusable, SyncStopped
from cr_pipelines.warehouse import SourceMissing
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import ARRANGEMENTS

pytestmark = [pytest.mark.core, pytest.mark.parametrize("engine", ARRANGEMENTS)]

NOT_IN_SQLITE = re.compile(
    r"another_order_of_columns|\[\{|\[\[|named_with_its_schema|\(SELECT id FROM|waits_for_a_change_or_a_resync"
)
"""Scenarios whose SQL SQLite does not have: structs, lists, schemas, a query in brackets."""


@pytest.fixture(autouse=True)
def _only_what_the_engine_has(request: pytest.FixtureRequest, engine: str) -> None:
    if engine.startswith("sqlite") and NOT_IN_SQLITE.search(request.node.name):
        pytest.skip("SQLite has no such SQL")


def accounted(report) -> int:
    return (
        report.unchanged + report.delivered + report.invalid + report.rejected + report.failed
        + report.suppressed + report.unknown + report.not_sent
    )  # fmt: skip


def test_a_first_run_delivers_every_row_and_a_second_sends_nothing(flow: Flow):
    first = flow.run()
    assert (first.source_rows, first.delivered, first.unchanged) == (10, 10, 0)
    assert flow.room["c3"]["fullName"] == "Name 3"
    flow.sandbox.control.clear_requests()
    second = flow.run()
    assert (second.source_rows, second.delivered, second.unchanged, second.requests) == (10, 0, 10, 0)
    assert flow.sandbox.control.requests() == []


def test_only_changed_and_new_rows_are_sent(flow: Flow):
    flow.run()
    flow.sandbox.control.clear_requests()
    flow.sql("UPDATE common_room_contacts SET full_name = 'Changed' WHERE id IN ('c1', 'c2')")
    flow.sql("INSERT INTO common_room_contacts VALUES ('new', 'New', NULL, 1)")
    report = flow.run()
    assert sorted(flow.posted()) == ["c1", "c2", "new"]
    assert (report.delivered, report.unchanged) == (3, 8)
    assert flow.room["c1"]["fullName"] == "Changed"


def test_columns_outside_the_contract_change_nothing(flow: Flow):
    flow.run()
    flow.sql("UPDATE common_room_contacts SET seats = seats + 1")
    flow.sql("ALTER TABLE common_room_contacts ADD COLUMN fullname VARCHAR")
    report = flow.run()
    assert report.requests == 0
    assert report.ignored_columns == {"seats": None, "fullname": "full_name"}


def test_a_new_column_of_nulls_and_another_order_of_columns_change_nothing(flow: Flow):
    flow.run()
    flow.sandbox.control.clear_requests()
    flow.sql("CREATE VIEW reordered AS SELECT email, NULL::VARCHAR AS city, full_name, id FROM common_room_contacts")
    assert flow.reading("reordered").run().requests == 0


def test_an_engine_upgrade_changes_nothing(flow: Flow):
    flow.run()
    flow.sql("UPDATE common_room.sync_ledger SET row_hash = row_hash + 1, row_hash_version = 'duckdb 1.9.9'")
    assert flow.run().requests == 0
    assert flow.sql("SELECT count(*) FROM common_room.sync_ledger WHERE row_hash_version = 'duckdb 1.9.9'") == [(0,)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'x' AS full_name", "'x' AS username"),
        ("'a' AS city, 'b' AS region", "'a' AS region, 'b' AS city"),
        ("{'Plan': 'Free'} AS custom_fields", "{'Teams': 'Free'} AS custom_fields"),
        ("{'Seats': 1250::DECIMAL(18,0)} AS custom_fields", "{'Health score': 12.50::DECIMAL(18,2)} AS custom_fields"),
        ("'Free'::ENUM ('Free', 'Paid') AS bio", "'Paid'::ENUM ('Paid', 'Free') AS bio"),
        ("['a'] AS tags", "['a', 'b'] AS tags"),
        ("NULL::VARCHAR[] AS tags, 'x' AS bio", "[] AS tags, 'y' AS bio"),
    ],
)
def test_a_change_of_the_view_is_a_change_of_its_rows(flow: Flow, before: str, after: str):
    if flow.data.kind != "duckdb" and ("ENUM" in before or "[] AS" in after):
        pytest.skip("DuckDB's own notation")
    flow.reading(f"SELECT 'c' AS id, {before}").run()
    flow.sandbox.control.clear_requests()
    flow.reading(f"SELECT 'c' AS id, {after}").run()
    assert flow.posted() == ["c"]


def test_a_source_may_be_named_with_its_schema(flow: Flow):
    schema = "main" if flow.data.kind == "duckdb" else "public"
    assert flow.reading(f"{schema}.common_room_contacts").run().delivered == 10


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, full_name FROM common_room_contacts -- all of them",
        "-- everyone\nSELECT\nid\nFROM\ncommon_room_contacts",
        "/* all */ (SELECT id FROM common_room_contacts)",
        "WITH duplicates AS (SELECT * FROM common_room_contacts) SELECT id FROM duplicates;",
    ],
)
def test_a_source_may_be_any_query_or_qualified_name(flow: Flow, query: str):
    assert flow.reading(query).run().delivered == 10


def test_a_limit_is_not_spent_on_rows_that_stay_invalid(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET email = 'no address' WHERE id < 'c4'")
    for _ in range(3):
        flow.run(limit=4)
    assert len(flow.room) == 6


def test_shared_keys_that_leave_and_return_are_shown_again(flow: Flow):
    twins = flow.reading("SELECT 'twin' AS id UNION ALL SELECT 'twin' UNION ALL SELECT 'single'")
    twins.run()
    flow.reading("SELECT 'single' AS id").run()
    assert flow.rejected() == {}
    twins.run()
    assert list(flow.rejected()) == ["twin"]


def test_keys_that_the_source_does_not_have_are_reported(flow: Flow):
    report = flow.run(keys=["c1", "nope"])
    assert report.unknown_keys == ("nope",)
    assert "1 of the keys asked for" in report.summary()


def test_null_and_empty_text_are_different_rows(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET full_name = NULL WHERE id = 'c1'")
    flow.run()
    flow.sandbox.control.clear_requests()
    flow.sql("UPDATE common_room_contacts SET full_name = '' WHERE id = 'c1'")
    flow.run()
    assert flow.posted() == ["c1"]


def test_null_keys_and_shared_keys_are_invalid_and_block_nobody(flow: Flow):
    flow.sql(
        "INSERT INTO common_room_contacts VALUES (NULL, 'A', NULL, 1), (NULL, 'B', NULL, 1), ('c1', 'Twin', NULL, 1)"
    )
    report = flow.run()
    assert (report.source_rows, report.delivered, report.invalid) == (13, 9, 4)
    assert (report.null_keys, report.duplicate_rows) == (2, 2)
    rejected = flow.rejected()
    assert rejected["@null"] == ("id", "2 rows without id; give every row a key, or leave such rows out of the view")
    assert rejected["c1"][1].startswith("2 rows have this key")
    flow.sql("DELETE FROM common_room_contacts WHERE id IS NULL OR full_name = 'Twin'")
    fixed = flow.run()
    assert (fixed.delivered, fixed.unchanged, fixed.invalid) == (1, 9, 0)
    assert flow.rejected() == {}


def test_a_row_that_was_broken_for_a_while_and_is_as_it_was_is_not_sent_again(flow: Flow):
    flow.run()
    flow.sql("UPDATE common_room_contacts SET email = 'no address' WHERE id = 'c1'")
    assert flow.run().invalid == 1
    flow.sandbox.control.clear_requests()
    flow.sql("UPDATE common_room_contacts SET email = 'person1@example.com' WHERE id = 'c1'")
    report = flow.run()
    assert (report.unchanged, report.invalid, flow.posted()) == (10, 0, [])
    assert flow.statuses()["c1"] == "delivered"


def test_an_empty_source_after_a_full_one_changes_nothing(flow: Flow):
    flow.run()
    flow.sql("CREATE VIEW broken AS SELECT * FROM common_room_contacts WHERE false")
    report = flow.reading("broken").run()
    assert report.emptied
    assert (report.requests, report.absent_from_source) == (0, 0)
    assert set(flow.statuses().values()) == {"delivered"}


def test_a_row_that_leaves_and_returns_unchanged_is_not_sent_again(flow: Flow):
    flow.run()
    flow.sandbox.control.clear_requests()
    without = flow.reading("SELECT * FROM common_room_contacts WHERE id <> 'c1'")
    assert without.run().absent_from_source == 1
    assert "c1" not in flow.statuses()
    assert without.run().absent_from_source == 0
    back = flow.run()
    assert (back.unchanged, back.requests) == (10, 0)
    assert "c1" in flow.statuses()


def test_a_row_that_was_rejected_leaves_the_view_with_its_source_row(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET email = 'no address' WHERE id = 'c1'")
    flow.run()
    assert list(flow.rejected()) == ["c1"]
    flow.sql("DELETE FROM common_room_contacts WHERE id = 'c1'")
    flow.run()
    assert flow.rejected() == {}


TOO_LARGE = (
    "CASE WHEN id = 'c4' THEN "
    "(SELECT array_agg(repeat('x', 900) || i) FROM generate_series(1, 700) AS t(i)) END AS tags"
)
"""Passes our checks, and is more than the room takes in one request."""


def test_a_refused_row_waits_for_a_change_or_a_resync_of_what_failed(flow: Flow):
    oversized = flow.reading(f"SELECT *, {TOO_LARGE} FROM common_room_contacts")
    report = oversized.run()
    assert (report.delivered, report.rejected) == (9, 1)
    assert list(flow.rejected()) == ["c4"]
    flow.sandbox.control.clear_requests()
    again = oversized.run()
    assert (again.rejected, again.unchanged, again.requests) == (1, 9, 0)
    flow.sql("UPDATE common_room_contacts SET seats = 5")
    retried = oversized.run(resync="failed")
    assert (retried.rejected, retried.unchanged, retried.requests) == (1, 9, 1)
    fixed = flow.run()
    assert (fixed.delivered, fixed.unchanged, fixed.rejected) == (1, 9, 0)
    assert flow.rejected() == {}


def test_resync_all_sends_every_row(flow: Flow):
    flow.run()
    flow.sandbox.control.clear_requests()
    report = flow.run(resync="all")
    assert (report.delivered, len(flow.posted())) == (10, 10)


def test_keys_and_limit_narrow_a_run_and_the_rest_is_counted(flow: Flow):
    named = flow.run(keys=["c1", "c2"])
    assert sorted(flow.posted()) == ["c1", "c2"]
    assert (named.delivered, named.absent_from_source) == (2, 0)
    limited = flow.run(limit=3)
    assert (limited.delivered, limited.unchanged, limited.not_sent) == (3, 2, 5)
    assert flow.run().delivered == 5


def test_a_dry_run_sends_nothing_and_records_nothing(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET email = 'no address' WHERE id = 'c1'")
    report = flow.run(dry_run=True)
    assert (report.delivered, report.invalid) == (9, 1)
    assert report.rejected_rows[0].key == "c1"
    assert '"fullName":"Name ' in report.samples[0]
    assert flow.posted() == []
    assert flow.sql("SELECT count(*) FROM common_room.sync_ledger") == [(0,)]
    assert flow.sql("SELECT count(*) FROM common_room.sync_runs") == [(0,)]
    assert flow.run().delivered == 9


def test_a_bad_token_stops_the_run_at_once(flow: Flow):
    from cr_pipelines.sync import Options, run_sync

    with pytest.raises(SyncStopped, match="Common Room rejected the token"):
        run_sync(flow.sync, flow.warehouse, flow.destination(token="wrong"), options=Options())
    assert flow.statuses() == {}
    [(state, not_sent)] = flow.sql("SELECT state, not_sent FROM common_room.sync_runs")
    assert (state, not_sent) == ("stopped", 10)
    assert flow.run().delivered == 10


def test_an_unknown_source_stops_the_run_at_once(flow: Flow):
    from dataclasses import replace

    from cr_pipelines.sync import run_sync

    destination = replace(flow.destination(), source_id=999)
    with pytest.raises(SyncStopped, match="no such destination source"):
        run_sync(flow.sync, flow.warehouse, destination)
    assert len(flow.posted()) <= 10


def test_a_missing_source_and_a_missing_key_column_say_what_to_do(flow: Flow):
    with pytest.raises(SourceMissing, match="nowhere"):
        flow.reading("nowhere").run()
    with pytest.raises(SourceUnusable, match="has no column id"):
        flow.reading("SELECT full_name FROM common_room_contacts").run()
    [(state, why)] = flow.sql("SELECT state, stopped_by FROM common_room.sync_runs WHERE stopped_by LIKE '%column%'")
    assert (state, "has no column id" in why) == ("failed", True)


def test_every_run_is_noted_with_its_counts(flow: Flow):
    flow.run()
    [run] = flow.sql(
        "SELECT sync, state, source_rows, offered, delivered, requests, rate_limited, seconds > 0 "
        "FROM common_room.sync_runs"
    )
    assert run == ("contacts", "succeeded", 10, 10, 10, 10, 0, True)


def test_the_ledger_holds_hashes_and_no_addresses(flow: Flow):
    flow.sql("INSERT INTO common_room_contacts VALUES ('ada@example.com', 'Ada', 'ada@example.com', 1)")
    flow.run()
    assert "ada@example.com" in flow.room
    columns = [
        name
        for (name,) in flow.sql("SELECT column_name FROM information_schema.columns WHERE table_name = 'sync_ledger'")
    ]
    held = flow.sql(
        "SELECT "
        + ", ".join(f"bool_or({name}::VARCHAR LIKE '%@example%')" for name in columns)
        + " FROM common_room.sync_ledger"
    )
    assert not any(held[0])
    assert flow.run().requests == 0
