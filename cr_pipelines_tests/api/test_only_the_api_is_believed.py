"""Every operation against every response that is not the API's own word for success."""

import asyncio
import re

import pytest

from cr_pipelines.api import (
    Backoff,
    CommonRoomClient,
    CommonRoomError,
    NotTheApi,
    OperationGone,
    ServerFault,
    UnexpectedResponse,
    careful,
)
from cr_pipelines_tests.support.calls import CALLS, Call
from cr_pipelines_tests.support.hostile import HOSTILE, HTML, PAGE, answering, expected, may_have_written
from cr_pipelines_tests.support.scripted_server import Reply, Script, in_turn, scripted

AT_ONCE = careful(Backoff(attempts=2, base=0.0))
CALL = {call.name: call for call in CALLS}


def outcome(call: Call, script: Script) -> CommonRoomError:
    async def run() -> CommonRoomError:
        async with scripted(script) as server, CommonRoomClient("t", server.base_url, retry=AT_ONCE) as room:
            with pytest.raises(CommonRoomError) as caught:
                await call.make(room)
            return caught.value

    return asyncio.run(run())


def outcomes(call: Call) -> dict[str, CommonRoomError]:
    """The error of the call after each hostile response, by the name of the response."""
    now: list[Reply] = []

    async def run() -> dict[str, CommonRoomError]:
        found = {}
        async with (
            scripted(lambda asked: now[-1]) as server,
            CommonRoomClient("t", server.base_url, retry=AT_ONCE) as room,
        ):
            for hostile in HOSTILE:
                now.append(answering(hostile.reply, call))
                with pytest.raises(CommonRoomError) as caught:
                    await call.make(room)
                found[hostile.name] = caught.value
        return found

    return asyncio.run(run())


@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_no_operation_takes_a_response_that_is_not_the_apis_for_a_success(call: Call) -> None:
    found = outcomes(call)
    assert {name: type(error) for name, error in found.items()} == {
        hostile.name: expected(hostile, call) for hostile in HOSTILE
    }
    for error in found.values():
        assert error.attempts == (2 if isinstance(error, ServerFault) and not call.appends else 1)
        assert "ada@example.com" not in str(error)
        assert error.unexpected or not isinstance(error, UnexpectedResponse)


def test_an_append_may_have_been_written_unless_the_response_refuses_it() -> None:
    call = CALL["add_contact_note"]
    assert {name: error.may_have_written for name, error in outcomes(call).items()} == {
        hostile.name: may_have_written(hostile, call) for hostile in HOSTILE
    }


@pytest.mark.parametrize(
    "body", [{"captive": True, "user-portal-url": "https://x"}, {"healthy": True}, {"data": {"loggedIn": False}}]
)
@pytest.mark.parametrize("call", [call for call in CALLS if call.read is None], ids=lambda call: call.name)
def test_json_that_says_nothing_of_the_write_is_a_success_of_none_but_a_202(call: Call, body: object) -> None:
    async def run() -> CommonRoomError | None:
        async with (
            scripted(in_turn(Reply(call.status, body))) as server,
            CommonRoomClient("t", server.base_url) as room,
        ):
            try:
                await call.make(room)
            except CommonRoomError as error:
                return error
        return None

    assert type(asyncio.run(run())) is (type(None) if call.status == 202 else NotTheApi)


@pytest.mark.parametrize("body", ["", "{}", {"status": "ok"}, {"status": "success"}, {"id": [226]}, '\ufeff{"id": 1}'])
@pytest.mark.parametrize("call", [call for call in CALLS if call.read is None], ids=lambda call: call.name)
def test_an_empty_body_and_json_of_the_api_are_a_success_of_a_write(call: Call, body: object) -> None:
    async def run() -> None:
        reply = Reply(call.status, body, {"Content-Type": "Application/JSON; charset=UTF-8"})
        async with scripted(in_turn(reply)) as server, CommonRoomClient("t", server.base_url) as room:
            assert (await call.make(room)).status == call.status

    asyncio.run(run())


