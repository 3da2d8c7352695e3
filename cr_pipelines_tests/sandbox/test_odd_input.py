"""Odd values, methods and addresses: answered as the API would, without harm to what others sent."""

import http.client
import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines.sandbox.http.control import ROUTES
from cr_pipelines.sandbox.http.operations import OPERATIONS
from cr_pipelines.sandbox.http.recorder import Recorder
from cr_pipelines.sandbox.workspace.behavior import Behavior
from cr_pipelines.sandbox.workspace.clock import epoch_of, iso
from cr_pipelines.sandbox.workspace.room import Room
from cr_pipelines.sandbox.workspace.storage import Storage
from cr_pipelines_tests.support.room import anyone, client_of, custom_field_id, put_user

ACTIVITY: dict[str, Any] = {"id": "a", "activityType": "link", "user": {"id": "u"}}
HUGE = 99999999999999999999


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        ("Tue, 12 Nov 2024 00:00:00 GMT", 202),
        ("Dec 4, 2023", 202),
        ("2024-11-12T00:00:00.000Z", 202),
        ("0001-01-01T00:00:01+00:00", 202),
        ("0001-01-01T00:00:01+00:03", 400),
        ("9999-12-31T23:59:59-01:00", 400),
        ("Foo 4, 2023", 400),
        ("Feb 30, 2023", 400),
        ("Tue, 31 Nov 2024 00:00:00 GMT", 400),
        ("tomorrow", 400),
    ],
)
def test_a_date_is_taken_in_the_forms_that_the_api_takes(api: httpx.Client, timestamp: str, status: int) -> None:
    assert api.post("/source/1/activity", json=ACTIVITY | {"timestamp": timestamp}).status_code == status


def test_a_date_without_a_time_or_an_offset_is_utc_where_it_is_accepted() -> None:
    assert iso(epoch_of("Dec 4, 2023")) == "2023-12-04T00:00:00.000Z"
    assert iso(epoch_of("2023-12-04", ["date"])) == "2023-12-04T00:00:00.000Z"


@pytest.mark.parametrize("number", [HUGE, -HUGE, 10**400, 1e300])
def test_a_number_of_any_size_is_answered(api: httpx.Client, control: SandboxClient, number: float) -> None:
    seats = custom_field_id(api, "Seats")
    score = custom_field_id(api, "Health score")
    text = json.dumps({"id": "u", "discord": {"username": "u", "discriminator": "N"}}).replace('"N"', str(number))
    bodies = [text]
    for id_, type_ in ((seats, "int"), (score, "number")):
        change = {"id": id_, "value": {"type": type_, "value": "N"}}
        bodies.append(json.dumps({"id": "u", "customFields": [change]}).replace('"N"', str(number)))
    bodies.append(f'{{"id": "u", "customFields": [{{"id": {number}}}]}}')
    for body in bodies:
        response = api.post("/source/1/user", content=body, headers={"content-type": "application/json"})
        assert response.status_code in (202, 400), body
    put_user(api, id="v", email="v@example.com")
    assert api.get("/members", params={"email": "v@example.com"}).status_code == 200
    assert "v" in control.users()


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 19])
def test_an_id_of_any_length_is_unknown(api: httpx.Client, digits: str) -> None:
    assert api.get(f"/segments/{digits}/status").status_code == 404
    assert api.get("/members/customFields", params={"destinationSourceId": digits}).json() == []


def test_an_id_may_be_written_as_a_float(api: httpx.Client) -> None:
    seats = custom_field_id(api, "Seats")
    change = {"id": float(seats), "value": {"type": "int", "value": 3.0}}
    assert put_user(api, id="u", email="u@example.com", customFields=[change]).status_code == 202
    (member,) = api.get("/members", params={"email": "u@example.com"}).json()
    shown = next(field["value"] for field in member["custom_fields"] if field["name"] == "Seats")
    assert (shown, type(shown)) == (3, int)


@pytest.mark.parametrize("kind", ["Application/JSON", "APPLICATION/JSON; charset=UTF-8", "application/json;x=y"])
def test_the_content_type_has_no_case(api: httpx.Client, kind: str) -> None:
    assert api.post("/source/1/user", content=b'{"id": "u"}', headers={"content-type": kind}).status_code == 202


