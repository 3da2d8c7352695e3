"""Compare a contact as the room shows it with what was sent.

Goes in: the body of a request, and a profile from a look-up. Comes out: the names of the fields that differ. Only
fields that look-ups show are compared. For tags and accounts, those that were sent must be among those shown.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from cr_pipelines.api import ContactProfile

_SHOWN = {
    "fullName": "full_name",
    "avatarUrl": "avatar",
    "bio": "bio",
    "titleAtCompany": "title",
    "companyName": "organization",
}
_SOMETIMES_SHOWN = {"companyDomain": "organization_domain"}
"""The API's description omits this, but responses were seen to have it."""

_PLACES = {"city": "city", "region": "region", "country": "country"}
ACCOUNTS = ("linkedin", "github", "twitter")


def differing_fields(body: Mapping[str, Any], profile: ContactProfile, field_names: Mapping[int, str]) -> list[str]:
    """Return the fields of a request that differ in the profile; `field_names` are the names of custom fields by id."""
    return [*_texts(body, profile), *_lists(body, profile), *_custom_fields(body, profile, field_names)]


def _texts(body: Mapping[str, Any], profile: ContactProfile) -> Iterator[str]:
    location = profile.location if isinstance(profile.location, Mapping) else {}
    shown = {name: getattr(profile, own) for name, own in _SHOWN.items()}
    shown |= {name: location.get(own) for name, own in _PLACES.items()}
    for name, own in _SOMETIMES_SHOWN.items():
        if getattr(profile, own) is not None:
            shown[name] = getattr(profile, own)
    yield from (name for name, value in shown.items() if body.get(name) and not _same(body[name], value))


def _lists(body: Mapping[str, Any], profile: ContactProfile) -> Iterator[str]:
    addresses = {each.email.lower() for each in profile.email}
    if body.get("email") and addresses and body["email"].lower() not in addresses:
        yield "email"
    for network in ACCOUNTS:
        account = body.get(network)
        if account and _account(account["value"]) not in map(_account, getattr(profile, network)):
            yield network
    tags = {tag.name for tag in profile.member_tags}
    if {tag["name"] for tag in body.get("tags", ()) if "name" in tag} - tags:
        yield "tags"


def _custom_fields(body: Mapping[str, Any], profile: ContactProfile, field_names: Mapping[int, str]) -> Iterator[str]:
    shown = {field.name: field.value for field in profile.custom_fields}
    for change in body.get("customFields", ()):
        name = field_names.get(change["id"])
        if name is not None and not _same(change["value"]["value"] if "value" in change else "", shown.get(name, "")):
            yield f"customFields.{name}"


def _account(value: str) -> str:
    """Return one form for all spellings of an account, such as `https://www.linkedin.com/in/Ada/` and `in/ada`."""
    return value.strip().rstrip("/").rpartition("/")[2].lstrip("@").lower()


def _same(sent: object, shown: object) -> bool:
    if isinstance(sent, list) or isinstance(shown, list):
        lists = [value if isinstance(value, list) else [value] for value in (sent, shown)]
        return sorted(map(_text, lists[0])) == sorted(map(_text, lists[1]))
    if sent == shown or _text(sent) == _text(shown):
        return True
    with contextlib.suppress(TypeError, ValueError):
        return float(sent) == float(shown)  # type: ignore[arg-type]
    return False


def _text(value: object) -> str:
    return "" if value is None else str(value).strip().lower() if isinstance(value, bool) else str(value).strip()
