"""The sandbox as an ASGI application: the API first, the control API and the pages beside it."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import orjson

from cr_pipelines.sandbox.http.control import Control
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.operations import PREFIX, Call, Operation
from cr_pipelines.sandbox.http.pages import Pages
from cr_pipelines.sandbox.http.sandbox import Sandbox
from cr_pipelines.sandbox.workspace.errors import Forbidden, InvalidRequest, NotFound, Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ABORT = "cr_pipelines.sandbox.abort"
LARGEST_BODY = 512 * 1024
_JSON = (b"content-type", b"application/json")
_OK = orjson.dumps({"status": "ok"})
_TICK_SECONDS = 0.02


class App:
    """Serves a `Sandbox`.

    To drop connections it needs a server that offers the extension `cr_pipelines.sandbox.abort`, with a
    callable `abort` that cuts the connection; without it that fault raises `RuntimeError`.
    """

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self._control = Control(sandbox)
        self._pages = Pages(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["raw_path"].startswith(b"/community/v1/"):
                await self._serve_api(scope, receive, send)
            else:
                await self._serve_beside(scope, receive, send)

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
            self.sandbox.room.settle()
            self.sandbox.save_now_and_then()

    async def _serve_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        sandbox = self.sandbox
        at = sandbox.room.clock.now()
        method: str = scope["method"]
        raw_path = scope["raw_path"].decode("ascii")
        found = sandbox.router.find(method, raw_path[len(PREFIX) :])
        operation = found[0].id if found else "unknown"
        body, is_json, token = await _read(scope, receive)
        fault = None
        headers: Headers
        faults = sandbox.faults
        if faults.active and faults.concern(operation):
            delay = faults.latency()
            if delay:
                await asyncio.sleep(delay)
            fault = faults.draw()

        content: Any = None
        if token not in sandbox.tokens:
            status, content, headers, fault = 403, Forbidden().body, sandbox.limiter.headers(0), None
        elif (remaining := sandbox.limiter.count(token)) < 0:
            status, fault = 429, None
            content, headers = sandbox.limiter.refusal(sandbox.limiter.wait_seconds())
        elif fault == "rate_limited":
            status = 429
            content, headers = sandbox.limiter.refusal(max(faults.burst_left(), 0.001))
        else:
            headers = sandbox.limiter.headers(remaining)
            if fault == "error":
                status, content = _server_error(faults.error_status())
            elif fault == "drop_before":
                status = 0
            else:
                try:
                    if found is None:
                        raise NotFound("no-such-operation")
                    status, content = self._run(*found, scope, method, body, is_json)
                except Refusal as refusal:
                    status, content = refusal.status, refusal.body
                if fault == "error_after":
                    status, content = _server_error(faults.error_status())
                elif fault == "drop_after":
                    status = 0

        query = scope["query_string"]
        path = f"{raw_path}?{query.decode('latin-1')}" if query else raw_path
        sandbox.recorder.add(at, method, path, operation, status, body, fault)
        if status:
            await _answer(send, status, _OK if content is None else orjson.dumps(content), [_JSON, *headers])
        else:
            await _cut(scope, receive)

    def _run(
        self, operation: Operation, parameter: str, scope: Scope, method: str, body: bytes, is_json: bool
    ) -> tuple[int, Any]:
        room = self.sandbox.room
        if operation.body is not None and (not is_json or len(body) > LARGEST_BODY):
            raise InvalidRequest
        if operation.success != 202:
            room.settle()
        call = Call(room, "", parameter, scope["query_string"])
        if method == "GET":
            call.origin = self.sandbox.origin
        return operation.success, operation.run(call, body)

    async def _serve_beside(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.sandbox.room.settle()
        body, _, _ = await _read(scope, receive)
        path: str = scope["path"]
        side = self._control if path.startswith("/_sandbox") else self._pages
        query = scope["query_string"].decode("latin-1")
        status, content_type, content = side.answer(scope["method"], path, query, body)
        await _answer(send, status, content, [(b"content-type", content_type), *side.headers])


async def _read(scope: Scope, receive: Receive) -> tuple[bytes, bool, str]:
    """The body, whether it says to be JSON, and the bearer token. What is over the limit is not kept."""
    is_json, token = False, ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, given = value.partition(b" ")
            token = given.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
        elif name == b"content-type":
            is_json = value.startswith(b"application/json")
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            size += len(message.get("body", b""))
            if size <= LARGEST_BODY + 1:
                parts.append(message["body"])
            else:
                parts.append(message.get("body", b"")[: max(LARGEST_BODY + 1 - sum(map(len, parts)), 0)])
        body = b"".join(parts)
    return bytes(body), is_json, token


async def _answer(send: Send, status: int, content: bytes, headers: Headers) -> None:
    headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _cut(scope: Scope, receive: Receive) -> None:
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        raise RuntimeError("This server cannot cut connections: run the sandbox by cr_pipelines.sandbox.serve.")
    extension["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _server_error(status: int) -> tuple[int, dict[str, str]]:
    return status, {"status": "failure", "reason": "injected-fault"}
