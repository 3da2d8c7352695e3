"""Every operation against every response that is not the API's own word for success."""

import asyncio
import re
from dataclasses import dataclass

import pytest

from cr_pipelines.api import (
    Backoff,
    BadToken,
    CommonRoomClient,
    CommonRoomError,
    FailureReported,
    InvalidRequest,
    NotFound,
    NotTheApi,
    OperationGone,
    ResponseLost,
    ServerFault,
    UnexpectedResponse,
    UnknownSource,
    careful,
)
from cr_pipelines_tests.support.calls import CALLS, Call
from cr_pipelines_tests.support.scripted_server import Reply, Script, in_turn, scripted

AT_ONCE = careful(Backoff(attempts=2, base=0.0))
CALL = {call.name: call for call in CALLS}
PAGE = "<!DOCTYPE html><html><head><title>Sign in, ada@example.com</title></head><body>Cannot POST</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
FAULT = "a fault of the server"
GONE_OR_FOREIGN = "gone, or something else"
MISSING = "what is named is not there"


@dataclass(frozen=True)
class Hostile:
    name: str
    reply: Reply
    kind: type[CommonRoomError] | str


HOSTILE = [
    Hostile("login page", Reply(0, PAGE, HTML), NotTheApi),
    Hostile("page as JSON", Reply(0, PAGE), NotTheApi),
    Hostile("page with 201", Reply(201, PAGE, HTML), NotTheApi),
    Hostile("no content", Reply(204), NotTheApi),
    Hostile("partial content", Reply(206, {"status": "ok"}), NotTheApi),
    Hostile("created", Reply(201, {"status": "ok"}), NotTheApi),
    Hostile("gateway's JSON", Reply(0, {"message": "no Route matched with those values"}), NotTheApi),
    Hostile("framework's JSON", Reply(0, {"timestamp": 1, "status": 200, "path": "/"}), NotTheApi),
    Hostile("a number", Reply(0, "1"), NotTheApi),
    Hostile("a string", Reply(0, '"ok"'), NotTheApi),
    Hostile("null", Reply(0, "null"), NotTheApi),
    Hostile("truncated", Reply(0, '{"status": "o'), NotTheApi),
    Hostile("deep", Reply(0, "[" * 5000), NotTheApi),
    Hostile("unescaped control character", Reply(0, '{"status": "o\x01k"}'), NotTheApi),
    Hostile("huge", Reply(0, f"<p>{'x' * 2_000_000}</p>", HTML), NotTheApi),
    Hostile("JSON as text", Reply(0, {"status": "ok"}, {"Content-Type": "text/csv"}), NotTheApi),
    Hostile("failure", Reply(0, {"status": "failure", "errors": ["not queued"]}), FailureReported),
    Hostile("error", Reply(0, {"status": "error"}), FailureReported),
    Hostile("not found in a 200", Reply(0, {"status": "not-found"}), FailureReported),
    Hostile("not created", Reply(0, {"status": "not created"}), FailureReported),
    Hostile("no success", Reply(0, {"success": False, "error": {"code": "X"}}), FailureReported),
    Hostile("a redirect", Reply(302, "", {"Location": "https://login.example.com/"}), NotTheApi),
    Hostile("a permanent redirect", Reply(308, PAGE, HTML), NotTheApi),
    Hostile("unmodified", Reply(304), NotTheApi),
    Hostile("400 page", Reply(400, PAGE, HTML), NotTheApi),
    Hostile("400 empty", Reply(400), NotTheApi),
    Hostile("400 of a gateway", Reply(400, {"message": "Bad Request"}), NotTheApi),
    Hostile("403 page", Reply(403, PAGE, HTML), NotTheApi),
    Hostile("403 of a gateway", Reply(403, {"message": "Forbidden"}), NotTheApi),
    Hostile("403 empty", Reply(403), NotTheApi),
    Hostile("401 of a proxy", Reply(401, {"error": "login required"}), NotTheApi),
    Hostile("404 page", Reply(404, PAGE, HTML), GONE_OR_FOREIGN),
    Hostile("404 empty", Reply(404), GONE_OR_FOREIGN),
    Hostile("404 of a gateway", Reply(404, {"statusCode": 404, "message": "Resource not found"}), GONE_OR_FOREIGN),
    Hostile("404 of a framework", Reply(404, {"status": 404, "error": "Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 list", Reply(404, "[]"), GONE_OR_FOREIGN),
    Hostile("404 ok", Reply(404, {"status": "ok"}), GONE_OR_FOREIGN),
    Hostile("404 as a page", Reply(404, {"status": "not-found"}, HTML), GONE_OR_FOREIGN),
    Hostile("405", Reply(405, PAGE, HTML), OperationGone),
    Hostile("410", Reply(410, {"status": "not-found"}), OperationGone),
    Hostile("406", Reply(406, PAGE, HTML), NotTheApi),
    Hostile("409", Reply(409, {"reason": "conflict"}), UnexpectedResponse),
    Hostile("413 page", Reply(413, PAGE, HTML), NotTheApi),
    Hostile("422", Reply(422, {"reason": "invalid"}), UnexpectedResponse),
    Hostile("451 page", Reply(451, PAGE, HTML), NotTheApi),
    Hostile("408", Reply(408, PAGE, HTML), ServerFault),
    Hostile("425", Reply(425), ServerFault),
    Hostile("500 page", Reply(500, PAGE, HTML), FAULT),
    Hostile("502 page", Reply(502, PAGE, HTML), FAULT),
    Hostile("503 ok", Reply(503, {"status": "ok"}), FAULT),
    Hostile("504 of a gateway", Reply(504, {"message": "Endpoint request timed out"}), FAULT),
    Hostile("400 of the API", Reply(400, {"reason": "invalid-request-body", "docs": "https://x"}), InvalidRequest),
    Hostile("403 of the API", Reply(403, {"status": "forbidden"}), BadToken),
    Hostile("403 as seen", Reply(403, {"reason": "Token not valid"}), BadToken),
    Hostile("404 of the API", Reply(404, {"status": "not-found"}), MISSING),
]


def expected(hostile: Hostile, call: Call) -> type[CommonRoomError]:
    match hostile.kind:
        case "a fault of the server":
            return ResponseLost if call.appends else ServerFault
        case "gone, or something else":
            return NotTheApi if call.name == "token_status" else OperationGone
        case "what is named is not there":
            return UnknownSource if call.described_as.startswith("/source/") else NotFound
        case kind:
            assert isinstance(kind, type)
            return kind


def answering(reply: Reply, call: Call) -> Script:
    """The reply; with 0 as its status, the one that the operation has for a success."""
    return in_turn(Reply(reply.status or call.status, reply.body, reply.headers))


def outcome(call: Call, script: Script) -> CommonRoomError:
    async def run() -> CommonRoomError:
        async with scripted(script) as server, CommonRoomClient("t", server.base_url, retry=AT_ONCE) as room:
            with pytest.raises(CommonRoomError) as caught:
                await call.make(room)
            return caught.value

    return asyncio.run(run())


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_no_operation_takes_a_response_that_is_not_the_apis_for_a_success(call: Call, hostile: Hostile) -> None:
    error = outcome(call, answering(hostile.reply, call))
    assert type(error) is expected(hostile, call)
    assert "ada@example.com" not in str(error)
    if isinstance(error, UnexpectedResponse):
        assert error.unexpected


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_an_append_may_have_been_written_unless_the_response_refuses_it(hostile: Hostile) -> None:
    call = CALL["add_contact_note"]
    error = outcome(call, answering(hostile.reply, call))
    status = hostile.reply.status or call.status
    reported = isinstance(error, FailureReported)
    assert error.may_have_written is (not reported and (status < 300 or status >= 500))


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
