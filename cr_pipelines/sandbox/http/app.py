"""The sandbox as an ASGI application.

Goes in: HTTP requests. Comes out: responses of the API under `/community/v1`, of the control API under `/_sandbox`,
and the pages everywhere else.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from cr_pipelines.sandbox.http.control import Control
from cr_pipelines.sandbox.http.errors import error_response, forbidden, injected_error
from cr_pipelines.sandbox.http.faults import Fault
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.pages import Pages
from cr_pipelines.sandbox.http.routing import PREFIX, Call, Operation
from cr_pipelines.sandbox.http.state import SandboxState
from cr_pipelines.sandbox.workspace.errors import InvalidInput, NotFound, WorkspaceError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ABORT = "cr_pipelines.sandbox.abort"
LARGEST_BODY = 512 * 1024
_JSON = (b"content-type", b"application/json")
_OK = orjson.dumps({"status": "ok"})
_TICK_SECONDS = 0.02


@dataclass(slots=True)
class _Request:
    """A request to the API; `found` is its operation and the parameter of its path."""

    found: tuple[Operation, str] | None
    method: str
    query: bytes
    body: bytes
    is_json: bool
    token: str


class App:
    """Serves a sandbox.

    To cut connections it needs a server with the extension `cr_pipelines.sandbox.abort`, whose callable `abort` cuts
    the connection; without it that fault raises RuntimeError.
    """

    def __init__(self, sandbox: SandboxState):
        self.sandbox = sandbox
        self._control = Control(sandbox)
        self._pages = Pages(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["raw_path"].startswith(b"/community/v1/"):
                await self._serve_api(scope, receive, send)
            else:
                await self._serve_others(scope, receive, send)

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
            self.sandbox.save_if_due()

    async def _serve_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        sandbox = self.sandbox
        at = sandbox.room.clock.now()
        method: str = scope["method"]
        raw_path = scope["raw_path"].decode("ascii")
        query: bytes = scope["query_string"]
        found = sandbox.router.find(method, raw_path[len(PREFIX) :])
        operation = found[0].id if found else "unknown"
        request = _Request(found, method, query, *await _read(scope, receive))
        fault = await self._draw_fault(operation)

        status, content, headers, fault = self._respond(request, fault)
        path = f"{raw_path}?{query.decode('latin-1')}" if query else raw_path
        sandbox.recorder.add(at, method, path, operation, status, request.body, fault)
        if status:
            await _send(send, status, _OK if content is None else orjson.dumps(content), [_JSON, *headers])
        else:
            await _cut(scope, receive)

    async def _draw_fault(self, operation: str) -> Fault | None:
        """Delay the request as the faults say, and return what goes wrong with it."""
        faults = self.sandbox.faults
        if not faults.active or not faults.concerns(operation):
            return None
        delay = faults.latency()
        if delay:
            await asyncio.sleep(delay)
        return faults.draw()

    def _respond(self, request: _Request, fault: Fault | None) -> tuple[int, Any, Headers, Fault | None]:
        """Return the status (0: cut the connection), the content, the headers and the fault that happened."""
        limiter, faults = self.sandbox.limiter, self.sandbox.faults
        if request.token not in self.sandbox.tokens:
            return *forbidden(), limiter.headers(0), None
        remaining = limiter.count(request.token)
        if remaining < 0:
            return 429, *limiter.refusal(limiter.wait_seconds()), None
        if fault == "rate_limited":
            return 429, *limiter.refusal(max(faults.burst_left(), 0.001)), fault
        headers = limiter.headers(remaining)
        if fault == "error":
            return *injected_error(faults.error_status()), headers, fault
        if fault == "drop_before":
            return 0, None, headers, fault
        status, content = self._run(request)
        if fault == "error_after":
            status, content = injected_error(faults.error_status())
        elif fault == "drop_after":
            status = 0
        return status, content, headers, fault

    def _run(self, request: _Request) -> tuple[int, Any]:
        room = self.sandbox.room
        try:
            if request.found is None:
                raise NotFound("no-such-operation")
            operation, parameter = request.found
            if operation.body is not None and (not request.is_json or len(request.body) > LARGEST_BODY):
                raise InvalidInput
            if operation.success != 202:
                room.settle()
            call = Call(room, self.sandbox.origin, parameter, request.query)
            return operation.success, operation.run(call, request.body)
        except WorkspaceError as error:
            return error_response(error)

    async def _serve_others(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.sandbox.room.settle()
        body, _, _ = await _read(scope, receive)
        path: str = scope["path"]
        side = self._control if path.startswith("/_sandbox") else self._pages
        query = scope["query_string"].decode("latin-1")
        status, content_type, content = side.respond(scope["method"], path, query, body)
        await _send(send, status, content, [(b"content-type", content_type), *side.headers])


async def _read(scope: Scope, receive: Receive) -> tuple[bytes, bool, str]:
    """Return the body, whether its content type is JSON, and the bearer token. Bytes over the limit are dropped."""
    is_json, token = False, ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, credentials = value.partition(b" ")
            token = credentials.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
        elif name == b"content-type":
            is_json = value.startswith(b"application/json")
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            size += len(message.get("body", b""))
            if size <= LARGEST_BODY + 1:
                chunks.append(message["body"])
            else:
                chunks.append(message.get("body", b"")[: max(LARGEST_BODY + 1 - sum(map(len, chunks)), 0)])
        body = b"".join(chunks)
    return bytes(body), is_json, token


async def _send(send: Send, status: int, content: bytes, headers: Headers) -> None:
    headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _cut(scope: Scope, receive: Receive) -> None:
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        raise RuntimeError("this server cannot cut connections; run the sandbox by cr_pipelines.sandbox.serve")
    extension["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass
