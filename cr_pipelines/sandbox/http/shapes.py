"""Responses in the shapes that a probed room was seen to send.

Goes in: a response's content, and the shapes of a report, such as `GET /segments [].id: string`. Comes out: the content
with other types in these places.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from cr_pipelines.sandbox.workspace.behavior import SHAPE

_VALUES: dict[str, Any] = {"number": 1, "boolean": True, "array": [], "object": {}, "null": None}


def reshaped(method: str, path: str, status: int, content: Any, shapes: Iterable[str]) -> Any:
    """Return the content of a response, in the shapes that are for it; `path` is the path below the base URL."""
    for shape in shapes:
        found = SHAPE.fullmatch(shape)
        if found is None or found["method"] != method or bool(found["refused"]) != (status >= 400):
            continue
        if not re.fullmatch(re.sub(r"{\w+}", "[^/]+", found["path"]), path):
            continue
        places = [] if found["place"] == "body" else re.findall(r"\[\]|[^.\[\]]+", found["place"])
        content = _placed(content, places, found["type"])
    return content


def _placed(value: Any, places: Sequence[str], kind: str) -> Any:
    if not places:
        if kind == "number" and isinstance(value, str) and value.isdecimal():
            # An id stays the id of the same thing.
            return int(value)
        return str(value) if kind == "string" else _VALUES[kind]
    place, *inner = places
    if place == "[]":
        return [_placed(item, inner, kind) for item in value] if isinstance(value, list) else value
    if not isinstance(value, dict):
        return value
    if kind == "missing" and not inner:
        return {name: other for name, other in value.items() if name != place}
    return value | {place: _placed(value.get(place), inner, kind)}
