"""What is wrong is named, with what there is."""

import json
import subprocess

import pytest

from cr_pipelines_tests.support.terminal import Terminal


def test_a_view_in_another_schema_is_named(terminal: Terminal) -> None:
    terminal.sql("CREATE SCHEMA crm; CREATE TABLE crm.contacts AS SELECT * FROM common_room_contacts")
    terminal.sql("CREATE TABLE crm.common_room_contacts AS SELECT * FROM common_room_contacts")
    terminal.sql("DROP TABLE main.common_room_contacts")
    for arguments in (["plan", "contacts"], ["run", "contacts"], ["doctor"]):
        assert "; there is crm.common_room_contacts" in terminal.types(*arguments).output
    assert "; there is crm.contacts" in terminal.types("suggest", "contact", "contact").output


def test_a_table_of_another_state_schema_is_no_source(terminal: Terminal) -> None:
    assert terminal.types("run", "contacts").exit_code == 0
    terminal.env["CR_STATE_SCHEMA"] = "another"
    output = terminal.types("doctor").output
    assert "there is no common_room_tags" in output
    assert "room_tags:" not in output


def test_a_base_url_without_its_path_is_named(terminal: Terminal) -> None:
    terminal.env["COMMON_ROOM_BASE_URL"] = terminal.sandbox.base_url.removesuffix("/community/v1")
    terminal.sql('ALTER TABLE common_room_contacts ADD COLUMN custom_fields STRUCT("Plan" VARCHAR)')
    for command in ("doctor", "plan contacts", "run contacts"):
        output = terminal.types(*command.split()).output
        assert "COMMON_ROOM_BASE_URL does not end in /community/v1; set it to http://127.0.0.1" in output


def test_a_destination_source_that_does_not_exist_is_named_once(terminal: Terminal) -> None:
    terminal.env["COMMON_ROOM_DESTINATION_SOURCE_ID"] = "999"
    terminal.sql('ALTER TABLE common_room_contacts ADD COLUMN custom_fields STRUCT("Plan" VARCHAR)')
    terminal.sql("UPDATE common_room_contacts SET custom_fields = {'Plan': 'Team'}")
    result = terminal.types("plan", "contacts")
    assert result.exit_code == 1
    assert result.output.count("destination source 999 cannot write any of the room's") == 1
    assert "destination source 999 cannot write" in terminal.types("run", "contacts").output


def test_a_name_that_the_room_does_not_have_is_named_with_what_there_is(terminal: Terminal) -> None:
    terminal.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' AS id, 'zzz' AS activity_type, 'u' AS user_id, "
        "TIMESTAMP '2026-03-01' AS timestamp"
    )
    output = terminal.types("plan", "activities", "--day", "2026-03-01").output
    assert "activity_type is not an activity type of the room; there are " in output
    assert "zzz" not in output.replace('"zzz"', "")


def test_a_plan_shows_method_and_path_of_each_request(terminal: Terminal) -> None:
    assert "Request 1: POST /source/1/user (personal data)" in terminal.types("plan", "contacts").output


def test_doctor_speaks_of_versions_state_and_privacy_and_prints_json(terminal: Terminal) -> None:
    terminal.types("run", "contacts")
    terminal.sql("UPDATE common_room.sync_runs SET state = 'running', finished_at = NULL")
    terminal.sql(
        "CREATE TABLE common_room_pii_requests AS "
        "SELECT 'r1' AS request_id, 'ada1@example.com' AS email, TIMESTAMP '2026-11-01' AS requested_at"
    )
    result = terminal.types("doctor", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    said = {section["title"]: section["findings"] for section in found["sections"]}
    assert "cr-pipelines 0." in said["Versions"][0]["message"]
    assert said["State"][0]["message"] == "10 rows in sync_ledger, 0 in the outbox"
    assert "contacts is running since" in said["State"][1]["message"]
    assert any("1 privacy request waits" in each["message"] for each in said["Privacy requests"])
    assert found["problems"] == 1
    assert "ada" not in result.output


def test_the_report_on_privacy_requests_is_json(terminal: Terminal) -> None:
    report = json.loads(terminal.types("pii", "report", "--json").stdout)
    assert report["requests"] == []
    assert report["version"].startswith("cr-pipelines ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(terminal: Terminal, shell: str) -> None:
    printed = terminal.types("completion", shell).stdout
    assert "_CR_PIPELINES_COMPLETE" in printed
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=printed, text=True, check=True)
