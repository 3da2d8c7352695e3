import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient
from cr_pipelines_tests.support.examples import ACTIVITY
from cr_pipelines_tests.support.room import put_user


def put_activity(api: httpx.Client, **changes: object) -> httpx.Response:
    return api.post("/source/1/activity", json=ACTIVITY | changes)


def test_an_activity_is_stored_with_its_fields_and_its_user(api: httpx.Client, control: SandboxClient) -> None:
    assert put_activity(api).status_code == 202
    (stored,) = control.activities()
    assert stored["timestamp"] == "2026-01-02T01:04:05.678Z"
    assert stored["tags"] == ["event"]
    for name in ("activityTitle", "content", "url", "parentActivity", "subSource"):
        assert stored["fields"][name] == ACTIVITY[name]
    (contact,) = control.contacts()
    assert (contact["id"], contact["activities"]) == (stored["contact"], 1)
    (member,) = api.get("/members", params={"email": "a@example.com"}).json()
    assert member["activities_count"] == 1
    assert member["last_active"] == "2026-01-02T01:04:05.678Z"


def test_activities_are_upserted_by_type_and_id(api: httpx.Client, control: SandboxClient) -> None:
    put_activity(api)
    put_activity(api, url=None, content={"type": "text", "value": "Bye"})
    put_activity(api, activityType="registered_for_webinar")
    first, second = control.activities()
    assert "url" not in first["fields"]
    assert first["fields"]["content"] == {"type": "text", "value": "Bye"}
    assert second["fields"]["url"] == ACTIVITY["url"]


def test_an_activity_without_a_timestamp_happened_now(api: httpx.Client, control: SandboxClient) -> None:
    control.advance(3600)
    body = {"id": "a1", "activityType": "signed_up", "user": {"id": "u1"}}
    assert api.post("/source/1/activity", json=body).status_code == 202
    assert control.activities()[0]["timestamp"][:16] == control.summary()["now"][:16]


@pytest.mark.parametrize(
    "changes",
    [
        {"activityType": "unheard_of"},
        {"user": {}},
        {"user": {"id": "u1", "email": "nobody"}},
        {"timestamp": "2026-01-02"},
        {"timestamp": "2026-01-02T03:04:05"},
        {"timestamp": "2026-02-30T03:04:05Z"},
        {"timestamp": 1767225600},
        {"content": {"type": "html", "value": "x"}},
        {"activityTitle": {"type": "markdown", "value": "x"}},
        {"parentActivity": {"id": "a0"}},
        {"parentActivity": {"id": "a0", "activityType": "unheard_of"}},
        {"subSource": "Webinars"},
    ],
)
def test_an_activity_that_breaks_the_contract_is_refused(
    api: httpx.Client, control: SandboxClient, changes: dict[str, object]
) -> None:
    assert put_activity(api, **changes).status_code == 400
    assert control.summary()["activities"] == 0


def test_the_activity_types_can_be_added_to(api: httpx.Client, control: SandboxClient) -> None:
    control.add_activity_type("bought_cake", "Bought cake")
    described = {"id": "bought_cake", "displayName": "Bought cake", "name": "bought_cake"}
    assert described in api.get("/activityTypes").json()
    assert put_activity(api, activityType="bought_cake").status_code == 202


def test_a_legacy_activity_is_appended_each_time(api: httpx.Client, control: SandboxClient) -> None:
    body = {
        "source": "crm",
        "socialType": "email",
        "value": "a@example.com",
        "activityType": "link",
        "activityBody": "Opened it",
        "occurredAt": "2026-01-02T03:04:05Z",
        "tags": "one, two,",
    }
    assert api.post("/activities", json=body).status_code == 400
    put_user(api, id="u1", email="a@example.com")
    for type_ in ("link", {"id": "link"}):
        assert api.post("/activities", json=body | {"activityType": type_}).status_code == 200
    assert [activity["tags"] for activity in control.activities()] == [["one", "two"]] * 2
    assert api.post("/activities", json=body | {"activityType": "unheard_of"}).status_code == 400
    assert api.post("/activities", json=body | {"occurredAt": "yesterday"}).status_code == 400
