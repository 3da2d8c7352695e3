"""What the room takes in: users, activities, contacts, notes, tags and segment members.

Goes in: what a client sent. Comes out: TypedDicts, which keep apart what an upsert must keep apart: a field that was
sent, a field sent as null, and a field left out.

The types are strict: a wrong type, a missing required field, an unknown enum value, a malformed e-mail address and also
**an unknown field** are refused. (The vendor does not say whether it tolerates unknown fields; a sandbox that refuses
them finds misspelled ones.)
"""

from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    WithJsonSchema,
    with_config,
)
from typing_extensions import TypedDict

_STRICT = ConfigDict(strict=True, extra="forbid")

Key = Annotated[str, StringConstraints(min_length=1)]
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"),
    Field(json_schema_extra={"format": "email"}),
]
DateTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A date in any form that the room accepts, which the room checks itself."""


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Id = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
"""A number that names something; 12014.0 is 12014, as in JSON."""
_Integer = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Number = _Integer | FiniteFloat
"""A JSON number; an integer of more than 64 bits becomes the nearest float, as in the vendor's language."""
SocialType = Literal["email", "twitter", "github", "linkedin"]
EntityType = Literal["member", "activity", "company"]
FieldType = Literal["enum", "string", "date", "int", "number", "url", "boolean"]
Scalar = str | bool | Number
FieldValue = Scalar | list[Scalar]


@with_config(_STRICT)
class TagById(TypedDict):
    """A tag to assign, by its id."""

    type: Literal["id"]
    id: Key


@with_config(_STRICT)
class TagByName(TypedDict):
    """A tag to assign by name; one that does not exist is created."""

    type: Literal["name"]
    name: Key


TagAssignment = Annotated[TagById | TagByName, Field(discriminator="type")]


@with_config(_STRICT)
class TypedValue(TypedDict):
    """A custom field's value together with the field's type."""

    type: FieldType
    value: FieldValue


@with_config(_STRICT)
class CustomFieldChange(TypedDict):
    """A custom field to set. Without `value` the field is cleared."""

    id: Id
    value: NotRequired[TypedValue]


@with_config(_STRICT)
class Handle(TypedDict):
    """An account on a social network."""

    type: Literal["handle"]
    value: Key


@with_config(_STRICT)
class DiscordName(TypedDict):
    """A Discord account, from the form username#discriminator."""

    type: NotRequired[Literal["username"]]
    username: Key
    discriminator: str | Number


@with_config(_STRICT)
class ExternalProfile(TypedDict):
    """A profile elsewhere on the web."""

    url: str
    name: NotRequired[str]


@with_config(_STRICT)
class ApiUser(TypedDict, total=False):
    """A person in a destination source; `id` is the caller's own."""

    id: Required[Key]
    fullName: str | None
    firstName: str | None
    lastName: str | None
    username: str | None
    avatarUrl: str | None
    bio: str | None
    email: Email | None
    linkedin: Handle | None
    github: Handle | None
    twitter: Handle | None
    discord: DiscordName | None
    externalProfiles: list[ExternalProfile] | None
    roleAtCompany: str | None
    titleAtCompany: str | None
    companyName: str | None
    companyDomain: str | None
    country: str | None
    city: str | None
    region: str | None
    rawLocation: str | None
    tags: list[TagAssignment]
    customFields: list[CustomFieldChange]


@with_config(_STRICT)
class TextContent(TypedDict):
    """Plain text."""

    type: Literal["text"]
    value: str


@with_config(_STRICT)
class MarkdownContent(TypedDict):
    """Markdown text."""

    type: Literal["markdown"]
    value: str


@with_config(_STRICT)
class ParentActivity(TypedDict):
    """The activity that another one replies to or belongs to."""

    id: Key
    activityType: Key


@with_config(_STRICT)
class SubSource(TypedDict):
    """A channel, repository or group inside the source."""

    type: Literal["name"]
    name: str


@with_config(_STRICT)
class ApiActivity(TypedDict, total=False):
    """Something a person did; upserted by `activityType` and `id`."""

    id: Required[Key]
    activityType: Required[Key]
    user: Required[ApiUser]
    activityTitle: TextContent | None
    content: Annotated[TextContent | MarkdownContent, Field(discriminator="type")] | None
    timestamp: DateTime
    url: str | None
    tags: list[TagAssignment]
    parentActivity: ParentActivity | None
    subSource: SubSource | None


@with_config(_STRICT)
class SocialHandle(TypedDict):
    """The inner part of a social account of a legacy contact."""

    handle: Key


@with_config(_STRICT)
class Social(TypedDict):
    """A social account of a legacy contact."""

    type: Literal["github", "linkedin", "twitter", "youtube", "discord"]
    value: SocialHandle


@with_config(_STRICT)
class SocialEmail(TypedDict):
    """An e-mail address of a legacy contact."""

    type: Literal["email"]
    value: Email


@with_config(_STRICT)
class Location(TypedDict, total=False):
    """Where a legacy contact lives."""

    city: str
    region: str
    country: str


@with_config(_STRICT)
class LegacyContact(TypedDict, total=False):
    """A contact without a destination source (legacy)."""

    source: Required[Key]
    fullName: str
    avatarUrl: str
    description: str
    socials: list[Annotated[Social | SocialEmail, Field(discriminator="type")]]
    segment: Id
    company: str
    domain: str
    title: str
    role: str
    location: Location


@with_config(_STRICT)
class ContactNote(TypedDict):
    """A note to add to a contact (legacy)."""

    socialType: SocialType
    value: Key
    note: Key


@with_config(_STRICT)
class ContactTags(TypedDict):
    """Tags to add to a contact (legacy); `tags` is a comma-separated list."""

    socialType: SocialType
    value: Key
    tags: Key


@with_config(_STRICT)
class SingleFieldValue(TypedDict):
    """The value of a single-value custom field (legacy)."""

    socialType: SocialType
    value: Key
    customFieldId: Id
    customFieldValue: TypedValue


@with_config(_STRICT)
class MultiFieldValue(TypedDict):
    """All the values that a multi-value custom field should have (legacy)."""

    socialType: SocialType
    value: Key
    customFieldId: Id
    customFieldValues: list[TypedValue]


@with_config(_STRICT)
class LegacyActivity(TypedDict, total=False):
    """An activity of contacts that exist already (legacy).

    The vendor's description types `activityType` as an object and gives a string as its example; both are
    accepted, an object by its `id`.
    """

    source: Required[Key]
    socialType: Required[SocialType]
    value: Required[Key]
    activityType: Required[Key | dict[str, Any]]
    activityBody: Required[str]
    occurredAt: DateTime
    tags: str


@with_config(_STRICT)
class SegmentMembers(TypedDict, total=False):
    """Contacts to add to a segment; `value` is a comma-separated list."""

    socialType: Required[SocialType]
    value: Required[Key]
    statusId: Id


@with_config(_STRICT)
class SegmentNote(TypedDict):
    """A note to add to a segment (legacy)."""

    segmentId: Id
    note: Key


@with_config(_STRICT)
class TagUpdate(TypedDict):
    """The new name and description of a tag."""

    name: Key
    description: NotRequired[str | None]


@with_config(_STRICT)
class TagCreation(TypedDict):
    """A tag to create."""

    name: Key
    description: NotRequired[str | None]
    entityTypes: list[EntityType]
