import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Options, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal

HOLD_FOR_TWO_SECONDS = """
import duckdb, sys, time
with duckdb.connect(sys.argv[1]) as connection:
    print("open", flush=True)
    time.sleep(2)
"""


def sync_once(terminal: Terminal, **options: object) -> None:
    run_sync(
        Sync("contacts", "contact", "common_room_contacts"),
        open_warehouse(f"duckdb:///{terminal.path}"),
        Destination(lambda: CommonRoomClient(terminal.sandbox.token, terminal.sandbox.base_url), 1),
        options=Options(**options),  # type: ignore[arg-type]
    )


def test_a_healthy_setup_has_no_problems(terminal: Terminal) -> None:
    result = terminal.types("doctor")
    assert result.exit_code == 0, result.output
    assert "Everything looks good." in result.output
    assert "the token is valid for the room Sandbox" in result.output
    assert "destination source 1 can write 9 custom fields" in result.output
    assert "10 rows: a run would send 10; 0 unchanged" in result.output
    assert "has not run yet" in result.output


def test_it_sends_nothing_and_shows_no_personal_data_and_no_token(terminal: Terminal) -> None:
    terminal.sql("UPDATE common_room_contacts SET email = 'ada lovelace at example.com' WHERE id = 'c3'")
    result = terminal.types("doctor")
    for secret in ("ada", "Lovelace", "@example.com", terminal.sandbox.token):
        assert secret not in result.output
    assert {request["method"] for request in terminal.sandbox.control.requests()} == {"GET"}


def test_it_shows_the_last_run(terminal: Terminal) -> None:
    sync_once(terminal)
    result = terminal.types("doctor")
    assert "a run would send 0; 10 unchanged" in result.output
    assert "ago: succeeded, 10 delivered with 10 requests" in result.output


def test_a_bad_token_is_a_problem(terminal: Terminal) -> None:
    terminal.env["COMMON_ROOM_API_TOKEN"] = "expired"  # noqa: S105 - no token
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "Common Room rejected the token" in result.output
    assert "the duckdb warehouse can be read" in result.output
    assert "1 problem found." in result.output


def test_no_token_is_a_problem(terminal: Terminal) -> None:
    terminal.env["COMMON_ROOM_API_TOKEN"] = None
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "COMMON_ROOM_API_TOKEN is not set" in result.output


def test_a_room_that_does_not_respond_is_a_problem(terminal: Terminal) -> None:
    terminal.env["COMMON_ROOM_BASE_URL"] = "http://127.0.0.1:9/community/v1"
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "no connection to Common Room" in result.output
    assert "cannot plan a run until Common Room can be reached" in result.output


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("77", "destination source 77 cannot write any of the room's 9 custom fields"),
        ("seven", "COMMON_ROOM_DESTINATION_SOURCE_ID is not a number"),
        (None, "cannot run without a destination source"),
    ],
)
def test_a_wrong_destination_source_is_a_problem(terminal: Terminal, source: str | None, said: str) -> None:
    terminal.env["COMMON_ROOM_DESTINATION_SOURCE_ID"] = source
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert said in result.output


def test_no_warehouse_is_a_problem(terminal: Terminal) -> None:
    terminal.path.unlink()
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "there is no DuckDB file" in result.output
    assert "the token is valid for the room" in result.output


def test_a_missing_required_column_is_a_problem_with_a_suggestion(terminal: Terminal) -> None:
    terminal.sql("ALTER TABLE common_room_contacts RENAME id TO contact_id")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "the source has no column id, which is required: rename contact_id in the view" in result.output


def test_a_misnamed_column_is_a_problem_and_an_unknown_one_is_not(terminal: Terminal) -> None:
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN loaded_at TIMESTAMP")
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN emails VARCHAR")
    result = terminal.types("doctor")
    assert result.exit_code == 0
    assert "not sent, because the contract has no such columns: loaded_at, emails" in result.output
    terminal.sql("ALTER TABLE common_room_contacts RENAME email TO e_mail")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "column e_mail is not in the contract and is not sent; did you mean email?" in result.output


def test_a_column_of_a_type_that_cannot_be_sent_is_a_problem(terminal: Terminal) -> None:
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN city BOOLEAN")
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN tags INTEGER")
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN custom_fields JSON")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "column city is BOOLEAN but must be text; cast it in the source" in result.output
    assert "column tags is INTEGER" in result.output
    assert "custom_fields is" not in result.output


def test_rows_that_cannot_be_sent_are_a_problem_with_counts(terminal: Terminal) -> None:
    terminal.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id IN ('c1', 'c2')")
    terminal.sql("INSERT INTO common_room_contacts VALUES (NULL, 'x', NULL), ('c9', 'x', NULL)")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "12 rows: a run would send 7" in result.output
    assert "5 rows cannot be sent" in result.output
    assert "2 x email is not an e-mail address" in result.output


