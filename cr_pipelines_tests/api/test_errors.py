import asyncio
import logging
import pickle
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cr_pipelines.api import (
    Backoff,
    BadToken,
    CommonRoomClient,
    CommonRoomError,
    ContactNote,
    InvalidRequest,
    NotFound,
    NotTheApi,
    ResponseLost,
    ServerFault,
    UnexpectedResponse,
    UnknownSource,
    Unreachable,
    User,
    careful,
)
from cr_pipelines_tests.support.calls import CALLS
from cr_pipelines_tests.support.scripted_server import Reply, in_turn, scripted

TOKEN = "header.payload.signature"  # noqa: S105
AT_ONCE = careful(Backoff(attempts=3, base=0.0))
CALL = {call.name: call.make for call in CALLS}


def failing(operation: str, *replies: Reply, **options: Any) -> CommonRoomError:
    """The error that `operation` ends with when the server gives these replies."""

    async def run() -> CommonRoomError:
        async with (
            scripted(in_turn(*replies)) as server,
            CommonRoomClient(TOKEN, server.base_url, retry=AT_ONCE, **options) as room,
        ):
            with pytest.raises(CommonRoomError) as caught:
                await CALL[operation](room)
            return caught.value

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("operation", "status", "kind", "code"),
    [
        ("token_status", 403, BadToken, "bad_token"),
        ("token_status", 401, BadToken, "bad_token"),
        ("add_or_edit_user", 404, UnknownSource, "unknown_source"),
        ("add_or_edit_activity", 404, UnknownSource, "unknown_source"),
        ("add_or_edit_user", 400, InvalidRequest, "invalid_request"),
        ("get_tag", 404, NotFound, "not_found"),
        ("remove_pii", 404, NotFound, "not_found"),
        ("add_or_edit_user", 409, UnexpectedResponse, "unexpected_response"),
        ("add_or_edit_user", 302, NotTheApi, "not_the_api"),
        ("add_contact_note", 400, InvalidRequest, "invalid_request"),
    ],
)
def test_a_refusal_is_raised_at_once_as_its_own_error(operation: str, status: int, kind: type, code: str) -> None:
    error = failing(operation, Reply(status, {"reason": "not-found"}, {"Location": "/elsewhere"}))
    assert type(error) is kind
    assert (error.operation, error.http_status, error.attempts, error.reason_code) == (operation, status, 1, code)


@pytest.mark.parametrize(
    ("operation", "reply", "kind", "code", "attempts"),
    [
        ("add_or_edit_user", Reply(503), ServerFault, "server_fault", 3),
        ("remove_pii", Reply(500), ServerFault, "server_fault", 3),
        ("add_or_edit_user", Reply(None), Unreachable, "unreachable", 3),
        ("add_contact_note", Reply(500), ResponseLost, "response_lost", 1),
        ("add_contact_note", Reply(None), ResponseLost, "response_lost", 1),
        ("add_segment_note", Reply(502), ResponseLost, "response_lost", 1),
        ("add_activity_to_contacts", Reply(None), ResponseLost, "response_lost", 1),
    ],
)
def test_a_fault_is_retried_only_where_repeating_does_no_harm(
    operation: str, reply: Reply, kind: type, code: str, attempts: int
) -> None:
    error = failing(operation, reply)
    assert type(error) is kind
    assert (error.http_status, error.attempts, error.reason_code) == (reply.status, attempts, code)


def test_what_appends_is_exactly_what_is_never_repeated() -> None:
    for call in CALLS:
        error = failing(call.name, Reply(500))
        assert isinstance(error, ResponseLost if call.appends else ServerFault), call.name


def test_an_answer_that_does_not_come_in_time_counts_as_lost() -> None:
    assert isinstance(failing("add_contact_note", Reply(after=30), timeout=0.2), ResponseLost)
    assert isinstance(failing("list_tags", Reply(after=30), timeout=0.1), Unreachable)


