"""Responses of the Common Room API v1, as models and the functions that read them.

Goes in: the JSON value of a response. Comes out: models, and how many items of lists were left out. A field is required
only if callers cannot do without it, because the API was seen to send shapes that it does not describe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from cr_pipelines.api.models import Omitted, OrNone, Readable, ReadableList, ResponseModel

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ResponseModel)

Reader = Callable[[object], tuple[_T, int]]
"""Returns the content of a JSON value, and how many list items it left out; raises ValidationError."""


@dataclass(frozen=True, slots=True)
class WriteResponse:
    """A write that the API accepted.

    Attributes:
        status: the HTTP status. 202 means accepted: a read immediately afterwards may not see the write yet.
        attempts: how many times the request was sent, not counting 429s.
    """

    status: int
    attempts: int


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _as_object(name: str) -> BeforeValidator:
    """Read a bare value as an object with only this field."""
    return BeforeValidator(lambda value: {name: value} if isinstance(value, str | int) else value)


def _text_of_choice(value: Any) -> Any:
    """Read a field's choice that is an object as its value or name."""
    if not isinstance(value, dict):
        return value
    return next((value[name] for name in ("value", "name", "label") if isinstance(value.get(name), str)), None)


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment; without a zone it is in UTC."""


class TokenStatus(ResponseModel):
    """Which room a token belongs to (GET /api-token-status)."""

    jti: OrNone[str] = None
    community_name: OrNone[str] = None
    community_id: OrNone[str] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.jti is None and self.community_name is None and self.community_id is None:
            raise ValueError("contains neither a token nor a room")
        return self


class CustomField(ResponseModel):
    """A custom field of contacts (GET /members/customFields); `values` lists what an enum accepts."""

    id: int
    name: str
    type: str
    multivalue: Annotated[bool, BeforeValidator(bool)] = False
    values: OrNone[Readable[Annotated[str, BeforeValidator(_text_of_choice)]]] = None


class ActivityType(ResponseModel):
    """A kind of activity (GET /activityTypes); activities refer to its `id` as their type."""

    id: str
    display_name: OrNone[str] = None
    name: OrNone[str] = None


class Segment(ResponseModel):
    """A segment of the room (GET /segments)."""

    id: int
    name: OrNone[str] = None


class SegmentStatus(ResponseModel):
    """A status that contacts of a segment can have (GET /segments/{id}/status)."""

    id: int
    name: OrNone[str] = None


class Tag(ResponseModel):
    """A tag of the room (GET /tags); `deleted_at` is set on a deleted one."""

    id: str
    name: str
    description: OrNone[str] = None
    entity_types: Readable[str] = Field(default=[])
    created_at: OrNone[Moment] = None
    deleted_at: OrNone[Moment] = None


class TagList(ResponseModel):
    """The envelope of GET /tags."""

    labels: ReadableList[Tag]


class ProfileCustomField(ResponseModel):
    """A custom field's value on a contact's profile; an empty field has the value `""`."""

    name: OrNone[str] = None
    type: OrNone[str] = None
    value: Any = None


class ProfileTag(ResponseModel):
    """A tag on a contact's profile; some responses have only its name."""

    id: OrNone[str] = None
    name: OrNone[str] = None


class ProfileEmail(ResponseModel):
    """An e-mail address on a contact's profile, and where the room got it."""

    email: str
    sources: Readable[str] = Field(default=[])


class ContactProfile(ResponseModel):
    """A contact as the room shows it (GET /members, GET /user/{email}); times are ISO 8601 text.

    Accounts are lists: the API's description has one text for each network, but the API was seen to send several.
    """

    id: OrNone[int] = None
    full_name: OrNone[str] = None
    activities_count: OrNone[int] = Field(None, alias="activities_count")
    avatar: OrNone[str] = None
    bio: OrNone[str] = None
    email: Readable[Annotated[ProfileEmail, _as_object("email")]] = Field(default=[])
    organization: OrNone[str] = None
    organization_domain: OrNone[str] = Field(None, alias="organization_domain")
    title: OrNone[str] = None
    first_seen: OrNone[str] = Field(None, alias="first_seen")
    last_active: OrNone[str] = Field(None, alias="last_active")
    location: Any = None
    member_tags: Readable[Annotated[ProfileTag, _as_object("name")]] = Field(default=[], alias="member_tags")
    segments: Readable[Segment] = Field(default=[])
    url: Readable[str] = Field(default=[])
    twitter: Readable[str] = Field(default=[])
    github: Readable[str] = Field(default=[])
    linkedin: Readable[str] = Field(default=[])
    discord: Readable[str] = Field(default=[])
    youtube: Readable[str] = Field(default=[])
    common_room_member_url: OrNone[str] = Field(None, alias="common_room_member_url")
    custom_fields: Readable[ProfileCustomField] = Field(default=[], alias="custom_fields")


def read_one(model: type[_M]) -> Reader[_M]:
    """Return a reader of one object."""
    return _reader(TypeAdapter(model))


def read_list(model: type[_M]) -> Reader[list[_M]]:
    """Return a reader of a list of objects."""
    return _reader(TypeAdapter(ReadableList[model]))  # type: ignore[valid-type]


def read_profiles(value: object) -> tuple[list[ContactProfile], int]:
    """Read the contacts of a look-up in any of the observed shapes.

    These are a list of profiles or ids, an object with a list of ids, and a single profile. Anything that is not empty
    is a contact, whatever it contains.
    """
    if isinstance(value, dict):
        ids = value.get("ids")
        value = ids if isinstance(ids, list) else [value] if value else []
    found, omitted = _read_profile_list(value)
    return (found or [ContactProfile()], omitted) if value else (found, omitted)


def _reader(adapter: TypeAdapter[_T]) -> Reader[_T]:
    def read(value: object) -> tuple[_T, int]:
        omitted = Omitted()
        return adapter.validate_python(value, context=omitted), omitted.items

    return read


_read_profile_list: Reader[list[ContactProfile]] = _reader(
    TypeAdapter(Readable[Annotated[ContactProfile, _as_object("id")]])
)
