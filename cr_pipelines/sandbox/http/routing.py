"""How a request finds its operation.

Goes in: a table of operations, then a method and a path. Comes out: the operation and the parameter of its path. An
`Operation` says where it is, what it takes and sends, and what it does to the room.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
from pydantic import TypeAdapter, ValidationError

from cr_pipelines.sandbox.explain import explain
from cr_pipelines.sandbox.http.responses import Status
from cr_pipelines.sandbox.workspace.errors import InvalidInput
from cr_pipelines.sandbox.workspace.room import Room

PREFIX = "/community/v1"


@dataclass(slots=True)
class Call:
    """A request that was routed.

    Attributes:
        room: the room it is for.
        origin: the address of the sandbox, without a path.
        parameter: the parameter in the path, percent-decoded.
        query: the query string as it was sent.
        body: the body, once the operation's model has checked it.
    """

    room: Room
    origin: str
    parameter: str = ""
    query: bytes = b""
    body: Any = None

    def integer(self) -> int | None:
        """Return the path parameter as an integer, or None if it is not one."""
        return integer(self.parameter)

    def queried(self) -> dict[str, str]:
        """Return the parameters of the query, the first value of each."""
        return {name: values[0] for name, values in parse_qs(self.query.decode("latin-1")).items()}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API.

    Attributes:
        id: its name in the OpenAPI description.
        act: what it does; its result is the body of a success.
        body: checks the body of the request; None when the operation takes none.
        response: the type of what a success sends.
        success: the status of a success.
        refusals: the statuses of refusals, next to 403 and 429, which every operation has.
        query: the names of its query parameters.
        integer_parameter: whether the parameter in the path is an integer.
        deprecated: whether it is a legacy operation, which the vendor no longer documents.
    """

    id: str
    method: str
    path: str
    summary: str
    act: Callable[[Call], Any]
    body: TypeAdapter[Any] | None = None
    response: Any = Status
    success: int = 200
    refusals: tuple[int, ...] = ()
    query: tuple[str, ...] = ()
    integer_parameter: bool = True
    deprecated: bool = False

    def run(self, call: Call, raw_body: bytes) -> Any:
        """Check the body and do the work. Raises WorkspaceError."""
        if self.body is not None:
            behavior = call.room.behavior
            try:
                call.body = self._checked(raw_body, behavior.unknown_fields == "ignored")
            except ValidationError as error:
                raise InvalidInput(explain(error)) from None
            if behavior.longest_value is not None:
                _check_lengths(call.body, behavior.longest_value)
        return self.act(call)

    def _checked(self, raw_body: bytes, ignores_unknown: bool) -> Any:
        assert self.body is not None  # noqa: S101 - the caller looked
        try:
            return self.body.validate_json(raw_body)
        except ValidationError as error:
            unknown = [each["loc"] for each in error.errors() if each["type"] == "extra_forbidden"]
            if not ignores_unknown or not unknown:
                raise
            return self.body.validate_json(orjson.dumps(_without(orjson.loads(raw_body), unknown)))


def integer(text: str) -> int | None:
    """Return a string of digits as an integer, or None; no id of a room has more than 18 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _without(body: Any, places: list[tuple[int | str, ...]]) -> Any:
    """Return a body without the fields at these places."""
    for place in places:
        inner = body
        steps: Sequence[Any] = place[:-1]
        for step in steps:
            # A union puts the name of its member among the steps.
            inner = inner[step] if not isinstance(inner, dict) or step in inner else inner
        inner.pop(place[-1], None)
    return body


def _check_lengths(value: Any, longest: int, place: str = "body") -> None:
    if isinstance(value, str) and len(value) > longest:
        raise InvalidInput(f"{place}: longer than {longest} characters")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        _check_lengths(item, longest, str(name))


@dataclass(slots=True)
class Router:
    """Finds the operation for a method and a path, with or without a trailing slash."""

    operations: tuple[Operation, ...]
    _fixed: dict[tuple[str, str], Operation] = field(default_factory=dict)
    _open: dict[tuple[str, str, str], Operation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for operation in self.operations:
            before, brace, rest = operation.path.rstrip("/").partition("{")
            if brace:
                self._open[operation.method, before, rest.partition("}")[2]] = operation
            else:
                self._fixed[operation.method, before] = operation

    def methods(self, path: str) -> list[str]:
        """Return the methods that have an operation at a path, sorted."""
        known = {operation.method for operation in self.operations}
        return sorted(method for method in known if self.find(method, path) is not None)

    def find(self, method: str, path: str) -> tuple[Operation, str] | None:
        """Return the operation and its path parameter, percent-decoded; None when there is no such operation.

        `path` is given as it was sent, without the prefix.
        """
        path = path.rstrip("/")
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed, ""
        start = path.find("/", 1) + 1
        end = path.find("/", start)
        parameter, after = (path[start:], "") if end < 0 else (path[start:end], path[end:])
        found = self._open.get((method, path[:start], after))
        if found is None or not start or not parameter:
            return None
        return found, unquote(parameter) if "%" in parameter else parameter
