"""No response but the API's own settles a removal or proves it."""

import re
from datetime import timedelta

import pytest

from cr_pipelines.api import Backoff, BadToken, CommonRoomClient, careful
from cr_pipelines.sync import Destination, RoomNotConfirmed
from cr_pipelines_tests.support.calls import CALLS, Call
from cr_pipelines_tests.support.hostile import HOSTILE, MISSING, answering
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.scripted_server import Asked, Reply, Script, scripted_in_thread

PAGE = Reply(404, "<title>Sign in</title>", {"Content-Type": "text/html"})
NOT_FOUND = Reply(404, {"status": "not-found"})
TOKEN = Reply(200, {"jti": "t", "communityName": "Sandbox", "communityId": "sandbox"})
"""The sandbox's own, since the state belongs to one room."""

CALL = {call.name: call for call in CALLS}


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


def by_person(call: Call, *, token: Reply = TOKEN) -> Script:
    """A room that responds to each person in its own hostile way: number 7 gets the seventh."""

    def script(asked: Asked) -> Reply:
        if asked.target.endswith("/api-token-status"):
            return token
        found = re.search(r"odd(\d+)%40", asked.target)
        assert found is not None
        return answering(HOSTILE[int(found[1])].reply, call)

    return script


def ask_each(office: Office) -> None:
    requests = ", ".join(f"('{n}', 'odd{n}@example.com', '2026-11-01')" for n in range(len(HOSTILE)))
    office.sql(f"INSERT INTO common_room_pii_requests VALUES {requests}")


def by_name(office: Office) -> dict[str, tuple[str, bool]]:
    """The status of each request, and whether its address is kept, by the name of the response."""
    records = {record.request_id: record for record in office.removals.records()}
    return {
        hostile.name: (records[str(number)].status, records[str(number)].address_kept)
        for number, hostile in enumerate(HOSTILE)
    }


def test_the_register_says_what_each_response_to_a_removal_means(office: Office):
    ask_each(office)
    with scripted_in_thread(by_person(CALL["remove_pii"])) as server:
        office.removals.settle(to(server.base_url))
    unknown = {hostile.name for hostile in HOSTILE if hostile.kind == MISSING}
    assert by_name(office) == {
        hostile.name: ("not_found" if hostile.name in unknown else "failed", True) for hostile in HOSTILE
    }
    assert unknown == {"404 of the API"}
    office.pass_time(days=2)
    with scripted_in_thread(room(Reply(200, {"status": "success"}))) as server:
        assert office.removals.settle(to(server.base_url)).submitted == len(HOSTILE) - 1


def test_no_response_to_a_look_up_but_the_apis_own_word_verifies_a_removal(office: Office):
    ask_each(office)
    with scripted_in_thread(room(Reply(200, {"status": "success"}))) as server:
        assert office.removals.settle(to(server.base_url)).submitted == len(HOSTILE)
    office.pass_time(days=2)
    with scripted_in_thread(by_person(CALL["contact_by_email"])) as server:
        assert office.removals.verify(to(server.base_url)).verified == 1
    said = {
        hostile.name: ("verified", False) if hostile.kind == MISSING else ("submitted", True) for hostile in HOSTILE
    }
    assert by_name(office) == said
    office.pass_time(days=14)
    with scripted_in_thread(by_person(CALL["contact_by_email"])) as server:
        assert office.removals.verify(to(server.base_url)).overdue == len(HOSTILE) - 1
    office.pass_time(days=2)
    with scripted_in_thread(room(NOT_FOUND)) as server:
        office.removals.verify(to(server.base_url))
    assert set(by_name(office).values()) == {("verified", False)}


def test_an_empty_list_verifies_nothing(office: Office):
    assert settle(office, room(Reply(200, {"status": "success"}))) == "submitted"
    office.pass_time(days=2)
    assert verify(office, room(Reply(200, "[]"))) == "submitted"


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
