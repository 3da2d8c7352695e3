"""What the API sends: the body of every response, as TypedDicts, and the functions that make them.

Goes in: the room's own objects (contacts, tags, custom fields …). Comes out: the dicts that are sent as JSON. The types
are also what the OpenAPI description is made from.
"""

from typing import Literal, NotRequired, Required

from typing_extensions import TypedDict

from cr_pipelines.sandbox.workspace import catalog
from cr_pipelines.sandbox.workspace.clock import iso
from cr_pipelines.sandbox.workspace.inputs import EntityType, FieldType, FieldValue, Location
from cr_pipelines.sandbox.workspace.people import HANDLE_NETWORKS, Contact, account_names, display_name
from cr_pipelines.sandbox.workspace.room import Room


class TokenStatus(TypedDict):
    """Which room a token belongs to."""

    jti: str
    communityName: str
    communityId: str


class Status(TypedDict):
    """How a request went, where no other response is defined."""

    status: Literal["ok", "success", "failure", "not-found"]
    reason: NotRequired[str]


class InvalidRequestResponse(TypedDict):
    """The body of a 400."""

    reason: str
    docs: NotRequired[str]


class RateLimitSummary(TypedDict):
    """The state of the token's current interval."""

    intervalLimit: int
    intervalRemaining: int
    intervalResetSeconds: float
    waitMs: int


class RateLimited(TypedDict):
    """The body of a 429."""

    reason: str
    rateLimit: NotRequired[RateLimitSummary]


class CommunityMember(TypedDict):
    """A contact, as GET /user/{email} is documented to send it."""

    id: int


class ContactIds(TypedDict):
    """The contacts with an e-mail address, as GET /user/{email} was seen to send them."""

    ids: list[int]


class NoteIds(TypedDict):
    """The notes that a request added, as POST /members/note was seen to send them."""

    id: list[int]


class MemberTag(TypedDict):
    """A tag of a contact, as GET /members was seen to send it."""

    id: int
    name: str


class MemberEmail(TypedDict):
    """An address of a contact, and where it came from."""

    email: str
    sources: list[str]


class MemberLocation(Location, total=False):
    """Where a contact lives, as GET /members was seen to send it."""

    raw: str


class SegmentName(TypedDict):
    """A segment of the room."""

    id: int
    name: str


class StatusName(TypedDict):
    """A status that contacts can have in a segment."""

    id: int
    name: str


class MemberField(TypedDict):
    """A custom field of a contact."""

    name: str
    type: FieldType
    value: FieldValue


class Member(TypedDict, total=False):
    """A contact, as GET /members sends it; what is not known is left out."""

    fullName: str
    activities_count: Required[int]
    avatar: str
    bio: str
    organization: str
    title: str
    first_seen: Required[str]
    last_active: str
    location: Required[MemberLocation]
    member_tags: Required[list[str] | list[MemberTag]]
    segments: Required[list[SegmentName]]
    url: str | list[str]
    twitter: str | list[str]
    github: str | list[str]
    linkedin: str | list[str]
    discord: str | list[str]
    youtube: str | list[str]
    common_room_member_url: Required[str]
    custom_fields: Required[list[MemberField]]
    email: list[MemberEmail]
    organization_domain: str


class CustomFieldDescription(TypedDict):
    """A custom field of the room; `values` are the acceptable ones of an enum."""

    id: int
    name: str
    type: FieldType
    multivalue: bool
    values: NotRequired[list[str]]


class ActivityTypeDescription(TypedDict):
    """An activity type of the room."""

    id: str
    displayName: str
    name: str


class Tag(TypedDict):
    """A tag of the room."""

    id: str
    name: str
    description: str | None
    entityTypes: list[EntityType]
    createdAt: str
    deletedAt: str | None


class TagList(TypedDict):
    """The tags that are not deleted."""

    labels: list[Tag]


