"""The control API under /_sandbox.

Goes in: a request without a token, with a JSON body. Comes out: what is in the room as JSON; or the room, its clock,
rate limit, faults and scripts are changed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson
from pydantic import BaseModel, ValidationError

from cr_pipelines.sandbox.explain import explain
from cr_pipelines.sandbox.http import commands, views
from cr_pipelines.sandbox.http.faults import FaultPlan
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.responses import describe_custom_field
from cr_pipelines.sandbox.http.routing import integer
from cr_pipelines.sandbox.http.state import SandboxState

PREFIX = "/_sandbox"
_PAGE = 1000

Query = Mapping[str, str]


def _as_json(content: Any) -> bytes:
    try:
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # An integer of more than 64 bits.
        return json.dumps(content).encode()


@dataclass(frozen=True, slots=True)
class Route:
    """A request of the control API: `act` gets the control, the query and the checked body."""

    method: str
    name: str
    summary: str
    act: "Callable[[Control, Query, Any], Any]"
    body: type | None = None
    query: tuple[str, ...] = ()


class Control:
    """Serves the control API. Lists are paged by `offset` and `limit`."""

    headers: ClassVar[Headers] = [(b"cache-control", b"no-store")]

    def __init__(self, sandbox: SandboxState):
        self.sandbox = sandbox

    def respond(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes, bytes]:
        """Return the status, content type and content for a request."""
        name = path.removeprefix(f"{PREFIX}/").rstrip("/")
        route = _BY_NAME.get((method, name))
        status: int
        content: Any
        if route is None:
            known = [f"{each.method} {PREFIX}/{each.name}" for each in ROUTES]
            allowed = any(each.name == name for each in ROUTES)
            status, content = 405 if allowed else 404, {"error": f"there is no {method} {path}", "there_is": known}
        else:
            try:
                values = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
                status, content = 200, route.act(self, values, _checked(route, body))
            except ValidationError as error:
                status, content = 400, {"error": explain(error)}
            except (ValueError, TypeError, OverflowError) as error:
                status, content = 400, {"error": str(error)}
        return status, b"application/json", _as_json(content)

    def requests(self, query: Query) -> Any:
        """Return recorded requests."""
        found = self.sandbox.recorder.after(_number(query, "after", 0), query.get("operation"))
        return [request.described() for request in found[: _limit(query)]]

    def clear_requests(self) -> Any:
        """Empty the record."""
        self.sandbox.recorder.clear()
        return {}

    def advance(self, command: commands.Advance) -> Any:
        """Move the clock."""
        self.sandbox.room.clock.advance(command.advance_seconds)
        self.sandbox.room.settle()
        return {"now": views.moment(self.sandbox.room.clock.now())}

    def set_limit(self, command: commands.Limit) -> Any:
        """Set the rate limit."""
        self.sandbox.limiter.set(command.limit, command.interval_seconds)
        return views.limit(self.sandbox)

    def set_faults(self, given: dict[str, Any]) -> Any:
        """Set the faults."""
        self.sandbox.set_faults(FaultPlan.of(given))
        return self.sandbox.faults.plan.described()

    def set_scripts(self, command: commands.Scripted) -> Any:
        """Replace the scripts."""
        self.sandbox.scripts.set(command.scripts)
        return self.sandbox.scripts.described()

    def set_removals(self, command: commands.Removals) -> Any:
        """Set how removals are processed."""
        removals = self.sandbox.room.removals
        removals.configure(command.days, command.processing)
        return {"days": removals.days, "processing": removals.processing}

    def delete(self, command: commands.Deletion) -> Any:
        """Delete a contact as in the product."""
        room = self.sandbox.room
        return views.deletion(room.deletions.delete(command.contact, room.clock.now(), command.days))

    def restore(self, command: commands.Restoration) -> Any:
        """Restore a hidden contact."""
        self.sandbox.room.deletions.restore(command.contact)
        return {"contact": command.contact}

    def define(self, command: commands.Definitions) -> Any:
        """Add definitions to the room."""
        catalog = self.sandbox.room.catalog
        sources = [catalog.add_source(new.name, new.id) for new in command.sources]
        fields = [
            catalog.add_custom_field(new.name, new.type, new.values, new.multivalue, new.sources)
            for new in command.custom_fields
        ]
        types = [catalog.add_activity_type(new.id, new.name) for new in command.activity_types]
        segments = [catalog.add_segment(new.name, new.statuses) for new in command.segments]
        return {
            "sources": [{"id": source.id, "name": source.name} for source in sources],
            "custom_fields": [describe_custom_field(field) for field in fields],
            "activity_types": [{"id": type_.id, "name": type_.name} for type_ in types],
            "segments": [views.segment_definition(segment) for segment in segments],
        }

    def reset(self) -> Any:
        """Start over."""
        self.sandbox.reset()
        return {}

    def settle(self) -> Any:
        """Store what was accepted."""
        self.sandbox.room.settle(everything=True)
        return {}


def _checked(route: Route, body: bytes) -> Any:
    if route.body is None:
        return None
    if issubclass(route.body, BaseModel):
        return route.body.model_validate_json(body or b"{}")
    given = orjson.loads(body or b"{}")
    if not isinstance(given, dict):
        raise TypeError("send a JSON object of settings")
    return given


def _number(query: Query, name: str, default: int) -> int:
    found = integer(query[name]) if name in query else default
    if found is None:
        raise ValueError(f"{name} must be a number, 0 or more")
    return found


def _limit(query: Query) -> int:
    limit = _number(query, "limit", _PAGE)
    if limit < 1:
        raise ValueError("limit must be 1 or more")
    return limit


def _page(query: Query, items: "views.LazyList[Any]") -> dict[str, Any]:
    offset, limit = _number(query, "offset", 0), _limit(query)
    return {"total": len(items), "items": items[offset : offset + limit]}


_PAGED = ("offset", "limit")

ROUTES = (
    Route("GET", "summary", "Counts, limit and faults", lambda self, query, body: views.summary(self.sandbox)),
    Route(
        "GET",
        "requests",
        "Recorded requests, oldest first",
        lambda self, query, body: self.requests(query),
        query=("after", "operation", "limit"),
    ),
    Route("DELETE", "requests", "Empty the record", lambda self, query, body: self.clear_requests()),
    Route(
        "GET",
        "contacts",
        "Contacts in full",
        lambda self, query, body: _page(query, views.contacts(self.sandbox.room, query.get("search"))),
        query=("search", *_PAGED),
    ),
    Route(
        "GET",
        "activities",
        "Activities in full",
        lambda self, query, body: _page(query, views.activities(self.sandbox.room)),
        query=_PAGED,
    ),
    Route(
        "GET",
        "notes",
        "Notes on contacts and segments",
        lambda self, query, body: _page(query, views.notes(self.sandbox.room)),
        query=_PAGED,
    ),
    Route("GET", "segments", "Segments with members", lambda self, query, body: views.segments(self.sandbox.room)),
    Route("GET", "tags", "Tags, deleted ones too", lambda self, query, body: views.tags(self.sandbox.room)),
    Route("GET", "removals", "Removals", lambda self, query, body: views.removals(self.sandbox.room)),
    Route(
        "POST",
        "removals",
        "Set how removals are processed",
        lambda self, query, body: self.set_removals(body),
        commands.Removals,
    ),
    Route("GET", "deletions", "Hidden contacts", lambda self, query, body: views.deletions(self.sandbox.room)),
    Route("POST", "deletions", "Delete a contact in the product", lambda s, q, body: s.delete(body), commands.Deletion),
    Route("POST", "restorations", "Restore a contact", lambda s, q, body: s.restore(body), commands.Restoration),
    Route("POST", "clock", "Move the clock", lambda self, query, body: self.advance(body), commands.Advance),
    Route("POST", "limit", "Set the rate limit", lambda self, query, body: self.set_limit(body), commands.Limit),
    Route("POST", "faults", "Set the faults", lambda self, query, body: self.set_faults(body), FaultPlan),
    Route("GET", "scripts", "Scripts in force", lambda self, query, body: self.sandbox.scripts.described()),
    Route("POST", "scripts", "Replace the scripts", lambda s, q, body: s.set_scripts(body), commands.Scripted),
    Route("POST", "room", "Add definitions", lambda self, query, body: self.define(body), commands.Definitions),
    Route("POST", "reset", "Start over", lambda self, query, body: self.reset(), commands.Nothing),
    Route("POST", "settle", "Store what was accepted", lambda self, query, body: self.settle(), commands.Nothing),
)
_BY_NAME = {(route.method, route.name): route for route in ROUTES}
