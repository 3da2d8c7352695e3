import time
from datetime import datetime

import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines_tests.support.room import client_of, put_user


def test_every_response_says_what_remains_of_the_limit(api: httpx.Client) -> None:
    for response in (api.get("/tags"), api.get("/nothing"), put_user(api, id="u1"), put_user(api)):
        assert int(response.headers["x-ratelimit-limit"]) > int(response.headers["x-ratelimit-remaining"]) > 0


def test_a_window_over_its_limit_says_when_to_come_back(api: httpx.Client, control: SandboxClient) -> None:
    control.set_limit(3, 60)
    assert [api.get("/tags").headers["x-ratelimit-remaining"] for _ in range(3)] == ["2", "1", "0"]
    response = put_user(api, id="u1")
    assert response.status_code == 429
    assert response.headers["x-ratelimit-limit"] == "3"
    assert response.headers["x-ratelimit-remaining"] == "0"
    limit = response.json()["rateLimit"]
    assert (limit["intervalLimit"], limit["intervalRemaining"], limit["intervalResetSeconds"]) == (3, 0, 60)
    assert 0 < limit["waitMs"] <= 60_000
    at = time.time() + limit["waitMs"] / 1000
    assert int(response.headers["x-ratelimit-reset"]) == pytest.approx(at, abs=2)
    retry_after = datetime.fromisoformat(response.headers["retry-after"])
    assert retry_after.utcoffset() is not None
    assert retry_after.timestamp() == pytest.approx(at, abs=2)
    assert control.summary()["contacts"] == 0


def test_waiting_as_long_as_a_429_asks_is_enough(api: httpx.Client, control: SandboxClient) -> None:
    control.set_limit(2, 0.5)
    statuses = []
    for _ in range(6):
        response = api.get("/tags")
        statuses.append(response.status_code)
        if response.status_code == 429:
            time.sleep(response.json()["rateLimit"]["waitMs"] / 1000)
            assert api.get("/tags").status_code == 200
    assert 429 in statuses


def test_each_token_has_its_own_limit() -> None:
    with (
        SandboxServer(token="one,two", limit=1, interval_seconds=60) as sandbox,
        client_of(sandbox, "one") as one,
        client_of(sandbox, "two") as two,
    ):
        assert [api.get("/tags").status_code for api in (one, two, one, two)] == [200, 200, 429, 429]


def test_the_movable_clock_does_not_move_the_limit(api: httpx.Client, control: SandboxClient) -> None:
    control.set_limit(1, 60)
    api.get("/tags")
    control.advance(3600)
    assert api.get("/tags").status_code == 429


def test_a_server_error_stores_nothing(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(error_rate=1, seed=1)
    statuses = {put_user(api, id=str(number)).status_code for number in range(30)}
    assert statuses == {500, 502, 503}
    assert control.users() == {}


def test_an_error_after_the_write_has_stored_the_record(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(error_after_rate=1, error_statuses=[503])
    assert put_user(api, id="u1").status_code == 503
    assert set(control.users()) == {"u1"}


def test_a_connection_dropped_before_the_write_stores_nothing(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(drop_before_rate=1)
    with pytest.raises(httpx.TransportError):
        put_user(api, id="u1")
    assert control.users() == {}
    (request,) = control.requests()
    assert (request["status"], request["fault"]) == (0, "drop_before")


def test_a_connection_dropped_after_the_write_has_stored_the_record(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(drop_after_rate=1)
    with pytest.raises(httpx.TransportError):
        put_user(api, id="u1")
    assert set(control.users()) == {"u1"}
    assert control.requests()[0]["fault"] == "drop_after"


def test_a_burst_of_429_lasts_as_long_as_it_says(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(burst_rate=1, burst_seconds=0.4, max_faults=1)
    responses = [api.get("/tags") for _ in range(3)]
    assert [response.status_code for response in responses] == [429] * 3
    assert 0 < responses[-1].json()["rateLimit"]["waitMs"] <= 400
    time.sleep(responses[-1].json()["rateLimit"]["waitMs"] / 1000)
    assert api.get("/tags").status_code == 200


def test_latency_delays_every_response(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(latency_seconds=0.15, latency_jitter_seconds=0.01)
    began = time.monotonic()
    api.get("/tags")
    assert time.monotonic() - began >= 0.15


def test_a_seed_makes_the_same_faults_again(api: httpx.Client, control: SandboxClient) -> None:
    def statuses() -> list[int]:
        control.set_faults(error_rate=0.5, seed=7)
        return [api.get("/tags").status_code for _ in range(20)]

    first = statuses()
    assert len(set(first)) > 1
    assert statuses() == first


def test_faults_can_be_for_some_operations_and_so_many_times(api: httpx.Client, control: SandboxClient) -> None:
    control.set_faults(error_rate=1, operations=["listTags"], max_faults=2)
    assert [api.get("/tags").status_code >= 500 for _ in range(3)] == [True, True, False]
    assert api.get("/segments").status_code == 200
    control.set_faults()
    assert control.summary()["faults"]["error_rate"] == 0


@pytest.mark.parametrize(
    "faults",
    [{"error_rate": 2}, {"eror_rate": 0.1}, {"error_rate": "often"}, {"error_rate": 1, "error_statuses": [200]}],
)
def test_faults_that_are_not_allowed_are_refused_with_a_reason(
    control: SandboxClient, faults: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"[Ff]ault|error_statuses"):
        control.set_faults(**faults)


def test_requests_are_recorded_in_order_with_their_bodies(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="u1")
    api.get("/members", params={"email": "a@example.com"})
    api.post("/source/1/user", content=b"not json")
    first, second, third = control.requests()
    assert (first["seq"], first["method"], first["path"]) == (1, "POST", "/community/v1/source/1/user")
    assert (first["operation"], first["status"], first["body"]) == ("addUpdateUserToSource", 202, {"id": "u1"})
    assert second["path"].endswith("/members?email=a%40example.com")
    assert (third["status"], third["body"]) == (400, "not json")
    assert [request["seq"] for request in control.requests(after=1, operation="addUpdateUserToSource")] == [3]
    assert control.summary()["requests"]["addUpdateUserToSource"] == {"202": 1, "400": 1}
    control.clear_requests()
    assert control.requests() == []


def test_the_record_keeps_the_last_requests_only() -> None:
    with SandboxServer(keep=5) as sandbox, client_of(sandbox) as api:
        for _ in range(8):
            api.get("/tags")
        assert [request["seq"] for request in sandbox.control.requests()] == [4, 5, 6, 7, 8]
        assert [request["seq"] for request in sandbox.control.requests(after=6)] == [7, 8]
        assert sandbox.control.summary()["total_requests"] == 8