def describe_custom_field(field: catalog.CustomField) -> CustomFieldDescription:
    """Return a custom field as GET /members/customFields sends it."""
    described: CustomFieldDescription = {
        "id": field.id,
        "name": field.name,
        "type": field.type,
        "multivalue": field.multivalue,
    }
    if field.type == "enum":
        described["values"] = list(field.values)
    return described


def describe_tag(tag: catalog.Tag) -> Tag:
    """Return a tag as the operations of tags send it."""
    return {
        "id": tag.id,
        "name": tag.name,
        "description": tag.description,
        "entityTypes": list(tag.entity_types),
        "createdAt": iso(tag.created_at),
        "deletedAt": None if tag.deleted_at is None else iso(tag.deleted_at),
    }


def describe_contact(room: Room, contact: Contact, page: str) -> Member:
    """Return a contact as GET /members is documented to send it; contact pages begin with `page`."""
    known = contact.known()
    member: Member = {
        "activities_count": len(contact.activities),
        "first_seen": iso(contact.first_seen),
        "location": {name: known[name] for name in ("city", "region", "country") if name in known},  # type: ignore[typeddict-item]
        "member_tags": room.tag_names(contact.tags),
        "segments": [{"id": id_, "name": room.catalog.segments[id_].name} for id_ in contact.segments],
        "common_room_member_url": f"{page}{contact.id}",
        "custom_fields": [
            {"name": field.name, "type": field.type, "value": contact.custom_fields[id_]}
            for id_, field in room.catalog.custom_fields.items()
            if id_ in contact.custom_fields
        ],
    }
    texts: dict[str, str | None] = {
        "fullName": display_name(known),
        "avatar": known.get("avatarUrl"),
        "bio": known.get("bio"),
        "organization": known.get("companyName"),
        "title": known.get("titleAtCompany"),
        "last_active": None if contact.last_active is None else iso(contact.last_active),
    }
    texts |= {network: accounts[-1] for network, accounts in _accounts(contact).items() if accounts}
    member.update({name: text for name, text in texts.items() if text})  # type: ignore[typeddict-item]
    return member


def describe_observed_contact(room: Room, contact: Contact, page: str) -> Member:
    """Return a contact as GET /members was seen to send it: accounts in arrays, tags with their ids."""
    known = contact.known()
    member = describe_contact(room, contact, page)
    if known.get("rawLocation"):
        member["location"] = member["location"] | {"raw": known["rawLocation"]}
    tags: list[MemberTag] = [{"id": int(id_), "name": room.catalog.tags[id_].name} for id_ in contact.tags]
    member["member_tags"] = tags
    set_ = {field["name"] for field in member["custom_fields"]}
    member["custom_fields"] += [
        {"name": field.name, "type": field.type, "value": ""}
        for field in room.catalog.custom_fields.values()
        if field.name not in set_
    ]
    sources: dict[str, list[str]] = {}
    for profile in contact.profiles:
        for email in profile.emails:
            sources.setdefault(email, []).append(_source_name(room, profile.source))
    member["email"] = [{"email": email, "sources": names} for email, names in sources.items()]
    if known.get("companyDomain"):
        member["organization_domain"] = known["companyDomain"]
    member["url"] = [profile["url"] for profile in known.get("externalProfiles") or ()]
    member.update(_accounts(contact))  # type: ignore[typeddict-item]
    return member


def _accounts(contact: Contact) -> dict[str, list[str]]:
    """Return the accounts of a contact by network, each once; the one that was updated last is the last."""
    found: dict[str, list[str]] = {network: [] for network in HANDLE_NETWORKS}
    for profile in contact.profiles:
        sent = profile.sent()
        for network in HANDLE_NETWORKS:
            for name in account_names(sent, network):
                found[network] = [each for each in found[network] if each != name] + [name]
    return found


def _source_name(room: Room, source: str) -> str:
    """Return the name of a destination source, or the source that a legacy contact names itself."""
    known = room.catalog.sources.get(int(source)) if source.isdecimal() else None
    return source.removeprefix("legacy:") if known is None else known.name
