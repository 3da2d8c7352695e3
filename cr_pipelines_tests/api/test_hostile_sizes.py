"""Every operation against a server that sends too much: nesting, headers, and bytes of a body."""

import asyncio
import resource
from collections.abc import Callable

import httpx
import pytest

from cr_pipelines.api import (
    Backoff,
    CommonRoomClient,
    CommonRoomError,
    NotTheApi,
    OperationGone,
    ResponseLost,
    ServerFault,
    Unreachable,
    careful,
    transport,
)
from cr_pipelines_tests.api.test_transport import Handler, opened, serving
from cr_pipelines_tests.support.calls import CALLS, Call
from cr_pipelines_tests.support.scripted_server import Reply, in_turn, scripted

AT_ONCE = careful(Backoff(attempts=2, base=0.0))
CALL = {call.name: call for call in CALLS}
MANY = 100_000

NESTED: dict[str, Callable[[int], str]] = {
    "arrays": lambda depth: "[" * depth + "]" * depth,
    "objects": lambda depth: '{"id":' * depth + "1" + "}" * depth,
    "arrays in a field": lambda depth: '{"status": "ok", "labels": ' + "[" * depth + "]" * depth + "}",
    "objects in a list": lambda depth: '[{"id": 1, "value": ' + '{"a":[' * depth + "]}" * depth + "}]",
    "a reason": lambda depth: '{"status": "failure", "reason": ' + "[" * depth + "]" * depth + "}",
    "a rate limit": lambda depth: '{"rateLimit": ' + '{"a":' * depth + "1" + "}" * depth + "}",
}


def outcome(call: Call, *replies: Reply) -> CommonRoomError | None:
    async def run() -> CommonRoomError | None:
        async with scripted(in_turn(*replies)) as server, CommonRoomClient("t", server.base_url, retry=AT_ONCE) as room:
            try:
                await asyncio.wait_for(call.make(room), 30)
            except CommonRoomError as error:
                return error
            return None

    return asyncio.run(run())


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_no_depth_of_a_body_is_more_than_an_error(call: Call, nested: Callable[[int], str]) -> None:
    body = nested(MANY)
    assert type(outcome(call, Reply(call.status, body))) is NotTheApi
    assert type(outcome(call, Reply(400, body))) is NotTheApi
    assert type(outcome(call, Reply(404, body))) is (NotTheApi if call.name == "token_status" else OperationGone)
    assert type(outcome(call, Reply(500, body))) is (ResponseLost if call.appends else ServerFault)


@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_a_deep_429_says_nothing_and_the_next_response_counts(call: Call) -> None:
    limited = Reply(429, NESTED["a rate limit"](MANY), {"Retry-After": "0"})
    assert outcome(call, limited, Reply(call.status, call.answer)) is None


@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_what_the_api_may_add_is_read_at_any_ordinary_depth(call: Call) -> None:
    more = NESTED["arrays"](50)
    body = {
        list: lambda: f'[{{"id": "1", "name": "n", "displayName": "d", "fullName": "f", "type": "t", "more": {more}}}]',
        dict: lambda: None,
        str: lambda: f'{{"status": "ok", "more": {more}}}',
    }[type(call.answer)]()
    assert outcome(call, Reply(call.status, call.answer if body is None else body)) is None


@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_a_body_over_the_bound_is_no_response(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_RESPONSE", MANY)
    for status in (call.status, 400, 404):
        error = outcome(call, Reply(status, " " * (2 * MANY)))
        assert type(error) is (ResponseLost if call.appends else Unreachable)


@pytest.mark.parametrize("call", CALL.values(), ids=CALL)
def test_more_headers_than_any_response_has_are_no_response(call: Call) -> None:
    error = outcome(call, Reply(call.status, call.answer, {f"X-{number}": "x" for number in range(MANY)}))
    assert type(error) is (ResponseLost if call.appends else Unreachable)


def endless(start: bytes, piece: bytes) -> tuple[Handler, list[int]]:
    sent = [0]

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(piece * 1_000)
            sent[0] += len(piece) * 1_000
            await writer.drain()

    return handle, sent


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: value\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"value"),
        (b"HTTP/1.1 200 ", b"OK"),
        (b"HTTP/1.1 200 OK\r\nX", b"Header"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: value\r\n"),
    ],
    ids=["headers", "a value", "a status line", "a name", "trailers"],
)
def test_a_head_without_an_end_is_read_up_to_a_bound(start: bytes, piece: bytes) -> None:
    handler, sent = endless(start, piece)

    async def test() -> None:
        async with serving(handler) as server, opened(total_timeout=30) as sending:
            with pytest.raises(httpx.TransportError) as caught:
                await asyncio.wait_for(sending.send("GET", server.url, [], b""), 20)
            assert isinstance(caught.value, httpx.RemoteProtocolError | httpx.ReadError)

    asyncio.run(test())
    # What the sockets of both sides take without being read is a few megabytes.
    assert sent[0] < 64_000_000


def test_an_extension_of_a_chunk_that_never_ends_costs_time_but_no_memory() -> None:
    handler, _ = endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"extension")

    async def test() -> None:
        async with serving(handler) as server, opened(total_timeout=1) as sending:
            with pytest.raises(httpx.ReadTimeout):
                await sending.send("GET", server.url, [], b"")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asyncio.run(test())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000
