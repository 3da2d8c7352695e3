"""Assumptions that are tried on throwaway people, tags and activities.

Goes in: a room that may be written to. Comes out: what it does, in the words of the sandbox's `Behavior`.
"""

from typing import Any
from urllib.parse import quote

from cr_pipelines.probe.reading import field_to_set
from cr_pipelines.probe.room import ProbedRoom, Unclear

_ACCOUNTS = ("url", "twitter", "github", "linkedin", "discord", "youtube")
_LENGTHS = (256, 1_000, 10_000, 100_000)
_DATES = {
    "date_time": "2024-11-12T00:00:00.000Z",
    "without_offset": "2024-11-12T00:00:00",
    "date": "2024-11-12",
    "rfc_1123": "Tue, 12 Nov 2024 00:00:00 GMT",
    "month_day_year": "Dec 4, 2023",
}


def accepted(room: ProbedRoom) -> str:
    """Return what a 202 sends."""
    seen = room.put("accepted", email=room.new_address())
    if seen.status != 202:
        raise Unclear(f"a user was not accepted: {seen.status}")
    return "empty" if seen.is_empty else "json"


def visible_after(room: ProbedRoom) -> float:
    """Return the seconds from a 202 until the person can be seen."""
    address = room.new_address()
    room.put("visible", email=address)
    return round(room.wait_for(address), 2)


def lookup(room: ProbedRoom) -> str:
    """Return what GET /user/{email} sends."""
    content = room.look_up(room.person("lookup")).content
    return "ids" if isinstance(content, dict) and "ids" in content else "list"


def profile(room: ProbedRoom) -> str:
    """Return whether the accounts of GET /members are arrays or strings."""
    account = {"type": "handle", "value": f"{room.marker}-profile"}
    address = room.person("profile", github=account)
    (found, *_) = room.profiles(email=address) or [{}]
    values = [found[name] for name in _ACCOUNTS if found.get(name)]
    if not values:
        raise Unclear("the profile has no account")
    return "arrays" if all(isinstance(value, list) for value in values) else "strings"


def omitted(room: ProbedRoom) -> str:
    """Return what an upsert does with fields that it leaves out, the address among them."""
    address = room.person("omitted", titleAtCompany="probe")
    found = room.changed(address, "omitted", sends_address=False)
    # Without its address the person could not be removed.
    room.put("omitted", email=address)
    return "kept" if found.get("title") else "cleared"


def omitted_tags(room: ProbedRoom) -> str:
    """Return what an upsert does with a contact's tags when it sends none."""
    tag = {"type": "id", "id": str(_new_tag(room, "omitted")["id"])}
    address = room.person("omitted-tags", tags=[tag])
    return "kept" if room.changed(address, "omitted-tags").get("member_tags") else "cleared"


def sent_tags(room: ProbedRoom) -> str:
    """Return whether the tags of an upsert are added to those of the contact."""
    one, other = ({"type": "id", "id": str(_new_tag(room, name)["id"])} for name in ("one", "other"))
    address = room.person("sent-tags", tags=[one])
    return "added" if len(room.changed(address, "sent-tags", tags=[other]).get("member_tags") or ()) > 1 else "replaced"


def omitted_custom_fields(room: ProbedRoom) -> str:
    """Return what an upsert does with custom fields when it sends none."""
    field, value = field_to_set(room)
    change = {"id": field["id"], "value": {"type": field["type"], "value": value}}
    address = room.person("omitted-fields", customFields=[change])
    return "kept" if _value(room.changed(address, "omitted-fields"), field) not in ("", None) else "cleared"


def null(room: ProbedRoom) -> str:
    """Return what an upsert does with a field that it sends as null."""
    address = room.person("null", titleAtCompany="probe")
    if omitted(room) == "cleared":
        return "cleared"
    return "kept" if room.changed(address, "null", titleAtCompany=None).get("title") else "cleared"


def field_without_value(room: ProbedRoom) -> str:
    """Return what an upsert does with a custom field that it sends without `value`."""
    field, value = field_to_set(room)
    address = room.new_address()
    change = {"id": field["id"], "value": {"type": field["type"], "value": value}}
    room.put("field", email=address, customFields=[change])
    room.wait_for(address)
    if room.put("field", email=address, customFields=[{"id": field["id"]}]).status == 400:
        return "refused"
    found = room.changed(address, "field", customFields=[{"id": field["id"]}])
    return "cleared" if _value(found, field) in ("", None) else "kept"


def _value(profile: dict[str, Any], field: dict[str, Any]) -> Any:
    fields = profile.get("custom_fields") or ()
    return next((each.get("value") for each in fields if each.get("name") == field["name"]), None)


def unknown_fields(room: ProbedRoom) -> str:
    """Return what happens to a request with an unknown field."""
    seen = room.put("unknown", email=room.new_address(), crPipelinesProbe="x")
    return "refused" if seen.status == 400 else "ignored"


def lookup_case(room: ProbedRoom) -> str:
    """Return whether the case of an address matters in a look-up."""
    address = room.person("case")
    return "ignored" if room.look_up(address.upper()).status == 200 else "matters"


