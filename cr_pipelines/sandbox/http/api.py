"""How the sandbox responds to a request of the API.

Goes in: a request whose operation is known, the faults and scripts in force. Comes out: the reply.
"""

import logging
from dataclasses import dataclass
from typing import Any

import orjson

from cr_pipelines.sandbox.http.errors import error_response, failure, forbidden
from cr_pipelines.sandbox.http.faults import Fault
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.routing import Call, Operation
from cr_pipelines.sandbox.http.scripts import Reply, Script, retired
from cr_pipelines.sandbox.http.shapes import reshaped
from cr_pipelines.sandbox.http.state import SandboxState
from cr_pipelines.sandbox.workspace.errors import InvalidInput, NotFound, WorkspaceError

LARGEST_BODY = 512 * 1024
_OK = orjson.dumps({"status": "ok"})
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Request:
    """A request to the API; `found` is its operation and the parameter of its path."""

    found: tuple[Operation, str] | None
    method: str
    path: str
    query: bytes
    body: bytes
    is_json: bool
    token: str


def respond(sandbox: SandboxState, request: Request, fault: Fault | None, script: Script | None) -> Reply:
    """Return what the request gets: from the script when there is one, otherwise from the room."""
    if script is None:
        return _respond(sandbox, request, fault)
    own = _respond(sandbox, request, fault) if script.after_the_room else None
    if own is not None and (own.fault or own.status in (0, 403, 429)):
        return own
    return script.changed(own, request.path, request.method, sandbox.room.behavior)


def _respond(sandbox: SandboxState, request: Request, fault: Fault | None) -> Reply:
    limiter, faults = sandbox.limiter, sandbox.faults
    if request.token not in sandbox.tokens:
        status, content = forbidden(sandbox.room.behavior)
        return Reply(status, orjson.dumps(content), headers=limiter.headers(limiter.limit), why="unknown token")
    remaining = limiter.count(request.token)
    if remaining < 0 or fault == "rate_limited":
        wait = limiter.wait_seconds() if remaining < 0 else max(faults.burst_left(), 0.001)
        body, headers = limiter.refusal(wait)
        return Reply(429, orjson.dumps(body), headers=headers, fault=None if remaining < 0 else fault)
    headers = limiter.headers(remaining)
    if fault == "error":
        status, content = failure(faults.error_status(), "injected-fault")
        return Reply(status, orjson.dumps(content), headers=headers, fault=fault)
    if fault == "drop_before":
        return Reply(0, b"", fault=fault)
    reply = _run(sandbox, request, headers)
    reply.fault = fault
    if fault == "error_after":
        status, content = failure(faults.error_status(), "injected-fault")
        reply.status, reply.content = status, orjson.dumps(content)
    elif fault == "drop_after":
        reply.status = 0
    return reply


def _run(sandbox: SandboxState, request: Request, headers: Headers) -> Reply:
    room = sandbox.room
    status: int
    content: Any
    why: str | None = None
    try:
        if request.found is None:
            allowed = sandbox.router.methods(request.path)
            if allowed:
                status, content = failure(405, "method-not-allowed")
                more = (b"allow", ", ".join(allowed).encode())
                return Reply(status, orjson.dumps(content), headers=[*headers, more], why=f"use {' or '.join(allowed)}")
            raise NotFound("no-such-operation", "there is no operation at this path")
        operation, parameter = request.found
        if operation.id in room.behavior.retired:
            return retired(request.method, request.path)
        if operation.body is not None and not request.is_json:
            raise InvalidInput("the Content-Type is not application/json")
        if len(request.body) > LARGEST_BODY:
            raise InvalidInput(f"the body has more than {LARGEST_BODY} bytes")
        if operation.success != 202:
            room.settle()
        status = operation.success
        content = operation.run(Call(room, sandbox.origin, parameter, request.query), request.body)
    except WorkspaceError as error:
        status, content = error_response(error)
        why = error.why
    except Exception:
        _log.exception("%s cannot be processed", request.found[0].id if request.found else "a request")
        status, content = failure(500, "internal-error")
        why = "a fault of the sandbox; its log has the traceback"
    sent = _OK if content is None else orjson.dumps(content)
    if room.behavior.shapes:
        own = orjson.loads(_OK) if content is None else content
        sent = orjson.dumps(reshaped(request.method, request.path, status, own, room.behavior.shapes))
    if status == 202 and room.behavior.accepted == "empty":
        sent = b""
    return Reply(status, sent, headers=headers, why=why)
