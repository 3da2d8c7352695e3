"""Responses by script: what the next requests of an operation get instead of the API's own response.

Goes in: scripts, each for one operation or all of them, for the next N requests or all of them. Comes out: for each
request the script that is for it, if any, and the reply that the script makes of the request.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator

from cr_pipelines.sandbox.http.errors import forbidden
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.workspace.behavior import Behavior

JSON = b"application/json"
_HTML = b"text/html; charset=utf-8"
_LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_ODD_ITEMS: tuple[Any, ...] = (None, "odd", {}, {"id": None, "name": None, "createdAt": "", "entityTypes": None})

_FRAMING = frozenset({"content-length", "content-type", "transfer-encoding"})
_FRAMING_ADVICE = "the server writes it; content_type sets the type, and the preset truncated cuts a body"

HeaderText = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]
Preset = Literal[
    "login_page", "gateway", "retired", "revoked_token", "failure", "empty", "truncated", "odd_items", "hang"
]


@dataclass(slots=True)
class Reply:
    """What a request gets. `status` 0 cuts the connection; `why` says why the room refused the request."""

    status: int
    content: bytes
    content_type: bytes = JSON
    headers: Headers = field(default_factory=list)
    fault: str | None = None
    why: str | None = None
    drip_seconds: float = 0.0
    hangs: bool = False


class Script(BaseModel):
    """A response to give instead of the API's own.

    Attributes:
        operation: the id of an operation, or `*` for all of them.
        times: how many responses; None for all of them.
        skip: how many requests to answer as usual first.
        containing: only for requests whose path or body has this text, as a firewall refuses some of them.
        preset: a response that has a name; the fields below change it.
        runs: whether the operation is carried out first.
        status: of the response.
        content_type: of the response.
        body: of the response: a string is sent as it is, anything else as JSON.
        headers: of the response, in addition.
        drip_seconds: how long to send the body, byte by byte.
        hang: whether to send nothing, and keep the connection.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    operation: str
    times: int | None = Field(None, ge=1)
    skip: int = Field(0, ge=0)
    containing: str | None = Field(None, min_length=1)
    preset: Preset | None = None
    runs: bool = False
    status: int | None = Field(None, ge=200, le=599)
    content_type: HeaderText | None = None
    body: Any = None
    headers: dict[HeaderName, HeaderText] = {}
    drip_seconds: FiniteFloat = Field(0.0, ge=0, le=3600)
    hang: bool = False

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if own := sorted(_FRAMING & {name.lower() for name in self.headers}):
            raise ValueError(f"headers must leave out {own[0]}: {_FRAMING_ADVICE}")
        try:
            self.content()
            (self.containing or "").encode()
        except (TypeError, ValueError) as error:
            raise ValueError(f"body or containing cannot be sent: {error}") from None
        return self

    def content(self) -> bytes:
        """Return the body as it is sent."""
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)

    @property
    def after_the_room(self) -> bool:
        """Whether the room answers the request first, as with `odd_items`, which changes what it sends."""
        return self.runs or self.preset in ("empty", "truncated", "odd_items")

    def changed(self, own: Reply | None, path: str, method: str, behavior: Behavior) -> Reply:
        """Return the reply of the script; `own` is the room's reply, when there is one."""
        reply = own or Reply(200, b'{"status":"ok"}')
        match self.preset:
            case "login_page":
                reply = Reply(200, _LOGIN_PAGE, _HTML)
            case "gateway":
                reply = Reply(502, _GATEWAY, _HTML)
            case "retired":
                reply = retired(method, path)
            case "revoked_token":
                status, content = forbidden(behavior)
                reply = Reply(status, orjson.dumps(content))
            case "failure":
                reply = Reply(200, orjson.dumps({"status": "failure", "errors": ["not queued"]}))
            case "empty":
                reply.content = b""
            case "truncated":
                reply.content = reply.content[: len(reply.content) // 2]
            case "odd_items":
                reply.content = _with_odd_items_in(reply.content)
        if self.status is not None:
            reply.status = self.status
        if "body" in self.model_fields_set:
            reply.content = self.content()
        if self.content_type is not None:
            reply.content_type = self.content_type.encode()
        reply.headers = reply.headers + [(name.lower().encode(), text.encode()) for name, text in self.headers.items()]
        if reply.status in (204, 304):
            reply.content = b""
        reply.fault = f"script {self.preset}" if self.preset else "script"
        reply.drip_seconds = self.drip_seconds
        reply.hangs = self.hang or self.preset == "hang"
        return reply


def retired(method: str, path: str) -> Reply:
    """Return what a web server sends for an operation that is no longer there."""
    shown = path.replace("&", "&amp;").replace("<", "&lt;")
    return Reply(404, f"<!doctype html><pre>Cannot {method} {shown}</pre>".encode(), _HTML)


def _with_odd_items_in(content: bytes) -> bytes:
    try:
        return orjson.dumps(_with_odd_items(orjson.loads(content)))
    except orjson.JSONDecodeError:
        # An empty body, or a page: it has no list.
        return content


def _with_odd_items(content: Any) -> Any:
    if isinstance(content, list):
        return [*content, *_ODD_ITEMS]
    if isinstance(content, dict):
        return {name: _with_odd_items(value) if isinstance(value, list) else value for name, value in content.items()}
    return content


@dataclass(slots=True)
class _Running:
    script: Script
    seen: int = 0
    done: int = 0


class Scripts:
    """The scripts in force; of several that are for a request, the first one is used."""

    def __init__(self, operations: Collection[str]):
        self._operations = operations
        self._running: list[_Running] = []

    def set(self, scripts: Iterable[Script]) -> None:
        """Replace the scripts. Raises ValueError for an unknown operation."""
        scripts = list(scripts)
        for script in scripts:
            if script.operation != "*" and script.operation not in self._operations:
                known = ", ".join(sorted(self._operations))
                raise ValueError(f"there is no operation {script.operation!r}; choose from {known}, or * for all")
        self._running = [_Running(script) for script in scripts]

    def draw(self, operation: str, path: str, body: bytes) -> Script | None:
        """Return the script for a request of this operation, and count the request."""
        for running in self._running:
            script = running.script
            if script.operation not in ("*", operation):
                continue
            if script.times is not None and running.done >= script.times:
                continue
            if script.containing is not None and script.containing.encode() not in path.encode() + b"\n" + body:
                continue
            running.seen += 1
            if running.seen > script.skip:
                running.done += 1
                return script
        return None

    def described(self) -> list[dict[str, Any]]:
        """Return the scripts with the number of responses that each has given."""
        return [running.script.model_dump(exclude_defaults=True) | {"given": running.done} for running in self._running]