@pytest.mark.parametrize(("method", "path", "allowed"), [("PUT", "/tags", "GET, POST"), ("GET", "/activities", "POST")])
def test_a_wrong_method_is_405_and_says_the_right_ones(api: httpx.Client, method: str, path: str, allowed: str) -> None:
    response = api.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)


def test_the_root_of_the_api_is_not_found_in_the_words_of_the_api(sandbox: SandboxServer) -> None:
    headers = {"authorization": f"Bearer {sandbox.token}"}
    response = anyone.get(sandbox.base_url, headers=headers)
    assert (response.status_code, response.json()["status"]) == (404, "not-found")


def test_why_a_request_was_refused_is_in_the_header_the_record_and_on_the_page(
    api: httpx.Client, control: SandboxClient, sandbox: SandboxServer
) -> None:
    response = put_user(api, id="u", emial="ada@example.com")
    assert response.json()["reason"] == "invalid-request-body"
    assert "emial" in response.headers["x-sandbox-why"]
    (request,) = control.requests()
    assert "emial" in request["why"]
    assert request["why"] in anyone.get(f"{sandbox.url}/requests").text.replace("&#39;", "'")
    seats = custom_field_id(api, "Seats")
    change = {"id": seats, "value": {"type": "int", "value": "secret"}}
    why = put_user(api, id="u", customFields=[change]).headers["x-sandbox-why"]
    assert "type int" in why
    assert "secret" not in why


@pytest.mark.parametrize("odd", ["\0", "\x7f", "\r\nx-injected: 1", "\x85", "é"])
def test_why_a_request_was_refused_is_a_header_whatever_the_client_sent(api: httpx.Client, odd: str) -> None:
    response = api.post("/source/1/user", json={"id": "u", f"emial{odd}": "ada@example.com"})
    assert response.status_code == 400
    assert "emial?" in response.headers["x-sandbox-why"]
    assert "x-injected" not in response.headers


def test_two_users_with_one_linkedin_account_are_one_contact(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="u1", linkedin={"type": "handle", "value": "https://www.linkedin.com/in/Ada/?trk=x"})
    put_user(api, id="u2", fullName="Ada")
    put_user(api, id="u3", linkedin={"type": "handle", "value": "ada"})
    assert control.summary()["contacts"] == 2
    put_user(api, id="u2", linkedin={"type": "handle", "value": "in/ada"})
    (contact,) = control.contacts()
    assert {user["fields"]["id"] for user in contact["users"]} == {"u1", "u2", "u3"}


def test_a_record_that_cannot_be_stored_costs_no_other_record(caplog: pytest.LogCaptureFixture) -> None:
    room = Room(settle_seconds=60)
    room.catalog.add_source("Warehouse", 1)
    for id_, fields in (("one", {}), ("odd", {"bio": object()}), ("two", {})):
        room.accept_user(1, {"id": id_, **fields})  # type: ignore[typeddict-item]
    room.settle(everything=True)
    assert [id_ for _, id_ in room.people.profiles] == ["one", "two"]
    assert len(room.people.contacts) == 2
    assert room.unstorable == 1
    assert "cannot be stored" in caplog.text


def test_a_thing_that_cannot_be_saved_costs_no_other_thing(tmp_path: Path) -> None:
    room = Room(settle_seconds=0)
    room.catalog.add_source("Warehouse", 1)
    for id_ in ("one", "odd", "two"):
        room.accept_user(1, {"id": id_})
    odd = room.people.profiles[("1", "odd")].contact
    odd.custom_fields[1] = object()
    storage = Storage(tmp_path / "room.sqlite")
    storage.save(room)
    storage.close()
    again = Room()
    reopened = Storage(tmp_path / "room.sqlite")
    assert reopened.load(again)
    reopened.close()
    assert [id_ for _, id_ in again.people.profiles] == ["one", "two"]


@pytest.mark.process
def test_what_is_accepted_after_an_odd_value_survives_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "room.sqlite"
    with SandboxServer(data=data, settle_seconds=0.1) as sandbox, client_of(sandbox) as api:
        api.post("/source/1/activity", json=ACTIVITY | {"timestamp": "0001-01-01T00:00:01+00:03"})
        put_user(api, id="odd", discord={"username": "u", "discriminator": HUGE})
        time.sleep(0.3)
        assert put_user(api, id="after").status_code == 202
    with SandboxServer(data=data) as sandbox:
        assert "after" in sandbox.control.users()


