import re
from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from cr_pipelines.sync import Timing, run_sync
from cr_pipelines_tests.support.location import CONTACTS, Location


def test_a_materialization_shows_the_counts_of_the_run(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES ('bad', 'Name', 'no address')")

    outcome = location.run()

    assert outcome.succeeded
    assert len(location.room) == 10
    [shown] = outcome.materializations
    expected = {
        "dagster/row_count": 11,
        "rows_offered": 11,
        "rows_delivered": 10,
        "rows_unchanged": 0,
        "rows_invalid": 1,
        "rows_rejected": 0,
        "rows_failed": 0,
        "rows_suppressed": 0,
        "rows_not_sent": 0,
        "rows_absent_from_source": 0,
        "requests": 10,
        "requests_rate_limited": 0,
        "requests_retried": 0,
    }
    assert {name: shown[name] for name in expected} == expected
    assert shown["seconds"] > 0
    assert shown["rows_per_second"] > 0


def test_the_next_run_sends_only_what_changed(location: Location) -> None:
    location.run()
    location.sandbox.control.clear_requests()
    location.sql("UPDATE common_room_contacts SET full_name = 'Renamed' WHERE id IN ('c1', 'c2', 'c3')")

    outcome = location.run()

    [shown] = outcome.materializations
    assert (shown["rows_delivered"], shown["rows_unchanged"]) == (3, 7)
    assert sorted(location.posted()) == ["c1", "c2", "c3"]


def test_rejected_keys_are_listed_with_field_and_reason(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES ('bad', 'Name', 'no address')")

    [shown] = location.run().materializations

    [row] = (record.data for record in shown["rejected_keys"].records)
    assert (row["key"], row["status"], row["field"]) == ("bad", "invalid", "email")
    assert "no address" not in str(row)


def test_at_most_twenty_rejected_keys_are_listed(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts SELECT 'bad' || i, 'Name', 'no address' FROM range(30) AS n(i)")

    [shown] = location.run().materializations

    assert shown["rows_invalid"] == 30
    assert len(shown["rejected_keys"].records) == 20


def test_column_lineage_names_the_columns_that_the_source_has(location: Location) -> None:
    [shown] = location.run().materializations

    lineage = shown["dagster/column_lineage"].deps_by_column
    assert set(lineage) == {"id", "fullName", "email"}
    [source] = lineage["fullName"]
    assert source.asset_key == dg.AssetKey("common_room_contacts")
    assert source.column_name == "full_name"


def test_the_log_is_the_plan_and_then_the_outcome(location: Location) -> None:
    location.run()
    location.sql("UPDATE common_room_contacts SET full_name = 'Renamed' WHERE id IN ('c1', 'c2', 'c3')")

    run_id = location.run().result.run_id

    lines = [entry.user_message for entry in location.instance.all_logs(run_id) if entry.dagster_event is None]
    assert lines[0] == "contacts: planned 10 rows of the source: 3 to send, 0 of them new; 7 unchanged"
    assert lines[-1].startswith("contacts: 10 rows in the source: 3 delivered, 7 unchanged; 3 changed: full_name 3; ")
    assert len(lines) == 2


def test_the_log_of_a_long_run_stays_short(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = Timing(progress_seconds=0.01, longest_progress_seconds=0.01)
    monkeypatch.setattr("cr_pipelines.components.sync.execution.run_sync", partial(run_sync, timing=timing))
    location.sandbox.control.set_limit(3, 1)

    run_id = location.run().result.run_id

    lines = [entry.user_message for entry in location.instance.all_logs(run_id) if entry.dagster_event is None]
    assert 4 <= len(lines) <= 20
    assert all(" of 10 rows, " in line for line in lines[1:-1])


def test_the_metadata_says_first_how_many_rows_and_last_what_it_took(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES ('bad', 'Name', 'no address')")

    names = list(location.run().materializations[0])

    assert names[:4] == ["dagster/row_count", "rows_offered", "rows_new", "rows_delivered"]
    assert names.index("rows_invalid") < names.index("rejected_keys") < names.index("requests") < names.index("seconds")


def test_progress_is_observed_while_rows_are_sent(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = partial(run_sync, timing=Timing(progress_seconds=0.1))
    monkeypatch.setattr("cr_pipelines.components.sync.execution.run_sync", impatient)
    location.sandbox.control.set_faults(latency_seconds=0.3)

    outcome = location.run()

    first, *_ = outcome.observations
    assert first["rows_total"] == 10
    assert 0 <= first["rows_done"] <= 10
    assert {"rows_per_second", "requests_rate_limited"} <= set(first)
    assert len(outcome.materializations) == 1


def test_dagster_keeps_no_personal_data_and_no_token(location: Location, tmp_path: Path) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES ('bad', 'Grace Hopper', 'grace at example.com')")
    home = tmp_path / "home"
    home.mkdir()

    with dg.instance_for_test(temp_dir=str(home)) as location.instance:
        assert location.run().succeeded
        location.run(dry_run=True)
        location.sql("ALTER TABLE common_room_contacts ALTER COLUMN email SET DATA TYPE VARCHAR[] USING [email]")
        location.run()
        kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())

    assert b"rows_delivered" in kept
    for private in (b"example.com", b"Grace", b"Name 1", location.sandbox.token.encode()):
        assert private not in kept


def test_an_error_of_the_database_does_not_carry_a_row_into_dagster(location: Location) -> None:
    location.sql("CREATE TABLE people AS SELECT * FROM common_room_contacts")
    location.sql("DROP TABLE common_room_contacts")
    location.sql("CREATE VIEW common_room_contacts AS SELECT id, CAST(email AS INTEGER) AS email FROM people")

    outcome = location.run()

    assert not outcome.succeeded
    said = " ".join(str(event) for event in location.instance.all_logs(outcome.result.run_id))
    assert "example.com" not in said
    assert re.search(r"DuckDB|ConversionException", said)


def test_checks_of_a_run_are_recorded_for_the_asset(location: Location) -> None:
    location.run()

    keys = [dg.AssetCheckKey(CONTACTS, name) for name in ("source_usable", "rejections_under_threshold")]
    latest = location.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    assert {record.status.value for record in latest.values()} == {"SUCCEEDED"}
