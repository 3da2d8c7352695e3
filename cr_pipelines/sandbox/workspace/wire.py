"""What travels over the wire: every request and answer of the v1 API, as TypedDicts checked by pydantic.

A TypedDict keeps apart what an upsert must keep apart: a field that was sent, a field sent as null, and a
field left out. Requests are strict: a wrong type, a missing required field, an unknown enum value, a
malformed e-mail address and also **an unknown field** are refused. (The vendor does not say whether it
tolerates unknown fields; a stand-in that refuses them finds misspelt ones.)
"""

from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import ConfigDict, Field, FiniteFloat, StringConstraints, TypeAdapter, with_config
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
DateTime = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$"),
    Field(json_schema_extra={"format": "date-time"}),
]
SocialType = Literal["email", "twitter", "github", "linkedin"]
EntityType = Literal["member", "activity", "company"]
FieldType = Literal["enum", "string", "date", "int", "number", "url", "boolean"]
Scalar = str | bool | int | FiniteFloat
FieldValue = Scalar | list[Scalar]


@with_config(_STRICT)
class TagById(TypedDict):
    """A tag to assign, by the id that GET /tags answers."""

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

    id: int
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
    discriminator: str | int | FiniteFloat


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
    """The activity that another one answers or belongs to."""

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
    """The body of POST /members/."""

    source: Required[Key]
    fullName: str
    avatarUrl: str
    description: str
    socials: list[Annotated[Social | SocialEmail, Field(discriminator="type")]]
    segment: int
    company: str
    domain: str
    title: str
    role: str
    location: Location


@with_config(_STRICT)
class ContactNote(TypedDict):
    """The body of POST /members/note."""

    socialType: SocialType
    value: Key
    note: Key


@with_config(_STRICT)
class ContactTags(TypedDict):
    """The body of POST /members/tags; `tags` is a comma-separated list."""

    socialType: SocialType
    value: Key
    tags: Key


@with_config(_STRICT)
class SingleFieldValue(TypedDict):
    """The body of POST /members/customFields for a single-value field."""

    socialType: SocialType
    value: Key
    customFieldId: int
    customFieldValue: TypedValue


@with_config(_STRICT)
class MultiFieldValue(TypedDict):
    """The body of POST /members/customFields for a multi-value field: all the values it should have."""

    socialType: SocialType
    value: Key
    customFieldId: int
    customFieldValues: list[TypedValue]


@with_config(_STRICT)
class LegacyActivity(TypedDict, total=False):
    """The body of POST /activities.

    The vendor's description types `activityType` as an object and gives a string as its example; both are
    taken, an object by its `id`.
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
    """The body of POST /segments/{id}; `value` is a comma-separated list."""

    socialType: Required[SocialType]
    value: Required[Key]
    statusId: int


@with_config(_STRICT)
class SegmentNote(TypedDict):
    """The body of POST /segments/note."""

    segmentId: int
    note: Key


@with_config(_STRICT)
class TagUpdate(TypedDict):
    """The body of POST /tags/{id}."""

    name: Key
    description: NotRequired[str | None]


@with_config(_STRICT)
class TagCreation(TypedDict):
    """The body of POST /tags."""

    name: Key
    description: NotRequired[str | None]
    entityTypes: list[EntityType]


class TokenStatus(TypedDict):
    """Which room a token belongs to."""

    jti: str
    communityName: str
    communityId: str


class Status(TypedDict):
    """How a request went, where no other answer is defined."""

    status: Literal["ok", "success", "failure", "not-found"]
    reason: NotRequired[str]


class InvalidRequestAnswer(TypedDict):
    """The answer 400."""

    reason: str
    docs: NotRequired[str]


class RateLimitSummary(TypedDict):
    """The state of the token's current interval."""

    intervalLimit: int
    intervalRemaining: int
    intervalResetSeconds: float
    waitMs: int


class RateLimited(TypedDict):
    """The answer 429."""

    reason: str
    rateLimit: RateLimitSummary


class CommunityMember(TypedDict):
    """A contact, as GET /user/{email} answers it."""

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
    """A contact, as GET /members answers it; what is not known is left out."""

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


user = TypeAdapter[ApiUser](ApiUser)
activity = TypeAdapter[ApiActivity](ApiActivity)
legacy_contact = TypeAdapter[LegacyContact](LegacyContact)
contact_note = TypeAdapter[ContactNote](ContactNote)
contact_tags = TypeAdapter[ContactTags](ContactTags)
field_value = TypeAdapter[SingleFieldValue | MultiFieldValue](SingleFieldValue | MultiFieldValue)
legacy_activity = TypeAdapter[LegacyActivity](LegacyActivity)
segment_members = TypeAdapter[SegmentMembers](SegmentMembers)
segment_note = TypeAdapter[SegmentNote](SegmentNote)
tag_update = TypeAdapter[TagUpdate](TagUpdate)
tag_creation = TypeAdapter[TagCreation](TagCreation)