def test_the_record_is_bounded_by_bytes() -> None:
    recorder = Recorder(keep=1000, keep_bytes=10_000)
    for _ in range(100):
        recorder.add(0.0, "POST", "/x", "addUpdateUserToSource", 202, b"x" * 1000, None)
    assert recorder.size <= 10_000
    assert [request.seq for request in recorder.after(95)] == [96, 97, 98, 99, 100]
    assert recorder.last_seq == 100


def test_the_body_of_a_request_without_a_token_is_not_kept(sandbox: SandboxServer, control: SandboxClient) -> None:
    anyone.post(f"{sandbox.base_url}/source/1/user", json={"id": "u"})
    (request,) = control.requests()
    assert (request["status"], request["body"]) == (403, None)


def test_the_clock_moves_a_hundred_years_at_most(control: SandboxClient) -> None:
    now = control.summary()["now"]
    for seconds in (1e12, 101 * 365.25 * 86_400):
        with pytest.raises(ValueError, match="advance_seconds"):
            control.advance(seconds)
    control.advance(60 * 365.25 * 86_400)
    with pytest.raises(ValueError, match="100 years"):
        control.advance(60 * 365.25 * 86_400)
    assert control.summary()["now"] > now
    assert control.contacts() == []


def test_a_contact_deleted_in_the_product_is_hidden_then_gone_and_restorable_in_between(
    api: httpx.Client, control: SandboxClient
) -> None:
    put_user(api, id="u1", email="ada@example.com", fullName="Ada")
    api.post("/source/1/activity", json={"id": "a", "activityType": "link", "user": {"id": "u1"}})
    (contact,) = control.contacts()
    control.delete_contact(contact["id"])
    assert api.get("/user/ada@example.com").status_code == 404
    assert (control.contacts(), control.activities()) == ([], [])
    control.restore_contact(contact["id"])
    assert control.contacts() == [contact]
    assert len(control.activities()) == 1

    control.delete_contact(contact["id"])
    put_user(api, id="u1", email="ada@example.com")
    (new,) = control.contacts()
    assert new["id"] != contact["id"]

    control.advance(31 * 86_400)
    assert control.deletions() == []
    with pytest.raises(ValueError, match="no hidden contact"):
        control.restore_contact(contact["id"])


@pytest.mark.process
def test_a_hidden_contact_is_still_restorable_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "room.sqlite"
    with SandboxServer(data=data) as sandbox, client_of(sandbox) as api:
        put_user(api, id="u1", email="ada@example.com")
        api.post("/source/1/activity", json={"id": "a", "activityType": "link", "user": {"id": "u1"}})
        (before,) = sandbox.control.contacts()
        sandbox.control.delete_contact(before["id"])
    with SandboxServer(data=data) as sandbox:
        assert sandbox.control.contacts() == []
        sandbox.control.restore_contact(before["id"])
        assert sandbox.control.contacts() == [before]


def ask(
    sandbox: SandboxServer, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]), timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body, headers=sent)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}


@pytest.mark.parametrize("path", ["/", "/_sandbox/contacts", "/community/v1/tags", "/openapi.json"])
def test_a_foreign_host_is_refused_everywhere(sandbox: SandboxServer, path: str) -> None:
    assert ask(sandbox, "GET", path, Host="evil.example")[0] == 421
    assert ask(sandbox, "GET", path, Host="127.0.0.1.evil.example")[0] == 421
    assert ask(sandbox, "GET", path, Host="localhost:1")[0] != 421


@pytest.mark.parametrize("path", ["reset", "faults", "limit", "clock", "scripts", "room"])
def test_another_web_page_cannot_change_the_room(sandbox: SandboxServer, path: str) -> None:
    port = sandbox.url.rpartition(":")[2]
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        sent = {"Content_Type": "application/json", **headers}
        assert ask(sandbox, "POST", f"/_sandbox/{path}", b"{}", **sent)[0] == 403
    assert ask(sandbox, "POST", f"/_sandbox/{path}", b"{}", Content_Type="text/plain")[0] == 415
    status, _ = ask(sandbox, "OPTIONS", f"/_sandbox/{path}", Origin="http://evil.example")
    assert status == 403
    own = {"Origin": f"http://127.0.0.1:{port}", "Content_Type": "application/json"}
    assert ask(sandbox, "POST", "/_sandbox/settle", b"{}", **own)[0] == 200


