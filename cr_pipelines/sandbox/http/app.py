"""The sandbox as an ASGI application.

Goes in: HTTP requests. Comes out: responses of the API under `/community/v1`, of the control API under `/_sandbox`,
and the pages everywhere else.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import orjson

from cr_pipelines.sandbox.http.api import LARGEST_BODY, Request, respond
from cr_pipelines.sandbox.http.control import Control
from cr_pipelines.sandbox.http.guard import Guard
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.pages import Pages
from cr_pipelines.sandbox.http.routing import PREFIX
from cr_pipelines.sandbox.http.scripts import JSON, Reply
from cr_pipelines.sandbox.http.state import SandboxState

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ABORT = "cr_pipelines.sandbox.abort"
_TICK_SECONDS = 0.02
_NOT_IN_HEADERS = re.compile(r"[^ -~]")
_log = logging.getLogger(__name__)


class App:
    """Serves a sandbox.

    To cut connections it needs a server with the extension `cr_pipelines.sandbox.abort`, whose callable `abort` cuts
    the connection; without it that fault raises RuntimeError.
    """

    def __init__(self, sandbox: SandboxState):
        self.sandbox = sandbox
        self._guard = Guard(sandbox.settings)
        self._control = Control(sandbox)
        self._pages = Pages(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        ticking: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                ticking = asyncio.create_task(self._tick())
                await send({"type": "lifespan.startup.complete"})
            else:
                if ticking is not None:
                    ticking.cancel()
                    with suppress(asyncio.CancelledError):
                        await ticking
                self.sandbox.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                self.sandbox.room.settle()
                self.sandbox.save_if_due()
            except Exception:
                # Without the ticker, nothing would be saved any longer.
                _log.exception("a tick of the sandbox failed; the next one tries again")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw_path: str = scope["raw_path"].decode("latin-1")
        is_api = raw_path == PREFIX or raw_path.startswith(f"{PREFIX}/")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        refusal = self._guard.refusal(headers, is_control=raw_path.startswith("/_sandbox"))
        shared = self._guard.shared(headers)
        if refusal is not None:
            await _send(send, Reply(refusal[0], orjson.dumps({"error": refusal[1]})))
        elif shared and scope["method"] == "OPTIONS":
            await _send(send, Reply(204, b"", headers=shared))
        elif is_api:
            await self._serve_api(scope, raw_path, headers, receive, send, shared)
        else:
            await self._serve_others(scope, headers, receive, send, shared)

    async def _serve_api(
        self,
        scope: Scope,
        raw_path: str,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        send: Send,
        shared: Headers,
    ) -> None:
        sandbox = self.sandbox
        at = sandbox.room.clock.now()
        method: str = scope["method"]
        query: bytes = scope["query_string"]
        found = sandbox.router.find(method, raw_path[len(PREFIX) :])
        operation = found[0].id if found else "unknown"
        body = await _body(receive)
        request = Request(found, method, raw_path[len(PREFIX) :], query, body, _is_json(headers), _token(headers))
        faults = sandbox.faults
        fault = None
        if faults.active and faults.concerns(operation):
            await asyncio.sleep(faults.latency())
            fault = faults.draw()
        path = f"{raw_path}?{query.decode('latin-1')}" if query else raw_path
        script = sandbox.scripts.draw(operation, path, body)
        reply = respond(sandbox, request, fault, script)
        # Clients without a token must not be able to fill the memory.
        kept = b"" if reply.status == 403 and script is None else body
        sandbox.recorder.add(at, method, path, operation, reply.status, kept, reply.fault, reply.why)
        if reply.why:
            reply.headers.append((b"x-sandbox-why", _header_value(reply.why)))
        reply.headers += shared
        if reply.hangs:
            await _gone(receive)
        elif reply.status:
            await _send(send, reply)
        else:
            await _cut(scope, receive)

    async def _serve_others(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send, shared: Headers
    ) -> None:
        self.sandbox.room.settle()
        body = await _body(receive)
        path, method = scope["path"], scope["method"]
        is_control = path.startswith("/_sandbox")
        refusal = None
        if is_control and method == "POST" and not _is_json(headers):
            refusal = 415, "send the Content-Type application/json"
        elif len(body) > LARGEST_BODY:
            refusal = 413, f"a body may have {LARGEST_BODY} bytes"
        if refusal is not None:
            await _send(send, Reply(refusal[0], orjson.dumps({"error": refusal[1]}), headers=shared))
            return
        side = self._control if is_control else self._pages
        status, content_type, content = side.respond(method, path, scope["query_string"].decode("latin-1"), body)
        await _send(send, Reply(status, content, content_type, [*side.headers, *shared]))


def _header_value(text: str) -> bytes:
    """Return text, which may quote what a client sent, in a form that is valid in a header."""
    return _NOT_IN_HEADERS.sub("?", text)[:1000].encode()


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == JSON


def _token(headers: Mapping[bytes, bytes]) -> str:
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    return credentials.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


async def _body(receive: Receive) -> bytes:
    """Return the body; if it exceeds the limit, return just enough to show that."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")[: max(LARGEST_BODY + 1 - size, 0)]
        if chunk:
            chunks.append(chunk)
            size += len(chunk)
        more = message.get("more_body", False)
    return bytes(chunks[0]) if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Send, reply: Reply) -> None:
    headers: Headers = [(b"content-type", reply.content_type), *reply.headers]
    if reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(reply.content)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.drip_seconds and reply.content:
        pause = reply.drip_seconds / len(reply.content)
        for place in range(len(reply.content)):
            await asyncio.sleep(pause)
            body = reply.content[place : place + 1]
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": reply.content})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(scope: Scope, receive: Receive) -> None:
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        raise RuntimeError("this server cannot cut connections; run the sandbox with cr_pipelines.sandbox.serve")
    extension["abort"]()
    await _gone(receive)
