import asyncio
import gzip
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from cr_pipelines.api import Backoff, CommonRoomClient, ContactNote, ResponseLost, User, careful
from cr_pipelines.api.transport import LARGEST_RESPONSE, AiohttpTransport, HttpxTransport

TOKEN = "header.payload.signature"  # noqa: S105
NOTE = ContactNote(social_type="email", value="ada@example.com", note="Hi")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[object]]


class Server:
    """A server that reads one request after the other and gives each to a handler, as raw bytes."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.heads: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.url = ""
        self._changed = asyncio.Condition()

    async def until_open(self, count: int) -> None:
        """Wait until `count` connections are open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.open == count)

    async def count(self, change: int) -> None:
        async with self._changed:
            self.open += change
            self._changed.notify_all()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self.count(1)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
                await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
                self.heads.append(head)
                await self.handler(reader, writer, head)
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            await self.count(-1)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Server]:
    server = Server(handler)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


@asynccontextmanager
async def opened(
    connect_timeout: float = 2.0, total_timeout: float = 5.0, trust_env: bool = False
) -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(connect_timeout=connect_timeout, total_timeout=total_timeout, trust_env=trust_env)
    try:
        yield transport
    finally:
        await transport.aclose()


def sending(content: bytes) -> Handler:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(content)
        await writer.drain()

    return handle


def closing_after(content: bytes) -> Handler:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    return handle


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter, head: bytes) -> None:
    await reader.read()


def run(test: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(test, 60))