def test_the_bare_word_that_the_vendor_describes_is_a_success_of_a_removal_only() -> None:
    plain = Reply(200, "success", {"Content-Type": "text/plain; charset=utf-8"})

    async def remove() -> None:
        async with scripted(in_turn(plain)) as server, CommonRoomClient("t", server.base_url) as room:
            assert (await room.remove_pii("ada@example.com")).status == 200

    asyncio.run(remove())
    assert isinstance(outcome(CALL["delete_tag"], in_turn(plain)), NotTheApi)
    page = Reply(200, "Sign in", {"Content-Type": "text/plain"})
    assert isinstance(outcome(CALL["remove_pii"], in_turn(page)), NotTheApi)


@pytest.mark.parametrize(
    ("operation", "reply", "unexpected"),
    [
        ("list_tags", Reply(200, PAGE, HTML), "content type text/html"),
        ("list_tags", Reply(200, "{}", {"Content-Type": "text/ada"}), "content type (another than application/json)"),
        ("list_tags", Reply(200, "[]"), "an array at the top level"),
        ("list_segments", Reply(200, {"labels": []}), "an object at the top level"),
        ("list_tags", Reply(200, "{}"), "labels: missing"),
        ("list_tags", Reply(200, {"labels": "Ada"}), "labels: list_type"),
        ("get_tag", Reply(200, {"id": "t1", "name": ["Ada"]}), "name: string_type"),
        ("list_segments", Reply(200, [{"id": "Ada"}]), "0.id: int_parsing"),
        ("token_status", Reply(200, {}), "the top level: value_error"),
        ("add_or_edit_user", Reply(200), "the status, which should be 202"),
        ("add_or_edit_user", Reply(202, {"status": "half"}), "field status: an unknown word"),
    ],
)
def test_the_error_names_the_part_that_was_unexpected_and_quotes_no_value(
    operation: str, reply: Reply, unexpected: str
) -> None:
    error = outcome(CALL[operation], in_turn(reply))
    assert error.unexpected == unexpected
    assert f"unexpected: {unexpected}" in str(error)
    assert "ada" not in str(error).lower().replace("text/ada", "")


def test_a_legacy_operation_that_is_gone_names_the_current_way() -> None:
    error = outcome(CALL["add_contact_tags"], in_turn(Reply(404, PAGE, HTML)))
    assert isinstance(error, OperationGone)
    assert "no longer has this operation" in str(error)
    assert "POST /source/{destinationSourceId}/user" in str(error)
    assert "instead" not in str(outcome(CALL["list_segments"], in_turn(Reply(404, PAGE, HTML))))


@pytest.mark.parametrize("status", [408, 425])
def test_what_the_server_did_not_process_is_repeated_where_that_does_no_harm(status: int) -> None:
    async def run(operation: str) -> int:
        script = in_turn(Reply(status), Reply(CALL[operation].status))
        async with scripted(script) as server, CommonRoomClient("t", server.base_url, retry=AT_ONCE) as room:
            try:
                return int((await CALL[operation].make(room)).attempts)
            except ServerFault as error:
                return -error.attempts

    assert asyncio.run(run("add_or_edit_user")) == 2
    assert asyncio.run(run("add_contact_note")) == -1


def test_a_body_that_is_not_encoded_as_it_says_is_not_the_apis() -> None:
    error = outcome(CALL["list_tags"], in_turn(Reply(200, "plain", {"Content-Encoding": "gzip"})))
    assert isinstance(error, NotTheApi)
    assert error.attempts == 1


PROFILE = {
    "fullName": "Ada",
    "activities_count": 3,
    "organization_domain": "https://example.com",
    "location": {"raw": "London", "city": "London", "region": None, "country": "UK"},
    "member_tags": [{"id": 7, "name": "team"}, "VIP"],
    "segments": [{"id": 5, "name": "S"}, {"id": None}],
    "email": [{"email": "ada@example.com", "sources": ["Lab"]}],
    "url": [],
    "twitter": None,
    "github": ["ada"],
    "linkedin": "in/ada",
    "discord": "",
    "custom_fields": [{"name": "C", "type": "string", "value": ""}],
}


def read(operation: str, body: object) -> tuple[object, int]:
    """What the operation returns, and how many items it left out."""

    async def run() -> tuple[object, int]:
        async with scripted(in_turn(Reply(200, body))) as server, CommonRoomClient("t", server.base_url) as room:
            return await CALL[operation].make(room), room.stats.items_omitted

    return asyncio.run(run())


def test_a_profile_is_read_as_the_live_api_sends_it() -> None:
    [profile], omitted = read("find_contacts", [PROFILE])  # type: ignore[misc]
    assert (profile.github, profile.linkedin, profile.url, profile.twitter, profile.discord) == (
        ["ada"], ["in/ada"], [], [], [],
    )  # fmt: skip
    assert [(tag.id, tag.name) for tag in profile.member_tags] == [("7", "team"), (None, "VIP")]
    assert [(own.email, own.sources) for own in profile.email] == [("ada@example.com", ["Lab"])]
    assert (profile.organization_domain, profile.location["raw"]) == ("https://example.com", "London")
    assert profile.custom_fields[0].value == ""
    assert ([segment.id for segment in profile.segments], omitted) == ([5], 1)


@pytest.mark.parametrize(
    ("shape", "ids"),
    [
        ({"ids": [226, 227]}, [226, 227]),
        ({"id": 1}, [1]),
        ([147920], [147920]),
        ([{"id": 5}, {"id": "6"}], [5, 6]),
        ([PROFILE], [None]),
        ({"contact": {"name": "Ada"}}, [None]),
        ([None], [None]),
        ([[226]], [None]),
        (["ada"], [None]),
        ({"ids": []}, []),
        ([], []),
    ],
)
def test_a_look_up_reads_every_shape_that_names_a_contact(shape: object, ids: list[int | None]) -> None:
    found, _ = read("contact_by_email", shape)
    assert [contact.id for contact in found] == ids  # type: ignore[attr-defined]


GOOD_TAG = {"id": "2", "name": "good", "entityTypes": ["member"], "createdAt": "2024-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("odd", "names", "omitted"),
    [
        ({"entityTypes": None}, ["odd", "good"], 0),
        ({"createdAt": "2024-01-01T00:00:00"}, ["odd", "good"], 0),
        ({"createdAt": "2024-01-01"}, ["odd", "good"], 0),
        ({"createdAt": ""}, ["odd", "good"], 0),
        ({"description": 7}, ["odd", "good"], 0),
        ({"name": None}, ["good"], 1),
        ({"id": None}, ["good"], 1),
    ],
)
def test_one_odd_tag_does_not_make_the_list_unreadable(odd: dict[str, object], names: list[str], omitted: int) -> None:
    tags, left_out = read("list_tags", {"labels": [{**GOOD_TAG, "id": 1, "name": "odd", **odd}, GOOD_TAG]})
    assert ([tag.name for tag in tags], left_out) == (names, omitted)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("operation", "odd", "count", "omitted"),
    [
        ("list_custom_fields", {"id": 1, "name": "A", "type": "enum", "multivalue": None}, 2, 0),
        ("list_custom_fields", {"id": 1, "name": "A", "type": "enum", "values": [{"value": "a"}, {}]}, 2, 1),
        ("list_custom_fields", {"id": 1, "name": None, "type": "enum"}, 1, 1),
        ("list_segments", {"id": None, "name": "A"}, 1, 1),
        ("list_segments", {"id": 12014.0, "name": None}, 2, 0),
        ("list_segment_statuses", None, 1, 1),
        ("list_activity_types", {"id": 7}, 2, 0),
    ],
)
def test_one_odd_item_does_not_make_a_list_unreadable(operation: str, odd: object, count: int, omitted: int) -> None:
    good = CALL[operation].answer[0]
    found, left_out = read(operation, [odd, good])
    assert (len(found), left_out) == (count, omitted)  # type: ignore[arg-type]


def test_a_list_without_a_single_readable_item_is_not_an_empty_list() -> None:
    error = outcome(CALL["list_segments"], in_turn(Reply(200, [{"key": 1}, {"key": 2}])))
    assert type(error) is UnexpectedResponse
    assert re.match(r"0\.id: missing, 1\.id: missing", error.unexpected or "")
