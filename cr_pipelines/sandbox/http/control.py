"""The control API under /_sandbox.

Goes in: a request without a token, with a JSON body. Comes out: what is in the room as JSON; or the room, its clock,
rate limit and faults are changed.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson
from pydantic import BaseModel, ConfigDict, Field

from cr_pipelines.sandbox.http import views
from cr_pipelines.sandbox.http.faults import FaultPlan
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.responses import describe_custom_field
from cr_pipelines.sandbox.http.state import SandboxState
from cr_pipelines.sandbox.workspace.inputs import FieldType

_PAGE = 1000


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Advance(_Command):
    advance_seconds: float = Field(ge=0)


class _Limit(_Command):
    limit: int | None = None
    interval_seconds: float | None = None


class _Removals(_Command):
    days: float | None = None
    processing: bool | None = None


class _NewSource(_Command):
    name: str
    id: int | None = None


class _NewCustomField(_Command):
    name: str
    type: FieldType
    values: list[str] = []
    multivalue: bool = False
    sources: list[int] | None = None


class _NewActivityType(_Command):
    id: str
    name: str


class _NewSegment(_Command):
    name: str
    statuses: list[str] = []


class _Definitions(_Command):
    sources: list[_NewSource] = []
    custom_fields: list[_NewCustomField] = []
    activity_types: list[_NewActivityType] = []
    segments: list[_NewSegment] = []


class Control:
    """Serves the control API. Lists are paged by `offset` and `limit`."""

    headers: ClassVar[Headers] = [(b"cache-control", b"no-store")]

    def __init__(self, sandbox: SandboxState):
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Mapping[str, str], bytes], Any]] = {
            ("GET", "summary"): lambda query, body: views.summary(sandbox),
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._clear_requests,
            ("GET", "contacts"): lambda query, body: _page(query, views.contacts(sandbox.room, query.get("search"))),
            ("GET", "activities"): lambda query, body: _page(query, views.activities(sandbox.room)),
            ("GET", "notes"): lambda query, body: _page(query, views.notes(sandbox.room)),
            ("GET", "segments"): lambda query, body: views.segments(sandbox.room),
            ("GET", "tags"): lambda query, body: views.tags(sandbox.room),
            ("GET", "removals"): lambda query, body: views.removals(sandbox.room),
            ("POST", "removals"): self._set_removals,
            ("POST", "clock"): self._advance,
            ("POST", "limit"): self._set_limit,
            ("POST", "faults"): self._set_faults,
            ("POST", "room"): self._define,
            ("POST", "reset"): self._reset,
            ("POST", "settle"): self._settle,
        }

    def respond(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes, bytes]:
        """Return the status, content type and content for a request."""
        route = self._routes.get((method, path.removeprefix("/_sandbox/").rstrip("/")))
        status: int
        content: Any
        if route is None:
            names = sorted(f"{method} /_sandbox/{name}" for method, name in self._routes)
            status, content = 404, {"error": f"there is no {method} {path}", "there_is": names}
        else:
            try:
                status, content = (
                    200,
                    route({name: values[0] for name, values in parse_qs(query).items()}, body),
                )
            except (ValueError, TypeError) as error:
                status, content = 400, {"error": str(error)}
        return status, b"application/json", orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)

    def _requests(self, query: Mapping[str, str], body: bytes) -> Any:
        found = self._sandbox.recorder.after(int(query.get("after", 0)), query.get("operation"))
        return [request.described() for request in found[: int(query.get("limit", _PAGE))]]

    def _clear_requests(self, query: Mapping[str, str], body: bytes) -> Any:
        self._sandbox.recorder.clear()
        return {}

    def _advance(self, query: Mapping[str, str], body: bytes) -> Any:
        self._sandbox.room.clock.advance(_Advance.model_validate_json(body).advance_seconds)
        self._sandbox.room.settle()
        return {"now": views.moment(self._sandbox.room.clock.now())}

    def _set_limit(self, query: Mapping[str, str], body: bytes) -> Any:
        command = _Limit.model_validate_json(body)
        self._sandbox.limiter.set(command.limit, command.interval_seconds)
        return views.limit(self._sandbox)

    def _set_faults(self, query: Mapping[str, str], body: bytes) -> Any:
        given = orjson.loads(body or b"{}")
        if not isinstance(given, dict):
            raise TypeError("faults must be a JSON object of settings")
        self._sandbox.faults.set(FaultPlan.of(given))
        return self._sandbox.faults.plan.described()

    def _set_removals(self, query: Mapping[str, str], body: bytes) -> Any:
        command = _Removals.model_validate_json(body)
        removals = self._sandbox.room.removals
        removals.configure(command.days, command.processing)
        return {"days": removals.days, "processing": removals.processing}

    def _define(self, query: Mapping[str, str], body: bytes) -> Any:
        command = _Definitions.model_validate_json(body)
        catalog = self._sandbox.room.catalog
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

    def _reset(self, query: Mapping[str, str], body: bytes) -> Any:
        self._sandbox.reset()
        return {}

    def _settle(self, query: Mapping[str, str], body: bytes) -> Any:
        self._sandbox.room.settle(everything=True)
        return {}


def _page(query: Mapping[str, str], items: "views.LazyList[Any]") -> dict[str, Any]:
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", _PAGE))
    if offset < 0 or limit < 1:
        raise ValueError("offset must be 0 or more, limit 1 or more")
    return {"total": len(items), "items": items[offset : offset + limit]}
