"""The web pages that show the room to a person.

Goes in: a request for a page. Comes out: HTML rendered from the templates, with every value escaped, a static file, or
the OpenAPI description.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlencode

import orjson

from cr_pipelines.sandbox.http import views
from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.http.operations import OPERATIONS
from cr_pipelines.sandbox.http.routing import PREFIX
from cr_pipelines.sandbox.http.state import SandboxState

if TYPE_CHECKING:
    from jinja2 import Environment

_PER_PAGE = 25
_LATEST_REQUESTS = 200
_LATEST_ACTIVITIES = 500
_HTML = b"text/html; charset=utf-8"
_SCRIPT = b"text/javascript; charset=utf-8"
_STATIC = {"page.css": b"text/css; charset=utf-8", "page.js": _SCRIPT, "try.js": _SCRIPT}

Query = Mapping[str, str]


class Pages:
    """Serves the web pages, their style and script, and `/openapi.json`."""

    headers: ClassVar[Headers] = [
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]

    def __init__(self, sandbox: SandboxState):
        self._sandbox = sandbox
        self._pages: dict[str, tuple[str, Callable[[Query], dict[str, Any]]]] = {
            "/": ("room.html", self._room),
            "/activities": ("activities.html", self._activities),
            "/segments": ("segments.html", lambda query: {"segments": views.segments(sandbox.room)}),
            "/tags": ("tags.html", self._tags),
            "/removals": ("removals.html", lambda query: {"removals": views.removals(sandbox.room)[::-1]}),
            "/requests": ("requests.html", lambda query: {"requests": sandbox.recorder.latest(_LATEST_REQUESTS)}),
            "/try": ("try.html", lambda query: {"token": sandbox.settings.tokens[0]}),
            "/api": ("api.html", lambda query: {"operations": OPERATIONS, "base": f"{sandbox.origin}{PREFIX}"}),
        }

    @cached_property
    def _templates(self) -> "Environment":
        # Imported for the first page: a sandbox that only serves the API starts faster without it.
        from jinja2 import Environment, PackageLoader, StrictUndefined

        templates = Environment(
            loader=PackageLoader("cr_pipelines.sandbox.http"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.filters |= {"number": _number, "when": _when, "shown": _shown, "worded": _worded}
        templates.tests["web_address"] = _is_web_address
        return templates

    def respond(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes, bytes]:
        """Return the status, content type and content for a request."""
        if method not in ("GET", "HEAD"):
            return 405, _HTML, self._render("missing.html", what="page for that method", path=path)
        if path == "/openapi.json":
            from cr_pipelines.sandbox.http.openapi import description

            return 200, b"application/json", orjson.dumps(description(self._sandbox.origin))
        name = path.removeprefix("/static/")
        if name in _STATIC:
            return (
                200,
                _STATIC[name],
                resources.files("cr_pipelines.sandbox.http").joinpath("static", name).read_bytes(),
            )
        if path in self._pages:
            template, values = self._pages[path]
            return 200, _HTML, self._render(template, path=path, **values(_first_values(query)))
        found = re.fullmatch(r"/contacts/(\d{1,18})", path, re.ASCII)
        contact = self._sandbox.room.people.contacts.get(int(found[1])) if found else None
        if contact is None:
            return 404, _HTML, self._render("missing.html", what="contact" if found else "page", path=path)
        activities = sorted(contact.activities, key=lambda activity: activity.timestamp, reverse=True)
        described = [views.activity_in_full(self._sandbox.room, one) for one in activities[:_LATEST_ACTIVITIES]]
        shown = views.contact_in_full(self._sandbox.room, contact)
        return 200, _HTML, self._render("contact.html", path=path, contact=shown, activities=described)

    def _render(self, template: str, **values: Any) -> bytes:
        summary = views.summary(self._sandbox)
        per_second = self._sandbox.recorder.per_second()
        return (
            self._templates.get_template(template)
            .render(summary=summary, chart=_chart(per_second), settings=self._sandbox.settings, **values)
            .encode()
        )

    def _room(self, query: Query) -> dict[str, Any]:
        search = query.get("search", "")
        found = views.contacts(self._sandbox.room, search, newest_first=True)
        pages = max(-(-len(found) // _PER_PAGE), 1)
        page = min(max(int(query["page"]) if query.get("page", "").isdecimal() else 1, 1), pages)

        def address(number: int) -> str:
            return "/?" + urlencode({"search": search, "page": number})

        removals = views.removals(self._sandbox.room)
        return {
            "contacts": found[(page - 1) * _PER_PAGE : page * _PER_PAGE],
            "found": len(found),
            "search": search,
            "page": page,
            "pages": pages,
            "previous": address(page - 1) if page > 1 else None,
            "next": address(page + 1) if page < pages else None,
            "requests": self._sandbox.recorder.latest(12),
            "queued": [removal for removal in removals if removal["state"] == "queued"][:6],
            "segments": views.segment_sizes(self._sandbox.room),
        }

    def _activities(self, query: Query) -> dict[str, Any]:
        room = self._sandbox.room
        latest = sorted(room.activities.values(), key=lambda activity: activity.timestamp, reverse=True)
        return {"activities": [views.activity_in_full(room, one) for one in latest[:_LATEST_ACTIVITIES]]}

    def _tags(self, query: Query) -> dict[str, Any]:
        return {"tags": views.tags(self._sandbox.room)}


def _first_values(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _chart(per_second: list[int]) -> dict[str, Any]:
    """Return the SVG path of a bar per second, in a box 100 high and one wide per second, and the figures to show."""
    highest = max(per_second, default=0)
    bars = "".join(f"M{x} 100h1V{100 - count * 96 / highest:.1f}h-1z" for x, count in enumerate(per_second) if count)
    recent = per_second[-10:]
    return {"path": bars, "seconds": len(per_second), "highest": highest, "now": sum(recent) / max(len(recent), 1)}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _when(text: str | None) -> str:
    """Format a date-time of the API for a person, in UTC."""
    if text is None:
        return "\N{EN DASH}"
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y, %H:%M:%S}"


def _shown(value: Any) -> str:
    """Format the value of a field for a table."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_shown, value))
        case {"url": url, **rest}:
            return f"{rest['name']}: {url}" if rest.get("name") else str(url)
        case {"username": username, "discriminator": discriminator}:
            return f"{username}#{discriminator}"
        case {"value": inner}:
            return _shown(inner)
        case {"name": inner}:
            return _shown(inner)
        case dict():
            return orjson.dumps(value).decode()
    return str(value)


def _worded(name: str) -> str:
    """Format the name of a field as words: companyDomain as Company domain, started_training as Started training."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", name).replace("_", " ").capitalize()


def _is_web_address(text: object) -> bool:
    return isinstance(text, str) and text.lower().startswith(("https://", "http://"))
