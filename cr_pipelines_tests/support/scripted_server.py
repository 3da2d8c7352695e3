"""A real HTTP server on loopback that answers as a test tells it to, and remembers what it was asked."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer; `None` as the status cuts the connection without one."""

    status: int | None = 200
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


Script = Callable[[Asked], Reply]


def in_turn(*replies: Reply) -> Script:
    """One reply after the other; the last one forever."""
    left = list(replies)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


@dataclass
class ScriptedServer:
    script: Script
    base_url: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                reply = self.script(asked)
                if reply.after:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.closing.wait(), reply.after)
                if reply.status is None:
                    break
                writer.write(_write(reply))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/community/v1"
    try:
        yield server
    finally:
        server.closing.set()
        listener.close()
        await asyncio.sleep(0)


@contextmanager
def scripted_in_thread(script: Script) -> Iterator[ScriptedServer]:
    """The same beside the test, for code that runs an event loop of its own."""
    started, done = threading.Event(), threading.Event()
    servers: list[ScriptedServer] = []

    async def serve() -> None:
        async with scripted(script) as server:
            servers.append(server)
            started.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield servers[0]
    finally:
        done.set()
        thread.join()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def _write(reply: Reply) -> bytes:
    body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    headers = {"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(body.encode()))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} Status\r\n{lines}\r\n{body}".encode()
