"""Assumptions that can be tried without writing a record: headers, shapes, and which operations exist.

Goes in: a room. Comes out: what it does, in the words of the sandbox's `Behavior`.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cr_pipelines.probe.room import ProbedRoom, Seen, Unclear

_MOST_REQUESTS = 5000
_UNKNOWN = "999999999"


def limit_headers(room: ProbedRoom) -> str:
    """Return what the names of the rate limit's headers begin with."""
    headers = room.send("GET", "/api-token-status").headers
    return next((prefix for prefix in ("x-ratelimit", "ratelimit") if f"{prefix}-remaining" in headers), "none")


def forbidden(room: ProbedRoom) -> str:
    """Return what a 403 says: a reason or a status."""
    seen = room.send("GET", "/api-token-status", token=f"{room.marker}-is-no-token")
    if seen.status != 403 or not isinstance(seen.content, dict):
        raise Unclear(f"a wrong token gets {seen.status}, {'JSON' if seen.content is not None else 'not JSON'}")
    return "status" if "status" in seen.content else "reason"


def retired(room: ProbedRoom, may_write: bool) -> list[str]:
    """Return the ids of the operations that no longer exist.

    Operations that write get a body that none of them accepts, and ids and addresses that nobody has.
    """
    nobody = f"{room.marker}-nobody%40probe.example.com"
    reads = {
        "getApiTokenStatus": ("GET", "/api-token-status"),
        "getContactCustomFields": ("GET", "/members/customFields"),
        "getContactByEmail": ("GET", f"/user/{nobody}"),
        "getContactBySocials": ("GET", f"/members?email={nobody}"),
        "getActivityTypes": ("GET", "/activityTypes"),
        "getSegments": ("GET", "/segments"),
        "getSegmentStatuses": ("GET", f"/segments/{_UNKNOWN}/status"),
        "listTags": ("GET", "/tags"),
        "getTag": ("GET", f"/tags/{_UNKNOWN}"),
    }
    writes = {
        "addUpdateUserToSource": ("POST", f"/source/{room.source_id}/user"),
        "addUpdateActivityToSource": ("POST", f"/source/{room.source_id}/activity"),
        "createOrUpdateContact": ("POST", "/members/"),
        "addNoteToContact": ("POST", "/members/note"),
        "setContactCustomFieldValue": ("POST", "/members/customFields"),
        "addTagsToContact": ("POST", "/members/tags"),
        "anonymizeContact": ("DELETE", f"/user/{nobody}"),
        "createUserInputActivity": ("POST", "/activities"),
        "addContactsToSegment": ("POST", f"/segments/{_UNKNOWN}"),
        "addNoteToSegment": ("POST", "/segments/note"),
        "createTag": ("POST", "/tags"),
        "updateTag": ("POST", f"/tags/{_UNKNOWN}"),
        "deleteTag": ("DELETE", f"/tags/{_UNKNOWN}"),
    }
    tried = reads | writes if may_write else reads
    return [
        id_
        for id_, (method, path) in tried.items()
        if room.send(method, path, {} if method == "POST" else None).is_missing
    ]


def shapes(room: ProbedRoom) -> list[str]:
    """Return the parts of responses that differ from what is expected; requests the lists, a 400 and a 404 first."""
    lists = ("/api-token-status", "/members/customFields", "/activityTypes", "/tags")
    for path in (*lists, "/members", f"/tags/{_UNKNOWN}"):
        room.send("GET", path)
    segments = room.send("GET", "/segments").content
    first = segments[0] if isinstance(segments, list) and segments else None
    if isinstance(first, dict) and isinstance(first.get("id"), int):
        room.send("GET", f"/segments/{first['id']}/status")
    return sorted(room.shapes)


def retry_after(room: ProbedRoom) -> str:
    """Return the form of a 429's Retry-After."""
    return _form(refusal(room))


def limit_body(room: ProbedRoom) -> str:
    """Return the content of a 429's body."""
    content = refusal(room).content
    return "rate_limit" if isinstance(content, dict) and "rateLimit" in content else "reason"


def refusal(room: ProbedRoom) -> Seen:
    """Return a 429; sends requests until there is one."""
    for _ in range(_MOST_REQUESTS):
        seen = room.send("GET", "/api-token-status", wait=False)
        if seen.status == 429:
            return seen
    raise Unclear(f"no 429 in {_MOST_REQUESTS} requests")


def _form(seen: Seen) -> str:
    text = seen.headers.get("retry-after")
    if text is None:
        return "none"
    if text.strip().isdigit():
        return "seconds"
    for form, parse in (("date_time", datetime.fromisoformat), ("http_date", parsedate_to_datetime)):
        try:
            parse(text)
        except ValueError:
            continue
        return form
    raise Unclear("Retry-After is neither seconds nor a date")


def field_to_set(room: ProbedRoom) -> tuple[dict[str, Any], Any]:
    """Return a custom field that the source may write, and a value for it."""
    seen = room.send("GET", f"/members/customFields?destinationSourceId={room.source_id}")
    fields = [each for each in seen.content or () if isinstance(each, dict)]
    values: dict[str, Any] = {"string": "probe", "int": 1, "number": 1, "boolean": True}
    for field in fields:
        if field.get("type") in values and not field.get("multivalue"):
            return field, values[field["type"]]
    raise Unclear("the source may write no custom field of one value")
