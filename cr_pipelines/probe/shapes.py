"""The shapes of responses: what a room sends that client and sandbox do not expect.

Goes in: a room. Comes out: the operation, the place and the JSON type of each part that is otherwise than expected,
without any value. A shape is nested as the JSON is; `?` ends the name of a field that may be missing or null.
"""

from collections.abc import Iterator
from typing import Any

from cr_pipelines.probe.room import ProbedRoom

_NOTHING = {"status?": "string", "reason?": "string", "docs?": "string"}
_TAG = {
    "id": "string or number",
    "name": "string",
    "description?": "string",
    "entityTypes": ["string"],
    "createdAt": "string",
    "deletedAt?": "string",
}
_FIELD = {"id": "number", "name": "string", "type": "string", "multivalue?": "boolean", "values?": ["string"]}
_NAMED = {"id": "number", "name": "string"}

_READS: dict[str, Any] = {
    "/api-token-status": {"jti?": "string", "communityName?": "string", "communityId?": "string"},
    "/members/customFields": [_FIELD],
    "/activityTypes": [{"id": "string", "displayName?": "string", "name?": "string"}],
    "/segments": [_NAMED],
    "/tags": {"labels": [_TAG]},
    # What nobody has: the shapes of a 400 and a 404.
    "/members": _NOTHING,
    "/tags/999999999": _NOTHING,
}


def shapes(room: ProbedRoom) -> list[str]:
    """Return the parts of responses that are otherwise than expected, such as `GET /segments [].id: string`."""
    found = []
    for path, expected in _READS.items():
        seen = room.send("GET", path)
        if not seen.is_missing:
            found += [f"GET {path} {place}" for place in _unexpected(seen.content, expected, "")]
    segments = room.send("GET", "/segments").content
    first = segments[0] if isinstance(segments, list) and segments else None
    if isinstance(first, dict) and isinstance(first.get("id"), int):
        seen = room.send("GET", f"/segments/{first['id']}/status")
        if not seen.is_missing:
            found += [f"GET /segments/{{id}}/status {place}" for place in _unexpected(seen.content, [_NAMED], "")]
    return list(dict.fromkeys(found))


def _unexpected(value: Any, expected: Any, place: str) -> Iterator[str]:
    if isinstance(expected, str):
        if _type(value) not in expected.split(" or "):
            yield f"{place}: {_type(value)}"
    elif isinstance(expected, list) and isinstance(value, list):
        for item in value:
            yield from _unexpected(item, expected[0], f"{place}[]")
    elif isinstance(expected, dict) and isinstance(value, dict):
        for name, inner in expected.items():
            own = name.rstrip("?")
            inside = f"{place}.{own}".lstrip(".")
            if value.get(own) is not None or (own in value and own == name):
                yield from _unexpected(value[own], inner, inside)
            elif own == name:
                yield f"{inside}: missing"
    else:
        yield f"{place or 'body'}: {_type(value)}"


def _type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
