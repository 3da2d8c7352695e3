"""The shapes of responses: what a room sends that client and sandbox do not expect.

Goes in: the JSON of a response. Comes out: the operation, the place and the JSON type of each unexpected part, without
any value. A shape is nested like the JSON; `?` ends the name of a field that may be missing or null.
"""

import re
from collections.abc import Iterator
from typing import Any

_STATUS = {"status?": "string", "reason?": "string", "docs?": "string"}
_ACCOUNT = "string or array"
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
_PROFILE = {
    "fullName?": "string",
    "activities_count?": "number",
    "avatar?": "string",
    "bio?": "string",
    "organization?": "string",
    "title?": "string",
    "first_seen?": "string",
    "last_active?": "string",
    "location?": "object",
    "member_tags?": ["object or string"],
    "segments?": [_NAMED],
    "email?": [{"email": "string", "sources?": ["string"]}],
    "organization_domain?": "string",
    "custom_fields?": [{"name": "string", "type": "string"}],
    **{f"{network}?": _ACCOUNT for network in ("url", "twitter", "github", "linkedin", "discord", "youtube")},
}

_SUCCESSES: dict[tuple[str, str], Any] = {
    ("GET", "/api-token-status"): {"jti?": "string", "communityName?": "string", "communityId?": "string"},
    ("GET", "/members/customFields"): [_FIELD],
    ("GET", "/activityTypes"): [{"id": "string", "displayName?": "string", "name?": "string"}],
    ("GET", "/segments"): [_NAMED],
    ("GET", "/segments/{id}/status"): [_NAMED],
    ("GET", "/tags"): {"labels": [_TAG]},
    ("GET", "/members"): [_PROFILE],
    ("GET", "/user/{email}"): "object or array",
    ("GET", "/tags/{id}"): _TAG,
    ("POST", "/tags"): _TAG,
    ("POST", "/tags/{id}"): _TAG,
    ("DELETE", "/tags/{id}"): _STATUS,
    ("DELETE", "/user/{email}"): _STATUS,
    ("POST", "/source/{destinationSourceId}/user"): _STATUS,
    ("POST", "/source/{destinationSourceId}/activity"): _STATUS,
    ("POST", "/segments/{id}"): _STATUS,
    ("POST", "/members/note"): {"id?": "array or number", "status?": "string"},
}
"""What each operation that the probe calls sends. A write may also send nothing, which other assumptions are about."""
_TEMPLATES = [(method, template, re.compile(re.sub(r"{\w+}", "[^/]+", template))) for method, template in _SUCCESSES]


def unexpected(method: str, path: str, status: int, content: Any, *, is_empty: bool) -> list[str]:
    """Return the unexpected parts of a response, such as `GET /segments [].id: string`."""
    bare = path.partition("?")[0]
    found = next((known for own, known, pattern in _TEMPLATES if own == method and pattern.fullmatch(bare)), None)
    if found is None or status == 429 or status >= 500 or (is_empty and method != "GET"):
        return []
    expected, refused = (_SUCCESSES[method, found], "") if status < 300 else (_STATUS, "4xx ")
    return [f"{method} {found} {refused}{place}" for place in _places(content, expected, "")]


def _places(value: Any, expected: Any, place: str) -> Iterator[str]:
    if isinstance(expected, str):
        if _type(value) not in expected.split(" or "):
            yield f"{place or 'body'}: {_type(value)}"
    elif isinstance(expected, list) and isinstance(value, list):
        for item in value:
            yield from _places(item, expected[0], f"{place}[]")
    elif isinstance(expected, dict) and isinstance(value, dict):
        for name, inner in expected.items():
            own = name.rstrip("?")
            inside = f"{place}.{own}".lstrip(".")
            if value.get(own) is not None or (own in value and own == name):
                yield from _places(value[own], inner, inside)
            elif own == name:
                yield f"{inside}: missing"
    else:
        yield f"{place or 'body'}: {_type(value)}"


def _type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