def failure(handler: Handler, method: str = "POST", **timeouts: float) -> httpx.RequestError:
    """The error that one request ends with; `handler` must see it exactly once."""

    async def test() -> httpx.RequestError:
        async with serving(handler) as server, opened(**timeouts) as transport:
            with pytest.raises(httpx.RequestError) as caught:
                await transport.handle_async_request(httpx.Request(method, server.url + "/user/ada%40example.com"))
            assert len(server.heads) == 1
            assert "127.0.0.1" not in str(caught.value)
            assert "ada" not in str(caught.value)
            assert caught.value.__cause__ is None or isinstance(caught.value, httpx.DecodingError)
            return caught.value

    return run(test())  # type: ignore[no-any-return]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (reset, httpx.ReadError),
        (closing_after(b""), httpx.ReadError),
        (closing_after(b"HTTP/1.1 200 OK\r\nConte"), httpx.ReadError),
        (closing_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi"), httpx.ReadError),
        (closing_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi"), httpx.ReadError),
        (closing_after(b"SSH-2.0-OpenSSH\r\n\r\n"), httpx.RemoteProtocolError),
        (hang, httpx.ReadTimeout),
        (sending(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi"), httpx.ReadTimeout),
    ],
)
def test_a_failure_after_the_request_was_sent_is_a_read_error(handler: Handler, kind: type, method: str) -> None:
    assert type(failure(handler, method, total_timeout=0.5)) is kind


@pytest.mark.parametrize("encoding", [b"gzip", b"deflate"])
def test_a_body_that_is_not_encoded_as_it_says_is_a_decoding_error(encoding: bytes) -> None:
    lie = b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding + b"\r\nContent-Length: 9\r\n\r\nplainbody"
    assert type(failure(sending(lie))) is httpx.DecodingError


def test_an_append_whose_response_cannot_be_decoded_is_a_lost_response() -> None:
    lie = b"HTTP/1.1 202 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nplainbody"

    async def test() -> None:
        async with serving(sending(lie)) as server, CommonRoomClient(TOKEN, server.url) as room:
            with pytest.raises(ResponseLost):
                await room.add_contact_note(NOTE)
            assert len(server.heads) == 1

    run(test())


def test_a_compressed_body_arrives_as_it_was() -> None:
    body = gzip.compress(b"hello")
    reply = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async def test() -> None:
        async with serving(sending(reply)) as server, opened() as transport:
            response = await transport.handle_async_request(httpx.Request("GET", server.url))
            assert await response.aread() == b"hello"

    run(test())


@pytest.mark.parametrize("compressed", [True, False])
def test_a_body_of_any_size_is_read_up_to_a_bound(compressed: bool) -> None:
    async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        size = 10 * LARGEST_RESPONSE
        writer.write(b"HTTP/1.1 200 OK\r\n")
        if compressed:
            body = gzip.compress(bytes(size), 1)
            writer.write(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        else:
            writer.write(b"Content-Length: %d\r\n\r\n" % size)
            while not writer.is_closing():
                writer.write(bytes(65_536))
                await writer.drain()
        await writer.drain()

    async def test() -> None:
        async with serving(send) as server, opened() as transport:
            with pytest.raises(httpx.RemoteProtocolError, match="more than 33,554,432 bytes"):
                await transport.send("GET", server.url, [], b"")

    run(test())


def test_a_body_that_another_transport_gives_is_read_up_to_the_same_bound() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1_000_000)

    async def test() -> None:
        transport = HttpxTransport(
            httpx.MockTransport(lambda _: httpx.Response(200, content=endless())), connect_timeout=5, total_timeout=50
        )
        with pytest.raises(httpx.RemoteProtocolError, match="more than 33,554,432 bytes"):
            await transport.send("GET", "http://localhost", [], b"")

    run(test())


def test_a_refused_port_is_a_connect_error() -> None:
    async def test() -> None:
        async with opened() as transport:
            with pytest.raises(httpx.ConnectError):
                await transport.handle_async_request(httpx.Request("POST", "http://127.0.0.1:9/user/ada"))

    run(test())


@pytest.mark.parametrize(("connect_timeout", "total_timeout"), [(0.3, 5.0), (5.0, 0.3), (0.3, 0.3)])
def test_a_server_that_never_accepts_is_a_connect_timeout(connect_timeout: float, total_timeout: float) -> None:
    async def test() -> None:
        full = socket.socket()
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        for _ in range(8):  # the queue of connections to accept is full
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            fillers.append(filler)
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        began = time.monotonic()
        try:
            async with opened(connect_timeout, total_timeout) as transport:
                with pytest.raises(httpx.ConnectTimeout):
                    await transport.handle_async_request(httpx.Request("POST", url))
        finally:
            for end in (full, *fillers):
                end.close()
        assert 0.25 <= time.monotonic() - began <= 3

    run(test())


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_stale_connection_does_not_make_the_transport_send_twice(method: str) -> None:
    async def stale(_: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if len(server.heads) == 1:
            writer.write(OK)
        else:
            writer.close()

    async def test() -> None:
        nonlocal server
        async with serving(stale) as server, opened() as transport:
            await transport.handle_async_request(httpx.Request(method, server.url))
            with pytest.raises(httpx.ReadError):
                await transport.handle_async_request(httpx.Request(method, server.url))
            assert (len(server.heads), server.connections) == (2, 1)

    server: Server
    run(test())


def test_an_append_over_a_stale_connection_is_a_lost_response_and_never_sent_again() -> None:
    async def stale(_: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if len(server.heads) == 1:
            writer.write(OK)
        else:
            writer.close()

    async def test() -> None:
        nonlocal server
        async with serving(stale) as server, CommonRoomClient(TOKEN, server.url) as room:
            await room.add_contact_note(NOTE)
            with pytest.raises(ResponseLost):
                await room.add_contact_note(NOTE)
            assert len(server.heads) == 2

    server: Server
    run(test())


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again() -> None:
    async def close_soon(_: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)
        await writer.drain()
        writer.close()

    async def test() -> None:
        async with serving(close_soon) as server, opened() as transport:
            for _ in range(3):
                await transport.handle_async_request(httpx.Request("POST", server.url))
                await asyncio.sleep(0.05)
            assert (len(server.heads), server.connections) == (3, 3)

    run(test())


def test_the_path_and_the_headers_are_sent_exactly_as_given() -> None:
    path = "/user/a%2Fb%3F%c3%A9+~'(x)%7E?q=%2B%20a&empty="

    async def test() -> None:
        async with serving(sending(OK)) as server, opened() as transport:
            request = httpx.Request("GET", server.url + path, headers=[("X-One", "1"), ("Accept", "text/plain")])
            await transport.handle_async_request(request)
            [head] = server.heads
        assert head.startswith(b"GET " + request.url.raw_path + b" HTTP/1.1\r\n")
        assert b"%2Fb%3F" in head
        assert b"Accept: text/plain\r\n" in head
        assert b"X-One: 1\r\n" in head

    run(test())


def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"

    async def test() -> None:
        async with serving(sending(reply)) as server, opened() as transport:
            for _ in range(2):
                response = await transport.handle_async_request(httpx.Request("GET", server.url + "/first"))
                assert response.status_code == 302
            assert len(server.heads) == 2
            assert not any(b"Cookie" in head or b"elsewhere" in head for head in server.heads)

    run(test())


def test_a_large_body_is_sent_whole() -> None:
    async def test() -> None:
        async with serving(sending(OK)) as server, opened() as transport:
            request = httpx.Request("POST", server.url, content=b"x" * 3_000_000)
            assert (await transport.handle_async_request(request)).status_code == 200
            assert b"Content-Length: 3000000" in server.heads[0]

    run(test())


def test_as_many_connections_are_open_as_requests_are_in_flight() -> None:
    async def test() -> None:
        async with serving(hang) as server, opened(total_timeout=3.0) as transport:
            requests = [transport.handle_async_request(httpx.Request("POST", server.url)) for _ in range(300)]
            await asyncio.gather(*requests, return_exceptions=True)
            assert server.connections == 300

    run(test())


def test_hundreds_of_requests_cancelled_in_flight_end_at_once_and_leave_no_connection() -> None:
    async def test() -> None:
        async with serving(hang) as server, opened(total_timeout=30.0) as transport:
            for _ in range(3):
                tasks = [
                    asyncio.create_task(transport.handle_async_request(httpx.Request("POST", server.url)))
                    for _ in range(300)
                ]
                await server.until_open(300)
                began = time.monotonic()
                for task in tasks:
                    task.cancel()
                ends = await asyncio.gather(*tasks, return_exceptions=True)
                assert time.monotonic() - began < 2
                assert all(isinstance(end, asyncio.CancelledError) for end in ends)
                await server.until_open(0)

    run(test())


def test_requests_cancelled_at_any_moment_leave_a_transport_that_works() -> None:
    async def test() -> None:
        async with serving(sending(OK)) as server, opened() as transport:
            for n in range(40):
                tasks = [
                    asyncio.create_task(transport.handle_async_request(httpx.Request("POST", server.url)))
                    for _ in range(50)
                ]
                await asyncio.sleep(0.0005 * n)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            response = await transport.handle_async_request(httpx.Request("POST", server.url))
            assert await response.aread() == b"{}"

    run(test())


def test_a_client_that_was_closed_sends_nothing_more() -> None:
    async def test() -> None:
        async with serving(sending(OK)) as server:
            async with CommonRoomClient(TOKEN, server.url) as room:
                pass
            with pytest.raises(RuntimeError, match="the client is closed"):
                await room.token_status()

    run(test())


def test_cancelled_calls_of_a_client_end_at_once() -> None:
    async def test() -> None:
        async with (
            serving(hang) as server,
            CommonRoomClient(TOKEN, server.url, retry=careful(Backoff(attempts=1))) as room,
        ):
            tasks = [asyncio.create_task(room.add_or_edit_user(1, User(id=str(n)))) for n in range(500)]
            await asyncio.sleep(0.2)
            began = time.monotonic()
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert time.monotonic() - began < 1
            assert all(isinstance(end, asyncio.CancelledError) for end in ends)

    run(test())


def test_the_environments_proxy_is_used_except_where_no_proxy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with serving(sending(OK)) as proxy, serving(sending(OK)) as server:
            address = proxy.url.removeprefix("http://")
            monkeypatch.setenv("http_proxy", f"http://ada:secret@{address}")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with opened(trust_env=True) as transport:
                await transport.handle_async_request(httpx.Request("GET", "http://room.example/one"))
                await transport.handle_async_request(httpx.Request("GET", server.url + "/two"))
            [through], [direct] = proxy.heads, server.heads
            assert through.startswith(b"GET http://room.example/one HTTP/1.1\r\n")
            assert b"Proxy-Authorization: Basic YWRhOnNlY3JldA==" in through
            assert direct.startswith(b"GET /two HTTP/1.1\r\n")
            assert b"Proxy-Authorization" not in direct

    run(test())


def test_a_tunnel_that_the_proxy_denies_is_a_connect_error(monkeypatch: pytest.MonkeyPatch) -> None:
    denial = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"

    async def test(handler: Handler) -> None:
        async with serving(handler) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url.removeprefix("http://"))
            monkeypatch.delenv("no_proxy", raising=False)
            async with opened(trust_env=True) as transport:
                with pytest.raises(httpx.ConnectError):
                    await transport.handle_async_request(httpx.Request("POST", "https://room.example/one"))
            assert proxy.heads[0].startswith(b"CONNECT room.example:443 ")

    for handler in (closing_after(denial), closing_after(b"")):
        run(test(handler))


def test_a_proxy_that_does_not_speak_http_is_said_to_be_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with opened(trust_env=True) as transport:
            with pytest.raises(httpx.UnsupportedProtocol):
                await transport.handle_async_request(httpx.Request("GET", "http://room.example/"))

    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    run(test())


PROGRAM = """
import asyncio, gc, os, sys
from cr_pipelines.api import CommonRoomClient, User
assert "dagster" not in sys.modules

async def main():
    async with CommonRoomClient("token", sys.argv[1]) as room:
        await asyncio.gather(*(room.add_or_edit_user(1, User(id=str(n))) for n in range(8)))

gc.freeze()  # or every child collects, and so copies, what the parent imported
for batch in range(25):
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:
            asyncio.run(main())
            sys.exit()
        children.append(child)
    for child in children:
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.mark.long
def test_200_processes_that_close_the_client_and_exit_at_once_end_well() -> None:
    async def test() -> None:
        async with serving(sending(b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n")) as server:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROGRAM, server.url, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            output, errors = await process.communicate()
            assert errors == b""
            assert output.split() == [b"0"] * 200
            assert len(server.heads) == 1600

    asyncio.run(test())
