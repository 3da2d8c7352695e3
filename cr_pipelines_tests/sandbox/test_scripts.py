"""Scripted responses: whatever a proxy, a gateway or the vendor may send instead of the API's own response."""

import time
from typing import Any

import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines_tests.support.room import client_of, put_user


@pytest.mark.parametrize(
    ("preset", "status", "content_type", "text"),
    [
        ("login_page", 200, "text/html", "Sign in"),
        ("gateway", 502, "text/html", "Bad Gateway"),
        ("retired", 404, "text/html", "Cannot POST /source/1/user"),
        ("revoked_token", 403, "application/json", "Token not valid"),
        ("failure", 200, "application/json", '"status":"failure"'),
        ("empty", 202, "application/json", ""),
    ],
)
def test_a_response_can_be_one_that_is_not_the_apis(
    api: httpx.Client, control: SandboxClient, preset: str, status: int, content_type: str, text: str
) -> None:
    control.set_scripts({"operation": "addUpdateUserToSource", "preset": preset})
    response = put_user(api, id="u")
    assert response.status_code == status
    assert response.headers["content-type"].startswith(content_type)
    assert text in response.text
    assert set(control.users()) == ({"u"} if preset == "empty" else set())
    assert control.requests()[0]["fault"] == f"script {preset}"
    assert api.get("/tags").status_code == 200


def test_a_script_is_for_the_next_responses_and_may_skip_some(api: httpx.Client, control: SandboxClient) -> None:
    control.set_scripts({"operation": "*", "skip": 1, "times": 2, "status": 418})
    assert [api.get("/tags").status_code for _ in range(5)] == [200, 418, 418, 200, 200]
    assert control.scripts()[0]["given"] == 2
    control.set_scripts()
    assert control.scripts() == []


def test_a_script_may_be_for_requests_that_contain_a_text(api: httpx.Client, control: SandboxClient) -> None:
    control.set_scripts({"operation": "*", "containing": "ada@", "preset": "gateway"})
    assert put_user(api, id="u1", email="ada@example.com").status_code == 502
    assert put_user(api, id="u2", email="eve@example.com").status_code == 202
    assert api.get("/user/ada@example.com").status_code == 502


def test_scripts_follow_each_other(api: httpx.Client, control: SandboxClient) -> None:
    control.set_scripts({"operation": "*", "times": 1, "status": 500}, {"operation": "*", "times": 1, "status": 408})
    assert [api.get("/tags").status_code for _ in range(3)] == [500, 408, 200]


def test_status_content_type_headers_and_body_are_free(api: httpx.Client, control: SandboxClient) -> None:
    scripts: dict[str, Any] = {"status": 299, "content_type": "text/x", "body": "half a b", "headers": {"X-Y": "z"}}
    control.set_scripts({"operation": "listTags", **scripts})
    response = api.get("/tags")
    assert (response.status_code, response.headers["content-type"], response.text) == (299, "text/x", "half a b")
    assert response.headers["x-y"] == "z"
    control.set_scripts({"operation": "listTags", "body": {"labels": None}})
    assert api.get("/tags").json() == {"labels": None}


def test_odd_items_stand_among_the_good_ones(api: httpx.Client, control: SandboxClient) -> None:
    good = api.get("/segments").json()
    control.set_scripts({"operation": "*", "preset": "odd_items"})
    assert api.get("/segments").json()[: len(good)] == good
    assert None in api.get("/segments").json()
    assert None in api.get("/tags").json()["labels"]


def test_a_response_without_a_list_has_no_odd_items() -> None:
    with SandboxServer(behavior={"accepted": "empty", "retired": ["listTags"]}) as other, client_of(other) as strange:
        other.control.set_scripts({"operation": "*", "preset": "odd_items"})
        assert (put_user(strange, id="u").status_code, strange.get("/tags").status_code) == (202, 404)


def test_a_body_can_be_cut_short(api: httpx.Client, control: SandboxClient) -> None:
    control.set_scripts({"operation": "listTags", "preset": "truncated"})
    with pytest.raises(ValueError, match=r"column \d+"):
        api.get("/tags").json()


def test_a_body_can_drip_and_a_response_can_never_come(api: httpx.Client, control: SandboxClient) -> None:
    control.set_scripts({"operation": "listTags", "drip_seconds": 0.3, "body": "slow"})
    began = time.monotonic()
    assert api.get("/tags").text == "slow"
    assert time.monotonic() - began >= 0.3
    control.set_scripts({"operation": "listTags", "hang": True})
    with pytest.raises(httpx.ReadTimeout):
        api.get("/tags", timeout=0.3)
    assert api.get("/segments").status_code == 200


def test_a_script_may_carry_the_operation_out_first(api: httpx.Client, control: SandboxClient) -> None:
    control.set_scripts({"operation": "addUpdateUserToSource", "runs": True, "status": 500, "body": ""})
    assert put_user(api, id="u").status_code == 500
    assert set(control.users()) == {"u"}


@pytest.mark.parametrize(
    "script",
    [
        {"operation": "listTagz"},
        {"operation": "listTags", "status": 99},
        {"operation": "listTags", "status": "200"},
        {"operation": "listTags", "times": 0},
        {"operation": "listTags", "preset": "magic"},
        {"operation": "listTags", "headers": {"a": "b\r\nc: d"}},
        {"operation": "listTags", "drip_seconds": -1},
        {"operation": "listTags", "colour": "red"},
        {"operation": "listTags", "body": 10**20},
        {"operation": "listTags", "headers": {"Content-Length": "5"}},
        {"operation": "listTags", "containing": ""},
        {"status": 500},
    ],
)
def test_a_script_that_makes_no_sense_is_refused(
    api: httpx.Client, control: SandboxClient, script: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="refused POST scripts"):
        control.set_scripts(script)
    assert api.get("/tags").status_code == 200
