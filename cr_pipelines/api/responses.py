"""Responses of the Common Room API v1, as models.

A field is required only where no caller can do without it.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime, Field

from cr_pipelines.api.models import ResponseModel


@dataclass(frozen=True, slots=True)
class WriteResponse:
    """A write that the API accepted.

    Attributes:
        status: the HTTP status. 202 means accepted: a read right after it may not see the write yet.
        attempts: how many times the request was sent, not counting 429s.
    """

    status: int
    attempts: int


class TokenStatus(ResponseModel):
    """Which room a token belongs to (GET /api-token-status)."""

    jti: str | None = None
    community_name: str | None = None
    community_id: str | None = None


class CustomField(ResponseModel):
    """A custom field of contacts (GET /members/customFields); `values` lists what an enum accepts."""

    id: int
    name: str
    type: str
    multivalue: bool = False
    values: list[str] | None = None


class ActivityType(ResponseModel):
    """A kind of activity (GET /activityTypes); `id` is what an activity names as its type."""

    id: str
    display_name: str | None = None
    name: str | None = None


class Segment(ResponseModel):
    """A segment of the room (GET /segments)."""

    id: int
    name: str | None = None


class SegmentStatus(ResponseModel):
    """A status that contacts of a segment can have (GET /segments/{id}/status)."""

    id: int
    name: str | None = None


class Tag(ResponseModel):
    """A tag of the room (GET /tags); `deleted_at` is set on a deleted one."""

    id: str
    name: str
    description: str | None = None
    entity_types: list[str] = Field(default=[])
    created_at: AwareDatetime | None = None
    deleted_at: AwareDatetime | None = None


class TagList(ResponseModel):
    """The envelope of GET /tags."""

    labels: list[Tag]


class ProfileCustomField(ResponseModel):
    """A custom field's value on a contact's profile."""

    name: str | None = None
    type: str | None = None
    value: Any = None


class ContactProfile(ResponseModel):
    """A contact as the room shows it (GET /members, GET /user/{email}); times are ISO 8601 text."""

    id: int | None = None
    full_name: str | None = None
    activities_count: int | None = Field(None, alias="activities_count")
    avatar: str | None = None
    bio: str | None = None
    organization: str | None = None
    title: str | None = None
    first_seen: str | None = Field(None, alias="first_seen")
    last_active: str | None = Field(None, alias="last_active")
    location: Any = None
    member_tags: list[Any] | None = Field(None, alias="member_tags")
    segments: list[Segment] | None = None
    url: str | None = None
    twitter: str | None = None
    github: str | None = None
    linkedin: str | None = None
    discord: str | None = None
    youtube: str | None = None
    common_room_member_url: str | None = Field(None, alias="common_room_member_url")
    custom_fields: list[ProfileCustomField] | None = Field(None, alias="custom_fields")
