"""No response but the API's own settles a removal or proves it."""

from datetime import timedelta

import pytest

from cr_pipelines.api import Backoff, BadToken, CommonRoomClient, careful
from cr_pipelines.sync import Destination, RoomNotConfirmed
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.scripted_server import Asked, Reply, Script, scripted_in_thread

PAGE = Reply(404, "<title>Sign in</title>", {"Content-Type": "text/html"})
NOT_FOUND = Reply(404, {"status": "not-found"})
TOKEN = Reply(200, {"jti": "t", "communityName": "Sandbox", "communityId": "sandbox"})
"""The sandbox's own, since the state belongs to one room."""

NO_PROOF = {
    "page": PAGE,
    "empty 404": Reply(404),
    "404 of a gateway": Reply(404, {"message": "not found"}),
    "page with 200": Reply(200, PAGE.body, PAGE.headers),
    "failure": Reply(200, {"status": "failure", "errors": ["not queued"]}),
    "not found with 200": Reply(200, {"status": "not-found"}),
    "no content": Reply(204),
    "redirect": Reply(302, "", {"Location": "/login"}),
    "gone": Reply(410, {"status": "not-found"}),
    "fault": Reply(503, {"status": "not-found"}),
}


def room(reply: Reply, token: Reply = TOKEN) -> Script:
    """A room that replies so to everything about people."""

    def script(asked: Asked) -> Reply:
        return token if asked.target.endswith("/api-token-status") else reply

    return script


def to(base_url: str) -> Destination:
    return Destination(lambda: CommonRoomClient("t", base_url, retry=careful(Backoff(attempts=2, base=0.0))), 1)


def settle(office: Office, script: Script) -> str:
    office.ask("r1", "person1@example.com")
    with scripted_in_thread(script) as server:
        office.removals.settle(to(server.base_url))
    return office.record("r1").status


def verify(office: Office, script: Script) -> str:
    with scripted_in_thread(script) as server:
        office.removals.verify(to(server.base_url))
    return office.record("r1").status


@pytest.mark.parametrize("reply", NO_PROOF.values(), ids=NO_PROOF)
def test_a_removal_that_the_api_did_not_respond_to_is_sent_again(office: Office, reply: Reply):
    assert settle(office, room(reply)) == "failed"
    assert office.record("r1").address_kept
    office.pass_time(days=2)
    with scripted_in_thread(room(Reply(200, {"status": "success"}))) as server:
        assert office.removals.settle(to(server.base_url)).submitted == 1


@pytest.mark.parametrize("reply", [*NO_PROOF.values(), Reply(200, "[]")], ids=[*NO_PROOF, "empty list"])
def test_a_look_up_that_the_api_did_not_respond_to_verifies_nothing(office: Office, reply: Reply):
    assert settle(office, room(Reply(200, {"status": "success"}))) == "submitted"
    office.pass_time(days=2)
    assert verify(office, room(reply)) == "submitted"
    assert office.record("r1").address_kept
    office.pass_time(days=14)
    assert verify(office, room(reply)) == "overdue"
    office.pass_time(days=2)
    assert verify(office, room(NOT_FOUND)) == "verified"


@pytest.mark.parametrize("token", [PAGE, Reply(200, PAGE.body, PAGE.headers), Reply(503), Reply(200, {})])
def test_no_404_is_believed_when_the_positive_control_fails(office: Office, token: Reply):
    assert settle(office, room(NOT_FOUND, token)) == "failed"
    assert "another call failed, so this proves nothing" in (office.record("r1").reason or "")
    office.pass_time(days=2)
    assert settle_again(office, room(Reply(200))) == "submitted"
    office.pass_time(days=2)
    with pytest.raises(RoomNotConfirmed):
        verify(office, room(NOT_FOUND, token))
    assert office.record("r1").status == "submitted"
    office.pass_time(days=2)
    assert verify(office, room(NOT_FOUND)) == "verified"


def settle_again(office: Office, script: Script) -> str:
    with scripted_in_thread(script) as server:
        office.removals.settle(to(server.base_url))
    return office.record("r1").status


def test_the_room_and_the_positive_control_are_asked_once_for_each_run(office: Office):
    for number in range(20):
        office.ask(f"r{number}", f"nobody{number}@example.com")
    with scripted_in_thread(room(NOT_FOUND)) as server:
        assert office.removals.settle(to(server.base_url)).calls == 20
        assert sum(asked.target.endswith("/api-token-status") for asked in server.asked) == 2


@pytest.mark.parametrize("shape", [{"ids": [226]}, {"id": 1}, [147920], [{"id": 5}], [{"fullName": "Ada"}], {"x": 1}])
def test_a_look_up_that_names_a_contact_in_any_shape_means_still_there(office: Office, shape: object):
    settle(office, room(Reply(200)))
    office.pass_time(days=2)
    assert verify(office, room(Reply(200, shape))) == "submitted"
    assert office.record("r1").reason == "Common Room still has the person"


def test_a_refusal_of_one_person_is_not_the_token(office: Office):
    def script(asked: Asked) -> Reply:
        if asked.target.endswith("/api-token-status"):
            return TOKEN
        return Reply(403, {"status": "forbidden"}) if "person1" in asked.target else Reply(200)

    office.ask("r1", "person1@example.com")
    office.ask("r2", "person2@example.com")
    with scripted_in_thread(script) as server:
        office.removals.settle(to(server.base_url))
    assert office.statuses() == {"r1": "failed", "r2": "submitted"}
    assert "although the token is valid" in (office.record("r1").reason or "")


def test_a_revoked_token_ends_the_run(office: Office):
    forbidden = Reply(403, {"status": "forbidden"})
    with pytest.raises(BadToken):
        settle(office, room(forbidden, forbidden))
    assert office.record("r1").status == "failed"


def test_someone_unknown_is_looked_up_again_until_the_fifteen_days_are_over(office: Office):
    office.ask("r1", "nobody@example.com")
    office.settle()
    seen = []
    for day in range(1, 17):
        assert office.record("r1").address_kept
        office.pass_time(days=1)
        if office.verify().not_found:
            seen.append(day)
        if day == 15:
            break
    assert seen == [1, 3, 7, 15]
    assert (office.record("r1").status, office.record("r1").address_kept) == ("not_found", False)


def test_someone_unknown_who_appears_later_is_removed_after_all(office: Office):
    office.ask("r1", "nobody@example.com")
    office.settle()
    introduce(office.sandbox, [("n", "Nobody", "nobody@example.com")])
    office.pass_time(days=1)
    assert office.verify().still_there == 1
    record = office.record("r1")
    assert (record.status, record.address_kept) == ("failed", True)
    assert "is sent again" in (record.reason or "")
    assert office.settle().submitted == 1
    office.clock.ahead += timedelta(days=16)
    office.sandbox.control.advance(timedelta(days=16).total_seconds())
    assert office.verify().verified == 1


def test_a_failed_look_up_of_someone_unknown_is_repeated(office: Office):
    office.ask("r1", "nobody@example.com")
    office.settle()
    office.pass_time(days=16)
    assert verify(office, room(PAGE)) == "not_found"
    assert office.record("r1").address_kept
    office.pass_time(days=1)
    assert office.verify().not_found == 1
    assert not office.record("r1").address_kept
