"""Responses in the shapes that a probed room was seen to send.

Goes in: a response's content, and the shapes of a report, such as `GET /segments [].id: string`. Comes out: the content
with other types in these places.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from cr_pipelines.sandbox.workspace.behavior import SHAPE

_ONLY_REFUSED = "/members"
"""The probe looks at its 400, which has another shape than its list."""

_VALUES: dict[str, Any] = {"number": 1, "boolean": True, "array": [], "object": {}, "null": None}


def reshaped(path: str, status: int, content: Any, shapes: Iterable[str]) -> Any:
    """Return the content of a GET of `path`, a path below the base URL, in the shapes that are for it."""
    for shape in shapes:
        found = SHAPE.fullmatch(shape)
        if found is None or not re.fullmatch(re.sub(r"{\w+}", "[^/]+", found["path"]), path):
            continue
        if found["path"] == _ONLY_REFUSED and status < 400:
            continue
        places = [] if found["place"] == "body" else re.findall(r"\[\]|[^.\[\]]+", found["place"])
        content = _placed(content, places, found["type"])
    return content


def _placed(value: Any, places: Sequence[str], kind: str) -> Any:
    if not places:
        return str(value) if kind == "string" else _VALUES[kind]
    place, *inner = places
    if place == "[]":
        return [_placed(item, inner, kind) for item in value] if isinstance(value, list) else value
    if not isinstance(value, dict):
        return value
    if kind == "missing" and not inner:
        return {name: other for name, other in value.items() if name != place}
    return value | {place: _placed(value.get(place), inner, kind)}
