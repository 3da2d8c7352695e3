"""The control API under /_sandbox: what is in the room, and what is to happen to it. JSON, no token."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cr_pipelines.sandbox.http import views
from cr_pipelines.sandbox.http.faults import FaultPlan
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.sandbox import Sandbox
from cr_pipelines.sandbox.workspace import wire

_PAGE = 1000


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Nothing(_Order):
    pass


class _Advance(_Order):
    advance_seconds: float = Field(ge=0)


class _Limit(_Order):
    limit: int | None = None
    interval_seconds: float | None = None


class _Removals(_Order):
    days: float | None = None
    processing: bool | None = None


class _NewSource(_Order):
    name: str
    id: int | None = None


class _NewCustomField(_Order):
    name: str
    type: wire.FieldType
    values: list[str] = []
    multivalue: bool = False
    sources: list[int] | None = None


class _NewActivityType(_Order):
    id: str
    name: str


class _NewSegment(_Order):
    name: str
    statuses: list[str] = []


class _Furniture(_Order):
    sources: list[_NewSource] = []
    custom_fields: list[_NewCustomField] = []
    activity_types: list[_NewActivityType] = []
    segments: list[_NewSegment] = []


class Control:
    """Answers the control API. Lists are paged by `offset` and `limit`."""

    headers: ClassVar[Headers] = [(b"cache-control", b"no-store")]

    def __init__(self, sandbox: Sandbox):
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
            ("POST", "room"): self._furnish,
            ("POST", "reset"): self._reset,
            ("POST", "settle"): self._settle,
        }

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes, bytes]:
        """The status, content type and content for a request."""
        route = self._routes.get((method, path.removeprefix("/_sandbox/").rstrip("/")))
        status: int
        content: Any
        if route is None:
            names = sorted(f"{method} /_sandbox/{name}" for method, name in self._routes)
            status, content = 404, {"error": f"There is no {method} {path}.", "there_is": names}
        else:
            try:
                status, content = (
                    200,
                    route({name: values[0] for name, values in parse_qs(query).items()}, body),
                )
            except ValidationError as error:
                status, content = 400, {"error": str(error)}
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
        order = _Limit.model_validate_json(body)
        self._sandbox.limiter.set(order.limit, order.interval_seconds)
        return views.limit(self._sandbox)

    def _set_faults(self, query: Mapping[str, str], body: bytes) -> Any:
        given = orjson.loads(body or b"{}")
        if not isinstance(given, dict):
            raise TypeError("Faults are a JSON object of settings.")
        self._sandbox.faults.set(FaultPlan.of(given))
        return self._sandbox.faults.plan.described()

    def _set_removals(self, query: Mapping[str, str], body: bytes) -> Any:
        order = _Removals.model_validate_json(body)
        removals = self._sandbox.room.removals
        removals.configure(order.days, order.processing)
        return {"days": removals.days, "processing": removals.processing}

    def _furnish(self, query: Mapping[str, str], body: bytes) -> Any:
        order = _Furniture.model_validate_json(body)
        catalog = self._sandbox.room.catalog
        sources = [catalog.add_source(new.name, new.id) for new in order.sources]
        fields = [
            catalog.add_custom_field(new.name, new.type, new.values, new.multivalue, new.sources)
            for new in order.custom_fields
        ]
        types = [catalog.add_activity_type(new.id, new.name) for new in order.activity_types]
        segments = [catalog.add_segment(new.name, new.statuses) for new in order.segments]
        return {
            "sources": [{"id": source.id, "name": source.name} for source in sources],
            "custom_fields": [field.described() for field in fields],
            "activity_types": [{"id": type_.id, "name": type_.name} for type_ in types],
            "segments": [views.segment_definition(segment) for segment in segments],
        }

    def _reset(self, query: Mapping[str, str], body: bytes) -> Any:
        self._sandbox.reset()
        return {}

    def _settle(self, query: Mapping[str, str], body: bytes) -> Any:
        self._sandbox.room.settle(everything=True)
        return {}


def _page(query: Mapping[str, str], items: "views.Lazily[Any]") -> dict[str, Any]:
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", _PAGE))
    if offset < 0 or limit < 1:
        raise ValueError("offset must be 0 or more, limit 1 or more.")
    return {"total": len(items), "items": items[offset : offset + limit]}
