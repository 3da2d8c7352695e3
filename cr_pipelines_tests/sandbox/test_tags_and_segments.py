import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient
from cr_pipelines_tests.support.room import put_user

NEW_TAG = {"name": "vip", "description": "Important", "entityTypes": ["member"]}


def tag_names(api: httpx.Client) -> set[str]:
    return {tag["name"] for tag in api.get("/tags").json()["labels"]}


def test_creating_a_tag_twice_returns_the_existing_one(api: httpx.Client) -> None:
    first = api.post("/tags", json=NEW_TAG)
    again = api.post("/tags", json=NEW_TAG | {"description": "other"})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert isinstance(first.json()["id"], str)
    assert first.json()["deletedAt"] is None
    assert api.get(f"/tags/{first.json()['id']}").json() == first.json()


def test_a_deleted_tag_is_off_everything_and_an_update_undeletes_it(api: httpx.Client, control: SandboxClient) -> None:
    tag = api.post("/tags", json=NEW_TAG).json()
    put_user(api, id="u1", tags=[{"type": "id", "id": tag["id"]}])
    assert control.users()["u1"]["tags"] == ["vip"]
    for _ in range(2):
        assert api.delete(f"/tags/{tag['id']}").status_code == 200
    assert control.users()["u1"]["tags"] == []
    assert "vip" not in tag_names(api)
    assert api.get(f"/tags/{tag['id']}").json()["deletedAt"] is not None
    assert put_user(api, id="u1", tags=[{"type": "id", "id": tag["id"]}]).status_code == 400
    updated = api.post(f"/tags/{tag['id']}", json={"name": "very vip"}).json()
    assert (updated["deletedAt"], updated["description"]) == (None, "Important")
    assert "very vip" in tag_names(api)


def test_an_unknown_tag_is_not_found(api: httpx.Client) -> None:
    assert api.get("/tags/1").status_code == 404
    assert api.post("/tags/1", json={"name": "x"}).status_code == 404
    assert api.delete("/tags/abc").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"entityTypes": ["member"]},
        {"name": "x", "entityTypes": ["planet"]},
        {"name": " ", "entityTypes": []},
    ],
)
def test_a_tag_that_breaks_the_contract_is_refused(api: httpx.Client, body: object) -> None:
    assert api.post("/tags", json=body).status_code == 400


def test_two_tags_cannot_have_one_name(api: httpx.Client) -> None:
    tag = api.post("/tags", json=NEW_TAG).json()
    assert api.post(f"/tags/{tag['id']}", json={"name": "customer"}).status_code == 400


def test_a_renamed_tag_leaves_its_name_free(api: httpx.Client) -> None:
    tag = api.post("/tags", json=NEW_TAG).json()
    api.post(f"/tags/{tag['id']}", json={"name": "very vip"})
    assert api.post("/tags", json=NEW_TAG).json()["id"] != tag["id"]
    assert {"vip", "very vip"} <= tag_names(api)


def test_a_tag_goes_on_what_it_is_for(api: httpx.Client) -> None:
    api.post("/tags", json={"name": "firm", "entityTypes": ["company"]})
    assert put_user(api, id="u1", tags=[{"type": "name", "name": "firm"}]).status_code == 400


def test_tags_assigned_by_name_are_created_once(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="u1", email="a@example.com", tags=[{"type": "name", "name": "new"}])
    body = {"socialType": "email", "value": "a@example.com", "tags": "new, customer, newer"}
    assert api.post("/members/tags", json=body).status_code == 200
    assert control.users()["u1"]["tags"] == ["new", "customer", "newer"]
    assert tag_names(api) == {"customer", "prospect", "community", "new", "newer"}
    assert api.post("/members/tags", json=body | {"value": "b@example.com"}).status_code == 404
    assert api.post("/members/tags", json=body | {"tags": " , "}).status_code == 400


def test_contacts_join_a_segment_all_or_none(api: httpx.Client, control: SandboxClient) -> None:
    segment = control.add_segment("Beta", ["asked", "in"])
    asked, inside = (status["id"] for status in segment["statuses"])
    assert {"id": segment["id"], "name": "Beta"} in api.get("/segments").json()
    assert api.get(f"/segments/{segment['id']}/status").json() == segment["statuses"]
    for name in "ab":
        put_user(api, id=name, email=f"{name}@example.com")

    def join(value: str, **more: object) -> int:
        body = {"socialType": "email", "value": value, **more}
        return api.post(f"/segments/{segment['id']}", json=body).status_code

    def members() -> dict[str, str | None]:
        found = next(found for found in control.segments() if found["id"] == segment["id"])
        return {member["email"]: member["status"] for member in found["members"]}

    assert join("a@example.com, nobody@example.com") == 404
    assert members() == {}
    assert join("a@example.com, B@example.com", statusId=asked) == 200
    assert join("b@example.com", statusId=inside) == 200
    assert join("a@example.com") == 200
    assert members() == {"a@example.com": "asked", "b@example.com": "in"}
    assert join("a@example.com", statusId=1) == 400
    assert join(" , ") == 400


def test_an_unknown_segment_is_not_found(api: httpx.Client) -> None:
    put_user(api, id="u1", email="a@example.com")
    body = {"socialType": "email", "value": "a@example.com"}
    assert api.post("/segments/1", json=body).status_code == 404
    assert api.get("/segments/1/status").status_code == 404


def test_a_note_on_a_segment_is_appended_each_time(api: httpx.Client, control: SandboxClient) -> None:
    (segment, *_) = api.get("/segments").json()
    for _ in range(2):
        assert api.post("/segments/note", json={"segmentId": segment["id"], "note": "hi"}).status_code == 200
    assert [(note["segment"], note["note"]) for note in control.notes()] == [(segment["id"], "hi")] * 2
    assert api.post("/segments/note", json={"segmentId": 1, "note": "hi"}).status_code == 400


@pytest.mark.parametrize("path", ["/nothing", "/tags/1/2", "/source/1/users", "/source//user"])
def test_a_path_that_is_not_an_operation_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.post(path, json={}).status_code == 404


def test_a_trailing_slash_makes_no_difference(api: httpx.Client) -> None:
    assert api.get("/tags/").status_code == 200
    assert api.post("/members", json={"source": "x", "fullName": "Ada"}).status_code == 200