def test_web_pages_of_allowed_origins_may_use_it_and_other_names_on_request() -> None:
    settings: dict[str, Any] = {"allow_hosts": ["sandbox"], "allow_origins": ["http://localhost:5173"]}
    with SandboxServer(**settings) as sandbox:
        assert ask(sandbox, "GET", "/_sandbox/summary", Host="sandbox:80")[0] == 200
        origin = {"Origin": "http://localhost:5173"}
        status, headers = ask(sandbox, "OPTIONS", "/community/v1/tags", **origin)
        assert (status, headers["access-control-allow-origin"]) == (204, "http://localhost:5173")
        status, headers = ask(sandbox, "GET", "/community/v1/tags", Authorization=f"Bearer {sandbox.token}", **origin)
        assert (status, headers["access-control-allow-origin"]) == (200, "http://localhost:5173")
        assert ask(sandbox, "GET", "/community/v1/tags", Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize(
    "faults",
    [
        {"max_faults": "a"},
        {"error_statuses": [500.5]},
        {"error_rate": True},
        {"operations": ["listTagz"]},
        {"operations": "listTags"},
        {"error_rate": float("1e999")},
        {"latency_seconds": -1},
        {"seed": 1.5},
        {"error_statuses": []},
        {"operations": []},
    ],
)
def test_a_fault_setting_that_makes_no_sense_is_refused(sandbox: SandboxServer, faults: dict[str, Any]) -> None:
    content = json.dumps(faults)
    headers = {"content-type": "application/json"}
    response = anyone.post(f"{sandbox.url}/_sandbox/faults", content=content, headers=headers)
    assert response.status_code == 400
    assert "pydantic" not in response.text
    assert anyone.get(f"{sandbox.url}/_sandbox/summary").json()["faults"]["error_rate"] == 0


def test_a_custom_field_of_a_source_that_does_not_exist_is_refused(control: SandboxClient) -> None:
    with pytest.raises(ValueError, match="no destination source 9"):
        control.add_custom_field("Size", "int", sources=[1, 9])


def test_an_enum_without_values_is_refused(control: SandboxClient) -> None:
    with pytest.raises(ValueError, match="enum has values"):
        control.add_custom_field("Size", "enum")


@pytest.mark.parametrize("values", [{"lookup": "both"}, {"dates": ["iso"]}, {"longest_value": 0}, {"mood": "good"}])
def test_a_behavior_that_does_not_exist_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="behavior"):
        Behavior.of(values)


DEEP = {
    "arrays": "[" * 200_000 + "]" * 200_000,
    "objects": '{"id":' * 60_000 + "1" + "}" * 60_000,
    "a field": '{"id": "u", "fullName": ' + "[" * 900 + "]" * 900 + "}",
    "an unknown field": '{"id": "u", "more": ' + '{"a":[' * 400 + "]}" * 400 + "}",
    "custom fields": '{"id": "u", "customFields": [{"id": 1, "value": ' + "[" * 900 + "]" * 900 + "}]}",
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_no_depth_of_a_body_is_a_fault_of_the_sandbox(
    api: httpx.Client, control: SandboxClient, sandbox: SandboxServer, body: str
) -> None:
    json_type = {"content-type": "application/json"}
    for operation in OPERATIONS:
        if operation.method == "POST":
            path = re.sub(r"{\w+}", "1", operation.path)
            assert api.post(path, content=body, headers=json_type).status_code in (400, 404), path
    for route in ROUTES:
        if route.body is not None:
            response = anyone.post(f"{sandbox.url}/_sandbox/{route.name}", content=body, headers=json_type)
            assert response.status_code == 400, route.name
    assert control.requests()
    assert anyone.get(f"{sandbox.url}/requests").status_code == 200
    assert put_user(api, id="u", email="u@example.com").status_code == 202


@pytest.mark.parametrize(
    "head",
    [b"X-Header: value\r\n" * 1_000, b"X-Header: " + b"v" * 20_000, b"x" * 20_000],
    ids=["count", "value", "name"],
)
def test_a_request_whose_head_never_ends_is_cut(sandbox: SandboxServer, head: bytes) -> None:
    address = httpx.URL(sandbox.url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        connection.sendall(b"POST /community/v1/source/1/user HTTP/1.1\r\nHost: localhost\r\n")
        with pytest.raises(OSError, match=r"reset|pipe|abort"):
            connection.sendall(head * 1_000)
    assert anyone.get(sandbox.url).status_code == 200
