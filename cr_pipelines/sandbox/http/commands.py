"""What the control API takes: the bodies of its requests.

Goes in: JSON. Comes out: checked commands; the OpenAPI description is made from them too.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cr_pipelines.sandbox.http.scripts import Script
from cr_pipelines.sandbox.workspace.clock import LARGEST_MOVE
from cr_pipelines.sandbox.workspace.inputs import FieldType

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Number = Annotated[int, Field(ge=0, lt=2**53)]


class Command(BaseModel):
    """The body of a request that changes the room; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Nothing(Command):
    """An empty body."""


class Advance(Command):
    """How far to move the clock."""

    advance_seconds: float = Field(ge=0, le=LARGEST_MOVE)


class Limit(Command):
    """A rate limit; without `limit` there is none."""

    limit: int | None = Field(None, lt=2**53)
    interval_seconds: float | None = Field(None, le=31_622_400)


class Removals(Command):
    """How long removals take, and whether they are processed."""

    days: float | None = None
    processing: bool | None = None


class Scripted(Command):
    """The scripts to put in force, in place of those that are."""

    scripts: list[Script]


class Deletion(Command):
    """A contact to delete as an admin does in the product."""

    contact: Number
    days: float = Field(30.0, ge=0, le=365)


class Restoration(Command):
    """A hidden contact to restore."""

    contact: Number


class NewSource(Command):
    """A destination source to add."""

    name: Name
    id: Number | None = None


class NewCustomField(Command):
    """A custom field to add; an enum needs values."""

    name: Name
    type: FieldType
    values: list[Name] = []
    multivalue: bool = False
    sources: list[Number] | None = None

    @model_validator(mode="after")
    def _has_values(self) -> "NewCustomField":
        if (self.type == "enum") is not bool(self.values):
            raise ValueError("an enum has values, and no other type has any")
        return self


class NewActivityType(Command):
    """An activity type to add."""

    id: Name
    name: Name


class NewSegment(Command):
    """A segment to add."""

    name: Name
    statuses: list[Name] = []


class Definitions(Command):
    """What to add to the room."""

    sources: list[NewSource] = []
    custom_fields: list[NewCustomField] = []
    activity_types: list[NewActivityType] = []
    segments: list[NewSegment] = []
