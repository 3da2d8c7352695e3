import hashlib

import httpx

from cr_pipelines.sandbox import SandboxClient
from cr_pipelines_tests.support.room import custom_field_id, put_user

DAY = 86_400


def someone(api: httpx.Client) -> None:
    seats = {"id": custom_field_id(api, "Account owner"), "value": {"type": "string", "value": "Ada's friend"}}
    github = {"type": "handle", "value": "ada"}
    put_user(api, id="ada-1", email="Ada@example.com", fullName="Ada Lovelace", github=github, customFields=[seats])
    activity = {"id": "a1", "activityType": "signed_up", "user": {"id": "ada-1"}}
    api.post("/source/1/activity", json=activity)
    api.post("/members/note", json={"socialType": "email", "value": "ada@example.com", "note": "Ada called"})


def test_a_removal_is_queued_and_done_when_the_clock_passes_its_time(api: httpx.Client, control: SandboxClient) -> None:
    someone(api)
    for _ in range(2):
        assert api.delete("/user/ada%40example.com").status_code == 200
    (removal,) = control.removals()
    assert (removal["state"], removal["email"]) == ("queued", "ada@example.com")
    control.advance(10 * DAY - 60)
    assert api.get("/user/ada@example.com").status_code == 200
    control.advance(120)
    assert api.get("/user/ada@example.com").status_code == 404
    assert api.get("/members", params={"github": "ada"}).status_code == 404
    assert api.delete("/user/ada@example.com").status_code == 404
    (removal,) = control.removals()
    assert (removal["state"], removal["email"]) == ("done", None)
    assert removal["email_sha256"] == hashlib.sha256(b"ada@example.com").hexdigest()
    assert control.summary()["removals"] == {"queued": 0, "done": 1}


def test_nothing_of_the_person_is_left_anywhere(api: httpx.Client, control: SandboxClient) -> None:
    someone(api)
    api.delete("/user/ada@example.com")
    control.advance(10 * DAY)
    left = repr((control.contacts(), control.activities(), control.notes(), control.removals(), control.segments()))
    assert "ada" not in left.lower()
    assert control.summary()["anonymized"] == 1
    assert control.summary()["activities"] == 1


def test_sending_the_person_again_undoes_the_removal(api: httpx.Client, control: SandboxClient) -> None:
    someone(api)
    api.delete("/user/ada@example.com")
    control.advance(10 * DAY)
    put_user(api, id="ada-1", fullName="Ada Lovelace", email="ada@example.com")
    (member,) = api.get("/members", params={"email": "ada@example.com"}).json()
    assert member["fullName"] == "Ada Lovelace"
    assert {field["value"] for field in member["custom_fields"]} == {""}


def test_an_unknown_person_cannot_be_removed(api: httpx.Client) -> None:
    response = api.delete("/user/nobody@example.com")
    assert (response.status_code, response.json()["status"]) == (404, "not-found")


def test_removals_can_be_left_undone_and_their_time_be_set(api: httpx.Client, control: SandboxClient) -> None:
    someone(api)
    control.set_removals(days=1, processing=False)
    api.delete("/user/ada@example.com")
    control.advance(30 * DAY)
    assert api.get("/user/ada@example.com").status_code == 200
    control.set_removals(processing=True)
    control.settle()
    assert api.get("/user/ada@example.com").status_code == 404


def test_a_contact_merged_after_the_request_is_removed_all_the_same(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="old", fullName="Somebody")
    someone(api)
    api.delete("/user/ada@example.com")
    put_user(api, id="old", email="ada@example.com")
    control.advance(10 * DAY)
    assert api.get("/user/ada@example.com").status_code == 404
    assert control.users() == {}
