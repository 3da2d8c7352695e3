"""The probe against sandboxes that behave in ways it must find out."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from cr_pipelines.cli import main
from cr_pipelines.probe import Consent, ProbedRoom, Report, Unclear, probe
from cr_pipelines.sandbox import SandboxServer


def probed(sandbox: SandboxServer, **consent: Any) -> Report:
    segment = sandbox.control.segments()[0]["id"]
    with ProbedRoom(sandbox.base_url, sandbox.token, sandbox.source_id, patience=10) as room:
        return probe(room, Consent(**({"room_name": "Sandbox", "segment": segment} | consent)))


def test_a_room_like_the_sandbox_holds_every_assumption_and_is_left_clean(sandbox: SandboxServer) -> None:
    tags = {tag["name"] for tag in sandbox.control.tags()}
    report = probed(sandbox)
    assert report.differences == []
    assert [result.assumption.name for result in report.results if result.agrees is None] == [
        "retry_after",
        "limit_body",
    ]
    assert report.left == 0
    assert {tag["name"] for tag in sandbox.control.tags() if not tag["deletedAt"]} == tags
    sandbox.control.advance(16 * 86_400)
    assert sandbox.control.users() == {}


@pytest.mark.parametrize(
    "behavior",
    [
        {"omitted": "cleared"},
        {"omitted_tags": "cleared", "omitted_custom_fields": "cleared"},
        {"sent_tags": "replaced", "lookup_plus": "ignored", "removal_plus": "ignored"},
        {"null": "kept", "accepted": "empty", "forbidden": "status"},
        {"field_without_value": "kept", "unknown_fields": "ignored", "note": "status"},
        {"field_without_value": "refused", "lookup": "list", "profile": "strings"},
        {"lookup_case": "matters", "removal_case": "matters", "segment_batch": "known_ones"},
        {"same_email": "separate", "same_linkedin": "separate"},
        {"taken_tag": "refused", "deleted_tag": "stays_deleted", "dates": ["date_time", "date"]},
        {"deleted_twice": "refused", "shapes": ["GET /members [].bio: number", "POST /tags description: number"]},
        {"shapes": ["DELETE /user/{email} status: array", "POST /members/note body: string"]},
        {"deleted_tag": "refused", "longest_value": 1234, "limit_headers": "ratelimit"},
        {"retired": ["createOrUpdateContact", "createUserInputActivity", "addNoteToSegment"]},
    ],
    ids=lambda behavior: "-".join(behavior),
)
def test_each_difference_is_found_and_the_report_makes_such_a_room(behavior: dict[str, Any]) -> None:
    with SandboxServer(behavior=behavior) as sandbox:
        report = probed(sandbox)
    assert set(report.differences) == set(behavior)
    plain = json.loads(json.dumps(report.plain()))
    assert {name: plain["behavior"][name] for name in behavior} == behavior
    made = SandboxServer(behavior=plain["behavior"]).settings.behavior.plain()
    assert {name: made[name] for name in behavior} == behavior


@pytest.mark.parametrize(
    ("form", "body"), [("seconds", "reason"), ("http_date", "rate_limit"), ("none", "reason"), ("date_time", "reason")]
)
def test_the_form_of_a_429_is_found_only_on_request(form: str, body: str) -> None:
    with SandboxServer(behavior={"retry_after": form, "limit_body": body}, limit=3, interval_seconds=0.5) as sandbox:
        report = probed(sandbox, room_name=None, rate_limit=True)
    found = {result.assumption.name: result.seen for result in report.results}
    assert (found["retry_after"], found["limit_body"]) == (form, body)


def test_a_shape_that_nobody_has_seen_is_found_without_a_value(sandbox: SandboxServer) -> None:
    odd = [{"id": "s3cret", "name": None, "owner": "ada@example.com"}]
    sandbox.control.set_scripts({"operation": "getSegments", "body": odd})
    with ProbedRoom(sandbox.base_url, sandbox.token) as room:
        report = probe(room, Consent())
    assert report.differences == ["shapes"]
    seen = ["GET /segments [].id: string", "GET /segments [].name: null"]
    plain = report.plain()
    assert plain["shapes"] == seen
    with SandboxServer(behavior=plain["behavior"]) as made:
        assert probed(made, room_name=None).plain()["shapes"] == seen


def test_every_kind_of_shape_is_reproduced() -> None:
    shapes = [
        "GET /api-token-status communityId: number",
        "GET /members/customFields [].type: missing",
        "GET /members/customFields [].values[]: object",
        "GET /segments body: object",
        "GET /members 4xx reason: array",
        "GET /tags/{id} 4xx docs: array",
    ]
    with SandboxServer(behavior={"shapes": shapes}) as sandbox:
        report = probed(sandbox, room_name=None)
    assert set(report.plain()["shapes"]) == set(shapes)
    with pytest.raises(ValueError, match="behavior shapes must be a list"):
        SandboxServer(behavior={"shapes": ["GET /segments"]})


def test_a_gateways_404_in_json_is_an_operation_that_is_not_there(sandbox: SandboxServer) -> None:
    gone = {"status": 404, "body": {"message": "no Route matched with those values"}}
    sandbox.control.set_scripts({"operation": "addNoteToSegment", **gone}, {"operation": "deleteTag", "status": 405})
    assert set(probed(sandbox).plain()["behavior"]["retired"]) == {"addNoteToSegment", "deleteTag"}


def test_a_settling_time_is_measured() -> None:
    with SandboxServer(settle_seconds=0.6) as sandbox:
        with ProbedRoom(sandbox.base_url, sandbox.token, sandbox.source_id, patience=10) as room:
            report = probe(room, Consent("Sandbox"))
        assert 0.5 <= report.plain()["settle_seconds"] < 5
        sandbox.control.advance(16 * 86_400)
        assert sandbox.control.users() == {}
    assert report.differences == []


def test_read_only_writes_nothing(sandbox: SandboxServer) -> None:
    report = probed(sandbox, room_name=None)
    assert {request["method"] for request in sandbox.control.requests()} == {"GET"}
    tried = {result.assumption.name for result in report.results if result.agrees is not None}
    assert tried == {"retired", "forbidden", "limit_headers", "shapes"}


def test_consent_for_another_room_writes_nothing(sandbox: SandboxServer) -> None:
    with pytest.raises(Unclear, match="'Sandbox'"):
        probed(sandbox, room_name="Production")
    assert {request["method"] for request in sandbox.control.requests()} == {"GET"}


def test_a_room_without_look_ups_is_reported_as_such() -> None:
    with SandboxServer(behavior={"retired": ["getContactByEmail"]}) as sandbox:
        report = probed(sandbox)
    assert report.differences == ["retired"]
    unknown = [result for result in report.results if result.agrees is None]
    assert any("no longer there" in result.note for result in unknown)


def test_the_command_asks_for_consent(monkeypatch: pytest.MonkeyPatch, sandbox: SandboxServer) -> None:
    assert CliRunner().invoke(main, ["probe"]).exit_code == 2
    assert CliRunner().invoke(main, ["probe", "--read-only", "--yes-write-to", "Sandbox"]).exit_code == 2
    assert sandbox.control.requests() == []


def test_the_command_prints_a_line_for_each_assumption_and_a_report_without_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    with SandboxServer(token="s3cret", behavior={"omitted": "cleared"}) as sandbox:
        monkeypatch.setenv("COMMON_ROOM_API_TOKEN", "s3cret")
        monkeypatch.setenv("COMMON_ROOM_BASE_URL", sandbox.base_url)
        monkeypatch.setenv("COMMON_ROOM_DESTINATION_SOURCE_ID", "1")
        result = CliRunner().invoke(main, ["probe", "--yes-write-to", "Sandbox", "--json", str(file)])
    assert result.exit_code == 1, result.output
    assert "Differs from the sandbox: omitted." in result.output
    assert "NO" in next(line for line in result.output.splitlines() if line.startswith("omitted"))
    text = file.read_text()
    for secret in ("s3cret", "127.0.0.1", "@", "Sandbox"):
        assert secret not in text
    assert json.loads(text)["behavior"]["omitted"] == "cleared"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, sandbox: SandboxServer) -> None:
    monkeypatch.setenv("COMMON_ROOM_API_TOKEN", sandbox.token)
    monkeypatch.setenv("COMMON_ROOM_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("COMMON_ROOM_DESTINATION_SOURCE_ID", str(sandbox.source_id))


def is_clean(sandbox: SandboxServer) -> bool:
    """Whether nothing of the probe is left once the removals are done."""
    sandbox.control.settle()
    sandbox.control.advance(16 * 86_400)
    tags = [tag["name"] for tag in sandbox.control.tags() if not tag["deletedAt"]]
    return sandbox.control.users() == {} and not any("probe" in name for name in tags)


@pytest.mark.long
@pytest.mark.process
@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_probe_after_its_records_were_removed(sandbox: SandboxServer, number: int) -> None:
    command = [str(Path(sys.executable).with_name("cr-pipelines")), "probe", "--yes-write-to", "Sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("sent_tags"):
            assert line, "the probe ended before"
        process.send_signal(number)
        said = process.stdout.read()
    assert process.returncode == 1
    assert "Interrupted" in said
    assert "may be left" not in said
    assert sandbox.control.summary()["contacts"] > 2
    assert is_clean(sandbox)


@pytest.mark.usefixtures("environment")
def test_what_is_accepted_and_not_visible_yet_is_removed_too() -> None:
    with SandboxServer(settle_seconds=1.5) as sandbox:
        with ProbedRoom(sandbox.base_url, sandbox.token, sandbox.source_id, patience=10) as room:
            room.put("early", email=room.new_address())
            room.clean_up()
            assert room.left == 0
        assert is_clean(sandbox)


def test_records_that_may_be_left_are_counted(sandbox: SandboxServer) -> None:
    with ProbedRoom(sandbox.base_url, sandbox.token, sandbox.source_id, patience=0.5) as room:
        room.person("one")
        room.new_tag("one")
        sandbox.control.set_scripts({"operation": "anonymizeContact", "preset": "failure", "status": 503})
        room.clean_up()
        assert room.left == 1
    assert not [tag for tag in sandbox.control.tags() if room.marker in tag["name"] and not tag["deletedAt"]]


def test_a_removal_that_fails_once_is_tried_again(sandbox: SandboxServer) -> None:
    with ProbedRoom(sandbox.base_url, sandbox.token, sandbox.source_id, patience=10) as room:
        room.person("one")
        sandbox.control.set_scripts({"operation": "anonymizeContact", "status": 503, "times": 1})
        room.clean_up()
    assert room.left == 0
    assert is_clean(sandbox)


def test_a_person_whose_change_was_refused_is_still_removed(sandbox: SandboxServer) -> None:
    with ProbedRoom(sandbox.base_url, sandbox.token, sandbox.source_id, patience=10) as room:
        address = room.person("one")
        assert room.put("one", email=address, colour="red").status == 400
        room.clean_up()
    assert is_clean(sandbox)


@pytest.mark.usefixtures("environment")
def test_the_command_needs_https_and_a_room_and_a_file_that_it_can_write(
    monkeypatch: pytest.MonkeyPatch, sandbox: SandboxServer, tmp_path: Path
) -> None:
    def said(*options: str) -> str:
        result = CliRunner().invoke(main, ["probe", "--read-only", *options])
        assert result.exit_code == 1
        assert not isinstance(result.exception, httpx.HTTPError | OSError | ValueError)
        return result.output

    assert "cannot be written" in said("--json", str(tmp_path / "no" / "report.json"))
    assert sandbox.control.requests() == []
    sandbox.control.set_scripts({"operation": "*", "preset": "login_page"})
    assert "the room does not know the token" in said()
    sandbox.control.set_scripts({"operation": "*", "body": {"captive": True}})
    assert "names no room" in said()
    monkeypatch.setenv("COMMON_ROOM_BASE_URL", "http://127.0.0.1:9/community/v1")
    assert "no response from the room" in said()
    monkeypatch.setenv("COMMON_ROOM_BASE_URL", "http://api.example.com/community/v1")
    assert "COMMON_ROOM_ALLOW_HTTP" in said()
