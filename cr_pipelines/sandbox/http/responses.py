"""What the API sends: the body of every response, as TypedDicts, and the functions that make them.

Goes in: the room's own objects (contacts, tags, custom fields …). Comes out: the dicts that are sent as JSON. The types
are also what the OpenAPI description is made from.
"""

from typing import Literal, NotRequired, Required

from typing_extensions import TypedDict

from cr_pipelines.sandbox.workspace import catalog
from cr_pipelines.sandbox.workspace.clock import iso
from cr_pipelines.sandbox.workspace.inputs import EntityType, FieldType, FieldValue, Location
from cr_pipelines.sandbox.workspace.people import HANDLE_NETWORKS, Contact, display_name
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
    rateLimit: RateLimitSummary


class CommunityMember(TypedDict):
    """A contact, as GET /user/{email} sends it."""

    id: int


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
    location: Required[Location]
    member_tags: Required[list[str]]
    segments: Required[list[SegmentName]]
    url: str
    twitter: str
    github: str
    linkedin: str
    discord: str
    youtube: str
    common_room_member_url: Required[str]
    custom_fields: Required[list[MemberField]]


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
    """Return a contact as GET /members sends it; `page` is the address that contact pages begin with."""
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
    for network in HANDLE_NETWORKS:
        account = known.get(network)
        texts[network] = account and (account.get("value") or account["username"])
    member.update({name: text for name, text in texts.items() if text})  # type: ignore[typeddict-item]
    return member
