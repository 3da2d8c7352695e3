"""Columns that several contracts share.

Goes in: nothing. Comes out: columns, and how the API finds the existing contact that they name.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from cr_pipelines.api import SocialType
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.row_reader import checked
from cr_pipelines.sync.contract.types import Column, Context, by_value

LEDGER_ID = Column(
    "id",
    "",
    "text",
    "Your own key of the row, for the ledger; it is not sent.",
    by_value(values.key),
    required=True,
    identifies=True,
)

CONTACT_REFERENCE = (
    Column(
        "social_type",
        "socialType",
        "text",
        f"How the contact is found: by {', '.join(get_args(SocialType))}.",
        by_value(values.one_of(*get_args(SocialType))),
        required=True,
        key_form="word",
    ),
    Column(
        "value",
        "value",
        "text",
        "The address or account of an existing contact.",
        by_value(values.listed),
        required=True,
        identifies=True,
        key_form="address",
    ),
)

PERSON = Column(
    "user_id",
    "id",
    "text",
    "Key of the person in the API signal, as in `id` of contacts; instead of `social_type` and `value`.",
    by_value(values.key),
    identifies=True,
    person_id=True,
)

PERSON_OR_CONTACT = (PERSON, *(replace(column, unless=PERSON.name) for column in CONTACT_REFERENCE))
"""Identifies a person by the key in the API signal (the current way), or an existing contact by address."""


def contact_reference(read: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the API finds the existing contact of a row. Raises InvalidRow for an invalid address."""
    value = read["value"]
    if read["social_type"] == "email":
        value = checked("value", values.email, value)
    return {"social_type": read["social_type"], "value": value}


def _activity_type_id(value: Any, context: Context) -> str:
    """Return the id of an activity type, from its id or display name."""
    return context.catalog.activity_types.find(value)


def activity_type_column(name: str = "activity_type", *, field: str = "activityType", required: bool = True) -> Column:
    """Return a column that names an activity type of the room."""
    about = "An activity type of the room, by id or display name."
    needs = (CatalogPart.ACTIVITY_TYPES,)
    return Column(name, field, "text", about, _activity_type_id, required=required, needs=needs, key_form="name")


def _segment_id(value: Any, context: Context) -> int:
    return context.catalog.segments.find(value)


def segment_column(field: str, *, required: bool = True) -> Column:
    """Return the column that names a segment of the room."""
    about = "A segment of the room, by name or id."
    needs = (CatalogPart.SEGMENTS,)
    return Column("segment", field, "text", about, _segment_id, required=required, needs=needs, key_form="name")
