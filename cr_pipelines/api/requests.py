"""Request bodies of the Common Room API v1, as models.

They have the fields of the vendor's OpenAPI description, under Python names.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Discriminator, Field, PlainSerializer, Tag

from cr_pipelines.api.models import RequestModel, TaggedRequestModel

SocialType = Literal["email", "twitter", "github", "linkedin"]
"""How an operation on an existing contact finds it."""

EntityType = Literal["member", "activity", "company"]
"""What a tag may be put on."""

CustomFieldType = Literal["enum", "string", "date", "int", "number", "url", "boolean"]

Scalar = bool | int | float | str | date


def _without_commas(parts: list[str]) -> list[str]:
    if not parts:
        raise ValueError("give at least one")
    if any("," in part or not part.strip() for part in parts):
        raise ValueError("the API separates these with commas, so none may be blank or contain a comma")
    return parts


CommaSeparated = Annotated[list[str], AfterValidator(_without_commas), PlainSerializer(",".join, return_type=str)]
"""A list in Python, one comma-separated string in the request."""


class Handle(TaggedRequestModel):
    """An account on LinkedIn (`in/person`), GitHub or Twitter."""

    type: Literal["handle"] = "handle"
    value: str


class DiscordAccount(TaggedRequestModel):
    """A Discord account, as in `username#discriminator`."""

    type: Literal["username"] = "username"
    username: str
    discriminator: str | int


class ExternalProfile(RequestModel):
    """Any other page about the person; `name` is how the link is shown."""

    url: str
    name: str = ""


class TagById(TaggedRequestModel):
    """Assign an existing tag."""

    type: Literal["id"] = "id"
    id: str


class TagByName(TaggedRequestModel):
    """Assign the tag with this name; the API creates it if it does not exist."""

    type: Literal["name"] = "name"
    name: str


TagAssignment = Annotated[TagById | TagByName, Field(discriminator="type")]


class TypedValue(RequestModel):
    """A custom field's value with the field's type; a list for a field that takes several."""

    type: CustomFieldType
    value: Scalar | list[Scalar]


class CustomFieldValue(RequestModel):
    """Set the custom field `id` to `value`."""

    id: int
    value: TypedValue


class ClearCustomField(RequestModel):
    """Empty the custom field `id`, which cannot be undone.

    Taken only as an instance of this class: a dict that merely lacks its `value` is an error.
    """

    id: int


def _kind_of_change(change: object) -> str:
    return "clear" if isinstance(change, ClearCustomField) else "set"


CustomFieldChange = Annotated[
    Annotated[CustomFieldValue, Tag("set")] | Annotated[ClearCustomField, Tag("clear")],
    Discriminator(_kind_of_change),
]


class User(RequestModel):
    """A contact of an API source; `id` is its key within that source (POST /source/{id}/user)."""

    id: str
    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    avatar_url: str | None = None
    bio: str | None = None
    email: str | None = None
    linkedin: Handle | None = None
    github: Handle | None = None
    twitter: Handle | None = None
    discord: DiscordAccount | None = None
    external_profiles: list[ExternalProfile] | None = None
    role_at_company: str | None = None
    title_at_company: str | None = None
    company_name: str | None = None
    company_domain: str | None = None
    country: str | None = None
    city: str | None = None
    region: str | None = None
    raw_location: str | None = None
    tags: list[TagAssignment] = Field(default=[])
    custom_fields: list[CustomFieldChange] = Field(default=[])


class TextContent(TaggedRequestModel):
    """Plain text."""

    type: Literal["text"] = "text"
    value: str


class MarkdownContent(TaggedRequestModel):
    """Markdown."""

    type: Literal["markdown"] = "markdown"
    value: str


class ParentActivity(RequestModel):
    """The activity that this one replies to or belongs under."""

    id: str
    activity_type: str


class SubSource(TaggedRequestModel):
    """The place in the source where the activity took place: a channel, a repository, a group."""

    type: Literal["name"] = "name"
    name: str


class Activity(RequestModel):
    """Something a user did; (`activity_type`, `id`) is its key in the source (POST /source/{id}/activity).

    Without `timestamp` the API takes the time of arrival.
    """

    id: str
    activity_type: str
    user: User
    activity_title: TextContent | None = None
    content: Annotated[TextContent | MarkdownContent, Field(discriminator="type")] | None = None
    timestamp: AwareDatetime = Field(default=None)  # type: ignore[assignment]  # unset is not null
    url: str | None = None
    tags: list[TagAssignment] = Field(default=[])
    parent_activity: ParentActivity | None = None
    sub_source: SubSource | None = None


class SocialHandle(RequestModel):
    """The inner part of a `SocialAccount`."""

    handle: str


class SocialAccount(RequestModel):
    """An account of a contact on a social network."""

    type: Literal["github", "linkedin", "twitter", "youtube", "discord"]
    value: SocialHandle


class EmailAddress(TaggedRequestModel):
    """An e-mail address of a contact."""

    type: Literal["email"] = "email"
    value: str


class Location(RequestModel):
    """Where a contact lives."""

    city: str = ""
    region: str = ""
    country: str = ""


class Contact(RequestModel):
    """A contact outside any API source, matched by its socials (POST /members/, deprecated by the vendor)."""

    source: str
    full_name: str = ""
    avatar_url: str = ""
    description: str = ""
    socials: list[Annotated[SocialAccount | EmailAddress, Field(discriminator="type")]] = Field(default=[])
    segment: int = 0
    company: str = ""
    domain: str = ""
    title: str = ""
    role: str = ""
    location: Location = Location()


class ContactNote(RequestModel):
    """A note for the contact that `social_type` and `value` find (POST /members/note)."""

    social_type: SocialType
    value: str
    note: str


class ContactCustomFieldValue(RequestModel):
    """One custom field of an existing contact (POST /members/customFields, deprecated by the vendor)."""

    social_type: SocialType
    value: str
    custom_field_id: int
    custom_field_value: TypedValue


class ContactCustomFieldValues(RequestModel):
    """All values of a multi-value custom field: other values are removed (POST /members/customFields)."""

    social_type: SocialType
    value: str
    custom_field_id: int
    custom_field_values: list[TypedValue] = Field(min_length=1)


class ClearContactCustomField(RequestModel):
    """Remove every value of a multi-value custom field of an existing contact (POST /members/customFields).

    The API removes what is not in the list. Use this class to send an empty list on purpose.
    """

    social_type: SocialType
    value: str
    custom_field_id: int
    custom_field_values: list[TypedValue] = Field(max_length=0)


class ContactTags(RequestModel):
    """Tag names to add to an existing contact (POST /members/tags)."""

    social_type: SocialType
    value: str
    tags: CommaSeparated


class ContactActivity(RequestModel):
    """An activity of existing contacts (POST /activities, deprecated by the vendor): each call adds one."""

    source: str
    social_type: SocialType
    value: str
    activity_type: str
    activity_body: str
    occurred_at: AwareDatetime = Field(default=None)  # type: ignore[assignment]  # unset is not null
    tags: CommaSeparated = Field(default=[])


class SegmentMembers(RequestModel):
    """Existing contacts to put into a segment, all found by one `social_type` (POST /segments/{id})."""

    social_type: SocialType
    values: CommaSeparated = Field(alias="value")
    status_id: int = 0


class SegmentNote(RequestModel):
    """A note for a segment (POST /segments/note): each call adds one."""

    segment_id: int
    note: str


class TagUpdate(RequestModel):
    """A tag's new name and description (POST /tags/{id}); undeletes a deleted tag."""

    name: str
    description: str | None = None


class NewTag(RequestModel):
    """A tag to create (POST /tags); `entity_types` says what it may be put on."""

    name: str
    description: str | None = None
    entity_types: list[EntityType]