def test_what_certainly_was_not_sent_is_tried_again_even_where_repeating_would_harm() -> None:
    async def run() -> CommonRoomError:
        async with CommonRoomClient(TOKEN, "http://127.0.0.1:9/community/v1", retry=AT_ONCE) as room:
            with pytest.raises(CommonRoomError) as caught:
                await room.add_contact_note(ContactNote(social_type="email", value="a@example.com", note="Hi"))
            assert room.stats.retries == 2
            return caught.value

    error = asyncio.run(run())
    assert isinstance(error, Unreachable)
    assert (error.http_status, error.attempts) == (None, 3)


def test_a_fault_that_passes_leaves_no_error_behind() -> None:
    async def run() -> None:
        replies = in_turn(Reply(500), Reply(None), Reply(202))
        async with scripted(replies) as server, CommonRoomClient(TOKEN, server.base_url, retry=AT_ONCE) as room:
            assert (await room.add_or_edit_user(7, User(id="1"))).attempts == 3
            assert (room.stats.requests, room.stats.retries) == (3, 2)
            assert room.stats.by_operation["add_or_edit_user"].retries == 2

    asyncio.run(run())


@pytest.mark.parametrize("body", ["", "not json", "{}", '{"labels": [{"id": "1"}]}', "[]"])
def test_an_answer_that_makes_no_sense_is_unexpected(body: str) -> None:
    assert isinstance(failing("list_tags", Reply(200, body)), UnexpectedResponse)


def test_the_servers_reason_is_shown_when_it_is_one_that_is_known() -> None:
    error = failing("add_or_edit_user", Reply(400, {"reason": "invalid-request-body", "docs": "https://x"}))
    assert error.reason == "invalid-request-body"
    assert "reason: invalid-request-body" in str(error)


def test_errors_survive_pickling() -> None:
    error = NotFound("get_tag", 2, 404, "not-found")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(copy), copy.attempts, copy.reason) == (str(error), 2, "not-found")


names = st.text(alphabet=st.characters(categories=["L"]), min_size=4, max_size=12)


@settings(max_examples=30, deadline=None)
@given(name=names, status=st.sampled_from([400, 403, 404, 409, 500, None]))
def test_no_error_and_no_log_shows_personal_data_or_the_token(name: str, status: int | None) -> None:
    email = f"{name}@example.com"
    secrets = [name, name.casefold(), TOKEN, "%40example"]
    reply = Reply(status, {"reason": name.lower(), "errors": [email], "status": email})
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # asyncio complains about the scripted server, in words that may hold any name.
            if record.name != "asyncio":
                records.append(record.getMessage())

    async def run() -> list[str]:
        shown = []
        async with (
            scripted(in_turn(reply)) as server,
            CommonRoomClient(TOKEN, server.base_url, retry=AT_ONCE) as room,
        ):
            shown.append(repr(room))
            for call in (
                room.remove_pii(email),
                room.find_contacts(email=email),
                room.add_or_edit_user(1, User(id=name, full_name=name, email=email)),
                room.add_contact_note(ContactNote(social_type="email", value=email, note=name)),
            ):
                try:
                    await call
                except CommonRoomError as error:
                    shown += [str(error), repr(error), repr(vars(error)), *_links(error)]
        return shown

    root, keeper = logging.getLogger(), Keep()
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.INFO)
    try:
        shown = asyncio.run(run())
    finally:
        root.removeHandler(keeper)
        root.setLevel(before)
    assert len(shown) > 4
    vocabulary = " ".join(str(kind("operation", 1)) for kind in CommonRoomError.__subclasses__())
    for secret in secrets:
        if secret not in vocabulary:
            assert not [text for text in shown + records if secret in text]


def _links(error: BaseException) -> list[str]:
    """The errors that tell of others: none may be attached, as loggers print them."""
    assert error.__cause__ is None
    assert error.__context__ is None
    return traceback.format_exception_only(error)