def test_a_source_that_never_existed_is_off_and_one_that_was_dropped_is_a_problem(terminal: Terminal) -> None:
    terminal.sql("CREATE TABLE kept AS FROM common_room_contacts")
    sync_once(terminal)
    terminal.sql("DROP TABLE common_room_contacts")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "The last run found it" in result.output
    terminal.sql("DELETE FROM common_room.sync_runs")
    result = terminal.types("doctor")
    assert "off, because there is no common_room_contacts" in result.output
    assert "no sync has a source" in result.output


def test_a_source_that_cannot_be_planned_is_a_problem_although_its_columns_fit(terminal: Terminal) -> None:
    terminal.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' AS id, 'used_product' AS activity_type, 'u' AS user_id, "
        "'2026-03-01' AS timestamp"
    )
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "has the type VARCHAR, and a partition is a day of a timestamp; cast it in the view" in result.output
    # A source of another sync is no misspelling of this one's.
    assert "off, because there is no common_room_contact_activities\n" in result.output


def test_schedules_and_sensors_are_shown_as_they_are_in_dagster(terminal: Terminal, tmp_path: Path) -> None:
    assert "DAGSTER_HOME is not set" in terminal.types("doctor").output
    terminal.env["DAGSTER_HOME"] = str(tmp_path)
    found = json.loads(terminal.types("doctor", "--json").stdout)
    [section] = [each for each in found["sections"] if each["title"] == "Schedules and sensors"]
    [off] = [each["message"] for each in section["findings"]]
    assert off.startswith("off: common_room_catalog_schedule, pii_removals_sensor, sync_activities_recheck")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        turn_on(instance, "sync_contacts_schedule")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "on, but nothing runs them: sync_contacts_schedule; start dagster-daemon" in result.output


def turn_on(instance: dg.DagsterInstance, schedule: str) -> None:
    job = "cr_pipelines.definitions"
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name=job), "cr_pipelines")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), schedule)
    cron = ScheduleInstigatorData("0 * * * *")
    instance.add_instigator_state(InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, cron))


def test_an_emptied_source_is_a_problem(terminal: Terminal) -> None:
    sync_once(terminal)
    terminal.sql("DELETE FROM common_room_contacts")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "the source is empty and was not before" in result.output


def test_a_source_that_fails_while_it_is_read_shows_no_value(terminal: Terminal) -> None:
    terminal.sql("ALTER TABLE common_room_contacts RENAME TO people")
    terminal.sql("CREATE VIEW common_room_contacts AS SELECT CAST(email AS INTEGER) AS id FROM people")
    result = terminal.types("doctor")
    assert result.exit_code == 1
    assert "ada" not in result.output


def test_it_waits_while_another_process_has_the_warehouse_open(terminal: Terminal) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_FOR_TWO_SECONDS, str(terminal.path)], stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        assert terminal.types("doctor").exit_code == 0


def findings(terminal: Terminal) -> str:
    """What it says of privacy requests."""
    examined = terminal.types("doctor", "--definitions", "cr_pipelines_tests.command.contacts_location")
    return examined.output.partition("\nPrivacy requests\n")[2].partition("\n\n")[0]


def test_it_says_whether_privacy_requests_wait(terminal: Terminal) -> None:
    assert "off, because there is no table common_room_pii_requests" in findings(terminal)

    terminal.sql("CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR)")
    none = findings(terminal)
    assert "0 requests known" in none
    assert "wait" not in none

    terminal.sql("INSERT INTO common_room_pii_requests VALUES ('r1', 'ada1@example.com'), ('r2', 'ada2@example.com')")
    assert "2 privacy requests wait to be submitted to Common Room" in findings(terminal)
    assert terminal.sql("SELECT count(*) FROM common_room.pii_removals") == [(0,)]
    sync_once(terminal)
    pending = findings(terminal)
    assert "2 requests known: 2 pending" in pending
    assert "2 privacy requests wait" in pending

    terminal.sql(
        "UPDATE common_room.pii_removals SET status = 'overdue', submitted_at = '2026-01-01', due_at = '2026-01-16'"
    )
    assert "2 requests overdue: see cr-pipelines pii report" in findings(terminal)

    terminal.sql("ALTER TABLE common_room_pii_requests RENAME COLUMN email TO mail")
    unread = findings(terminal)
    assert "privacy requests cannot be read, so nobody new is suppressed" in unread
    assert "has no column email" in unread
    assert "example.com" not in unread
