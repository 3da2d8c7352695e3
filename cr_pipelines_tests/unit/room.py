"""What a room defines, as the contracts ask for it, and a way to read one row against it."""

import json
from collections.abc import Sequence
from typing import Any

from cr_pipelines.api.responses import ActivityType, CustomField, Segment, SegmentStatus, Tag
from cr_pipelines.sync.contract import CONTRACTS, Catalog, Context, InvalidRow, Outgoing, Problem, RowReader
from cr_pipelines.sync.contract.catalog import (
    named_activity_types,
    named_custom_fields,
    named_segments,
    named_statuses,
)

CATALOG = Catalog(
    custom_fields=named_custom_fields([
        CustomField(id=1, name="Plan", type="enum", values=["Free", "Team", "Enterprise"]),
        CustomField(id=2, name="Seats", type="int"),
        CustomField(id=3, name="Renewal date", type="date"),
        CustomField(id=4, name="Marketing opt-in", type="boolean"),
        CustomField(id=5, name="Products used", type="string", multivalue=True),
        CustomField(id=6, name="Health score", type="number"),
        CustomField(id=7, name="CRM record", type="url"),
        CustomField(id=8, name="Owner", type="user"),
    ]),
    activity_types=named_activity_types([
        ActivityType(id="posted_message", display_name="Posted a message"),
        ActivityType(id="attended_webinar", display_name="Attended a webinar"),
    ]),
    segments=named_segments([Segment(id=11, name="Champions"), Segment(id=12, name="Event guests")]),
    statuses={11: named_statuses([SegmentStatus(id=21, name="Contacted")]), 12: named_statuses([])},
    tags={
        "VIP": Tag(id="t1", name="VIP", description="Important", entity_types=["member"]),
        "Account": Tag(id="t2", name="Account", entity_types=["company"]),
    },
)  # fmt: skip


def read(kind: str, *, clear_nulls: bool = False, **values: Any) -> Outgoing:
    """Return what is sent for a row of a kind. Raises InvalidRow."""
    contract = CONTRACTS[kind]
    columns = contract.match(list(values)).columns
    return RowReader(contract, columns, Context(CATALOG, clear_nulls)).read([values[column.name] for column in columns])


def body(kind: str, *, clear_nulls: bool = False, **values: Any) -> Any:
    """Return the request body for a row of a kind. Raises InvalidRow."""
    return json.loads(read(kind, clear_nulls=clear_nulls, **values).request.wire_json())


def found(kind: str, *, clear_nulls: bool = False, **values: Any) -> Sequence[Problem]:
    """Return every problem of a row; none for one that can be sent."""
    try:
        json.loads(read(kind, clear_nulls=clear_nulls, **values).request.wire_json())
    except InvalidRow as fault:
        return fault.problems
    return []


def problems(kind: str, *, clear_nulls: bool = False, **values: Any) -> list[tuple[str, str]]:
    """Return the field and the reason code of every problem of a row."""
    return [(problem.field, problem.reason_code) for problem in found(kind, clear_nulls=clear_nulls, **values)]