def removal_case(room: ProbedRoom) -> str:
    """Return whether the case of an address matters in a removal."""
    address = room.person("removal")
    seen = room.send("DELETE", f"/user/{quote(address.upper(), safe='')}")
    return "ignored" if seen.status == 200 else "matters"


def lookup_plus(room: ProbedRoom) -> str:
    """Return whether a look-up without the part after a plus sign finds the address with it."""
    address = room.person("plus", plus="+probe")
    return "ignored" if room.look_up(address.replace("+probe", "")).status == 200 else "matters"


def removal_plus(room: ProbedRoom) -> str:
    """Return whether a removal without the part after a plus sign finds the address with it."""
    address = room.person("removal-plus", plus="+probe")
    seen = room.send("DELETE", f"/user/{quote(address.replace('+probe', ''), safe='')}")
    return "ignored" if seen.status == 200 else "matters"


def same_email(room: ProbedRoom) -> str:
    """Return whether two users with one address become one contact."""
    address = room.person("one")
    room.put("other", email=address)
    room.changed(address, "other")
    return "merged" if len(room.profiles(email=address)) == 1 else "separate"


def same_linkedin(room: ProbedRoom) -> str:
    """Return whether two users with one LinkedIn account become one contact."""
    account = {"type": "handle", "value": f"in/{room.marker}"}
    room.person("linked", linkedin=account)
    room.person("linked-too", linkedin=account)
    return "merged" if len(room.profiles(linkedin=account["value"])) == 1 else "separate"


def _new_tag(room: ProbedRoom, name: str) -> dict[str, Any]:
    seen = room.new_tag(name)
    if seen.status != 200 or not isinstance(seen.content, dict) or "id" not in seen.content:
        raise Unclear(f"a tag was not created: {seen.status}")
    tag: dict[str, Any] = seen.content
    return tag


def taken_tag(room: ProbedRoom) -> str:
    """Return what creating a tag of a taken name does."""
    first = _new_tag(room, "taken")
    try:
        second = _new_tag(room, "taken")
    except Unclear:
        return "refused"
    if first["id"] != second["id"]:
        raise Unclear("the room made two tags of one name, which the sandbox cannot do")
    return "same"


def deleted_twice(room: ProbedRoom) -> str:
    """Return what deleting a deleted tag does."""
    path = f"/tags/{quote(str(_new_tag(room, 'deleted twice')['id']), safe='')}"
    first, second = room.send("DELETE", path), room.send("DELETE", path)
    if first.status != 200:
        raise Unclear(f"a tag could not be deleted: {first.status}")
    return "accepted" if second.status == 200 else "refused"


def deleted_tag(room: ProbedRoom) -> str:
    """Return what updating a deleted tag does."""
    tag = _new_tag(room, "deleted")
    path = f"/tags/{quote(str(tag['id']), safe='')}"
    room.send("DELETE", path)
    if room.send("POST", path, {"name": tag["name"]}).status != 200:
        return "refused"
    seen = room.send("GET", path)
    return "stays_deleted" if seen.status != 200 or seen.content.get("deletedAt") else "undeleted"


def segment_batch(room: ProbedRoom, segment: int) -> str:
    """Return who is added to a segment when one address of several is unknown."""
    address = room.person("segment")
    value = f"{address},{room.marker}-nobody@probe.example.com"
    seen = room.send("POST", f"/segments/{segment}", {"socialType": "email", "value": value})
    if seen.is_missing:
        raise Unclear("POST /segments/{id} is no longer there")
    found = room.changed(address, "segment").get("segments") or ()
    return "known_ones" if any(each.get("id") == segment for each in found) else "none"


def dates(room: ProbedRoom) -> list[str]:
    """Return the forms of date that a timestamp may have."""
    types = room.send("GET", "/activityTypes").content
    if not isinstance(types, list) or not types:
        raise Unclear("the room has no activity type")
    user = {"id": f"{room.marker}-dates", "email": room.new_address()}
    taken = []
    for form, text in _DATES.items():
        body = {"id": f"{room.marker}-{form}", "activityType": types[0]["id"], "user": user, "timestamp": text}
        if room.send("POST", f"/source/{room.source_id}/activity", body).status == 202:
            taken.append(form)
    return taken


def longest_value(room: ProbedRoom) -> int | None:
    """Return the longest text that is accepted, None when it is longer than the longest that is tried."""
    address = room.new_address()

    def fits(length: int) -> bool:
        return room.put("long", email=address, bio="x" * length).status == 202

    too_long = next((length for length in _LENGTHS if not fits(length)), None)
    if too_long is None:
        return None
    low, high = max((length for length in (1, *_LENGTHS) if length < too_long), default=1), too_long
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def note(room: ProbedRoom) -> str:
    """Return what POST /members/note sends."""
    address = room.person("note")
    seen = room.send("POST", "/members/note", {"socialType": "email", "value": address, "note": room.marker})
    if seen.status != 200 or not isinstance(seen.content, dict):
        raise Unclear(f"a note was not accepted: {seen.status}")
    return "id" if "id" in seen.content else "status"
