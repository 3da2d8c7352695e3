"""What the room defines, as tables of the state schema, and which names of a source the room lacks.

Goes in: the room's activity types, custom fields, segments and tags. Comes out: the `room_…` tables, each replaced as a
whole, and the names in a source that none of these tables has.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cr_pipelines.api import ActivityType, CommonRoomClient, CustomField, Segment, SegmentStatus
from cr_pipelines.sync.contract import Catalog, CatalogPart, Column, InvalidValue
from cr_pipelines.sync.contract.catalog import (
    named_activity_types,
    named_custom_fields,
    named_segments,
    named_statuses,
)
from cr_pipelines.sync.errors import SyncError
from cr_pipelines.sync.event_loop import check_no_loop_runs, run_in_loop
from cr_pipelines.sync.model import Destination, Sync
from cr_pipelines.sync.state.schema import StateSchema, Table, declare
from cr_pipelines.warehouse import SourceSession, Warehouse

_ACTIVITY_TYPES = declare(
    Table("room_activity_types", {"id": "text", "name": "text", "display_name": "text", "read_at": "timestamp"})
)
_CUSTOM_FIELDS = declare(
    Table(
        "room_custom_fields",
        {
            "id": "bigint",
            "name": "text",
            "type": "text",
            "multivalue": "boolean",
            "accepted_values": "text",
            "writable": "boolean",
            "read_at": "timestamp",
        },
    )
)
_SEGMENTS = declare(Table("room_segments", {"id": "bigint", "name": "text", "read_at": "timestamp"}))
_SEGMENT_STATUSES = declare(
    Table("room_segment_statuses", {"segment_id": "bigint", "id": "bigint", "name": "text", "read_at": "timestamp"})
)
_TAGS = declare(
    Table(
        "room_tags",
        {
            "id": "text",
            "name": "text",
            "description": "text",
            "entity_types": "text",
            "created_at": "timestamp",
            "read_at": "timestamp",
        },
    )
)

_TABLES = (_ACTIVITY_TYPES, _CUSTOM_FIELDS, _SEGMENTS, _SEGMENT_STATUSES, _TAGS)

CATALOG_TABLES = tuple(table.name for table in _TABLES)
"""The tables of the state schema that `read_catalog` fills."""

_MOST_NAMES = 10_000


def read_catalog(warehouse: Warehouse, destination: Destination, *, schema: str = "common_room") -> dict[str, int]:
    """Read what the room defines into tables of the state schema, each replaced as a whole.

    Reads GET /activityTypes, /members/customFields, /segments, /segments/{id}/status of each segment, and /tags.
    With a destination source, `room_custom_fields.writable` says which fields it may write.

    Returns:
        the number of rows that each of CATALOG_TABLES has now.

    Raises:
        CommonRoomError: the room cannot be read; the tables are as they were.
        WarehouseError: the warehouse cannot be written.
    """
    check_no_loop_runs()
    tables: dict[str, list[dict[str, Any]]] = {}

    async def read() -> None:
        async with destination.open_client() as client:
            tables.update(await _read(client, destination.source_id))

    run_in_loop(read())
    read_at = datetime.now(UTC)
    with warehouse.session() as session:
        state = StateSchema(session, schema)
        state.prepare()
        for table in _TABLES:
            state.replace(table, [{**row, "read_at": read_at} for row in tables[table.name]])
    return {name: len(rows) for name, rows in tables.items()}


async def _read(client: CommonRoomClient, source_id: int | None) -> dict[str, list[dict[str, Any]]]:
    types = await client.list_activity_types()
    fields = await client.list_custom_fields()
    writable = None if source_id is None else {field.id for field in await client.list_custom_fields(source_id)}
    segments = await client.list_segments()
    statuses = await asyncio.gather(*(client.list_segment_statuses(segment.id) for segment in segments))
    tags = await client.list_tags()
    return {
        "room_activity_types": [{"id": own.id, "name": own.name, "display_name": own.display_name} for own in types],
        "room_custom_fields": [
            {
                "id": own.id,
                "name": own.name,
                "type": own.type,
                "multivalue": own.multivalue,
                "accepted_values": None if own.values is None else json.dumps(own.values, ensure_ascii=False),
                "writable": None if writable is None else own.id in writable,
            }
            for own in fields
        ],
        "room_segments": [{"id": own.id, "name": own.name} for own in segments],
        "room_segment_statuses": [
            {"segment_id": segment.id, "id": own.id, "name": own.name}
            for segment, of_segment in zip(segments, statuses, strict=True)
            for own in of_segment
        ],
        "room_tags": [
            {
                "id": own.id,
                "name": own.name,
                "description": own.description,
                "entity_types": ", ".join(own.entity_types),
                "created_at": own.created_at,
            }
            for own in tags
        ],
    }


@dataclass(frozen=True)
class UnknownName:
    """A name that a source uses and the room does not have. Names of activity types and the like are no one's data.

    Attributes:
        column: the source's column.
        name: the source's spelling.
        rows: how many rows use it.
        message: what is wrong, with the most similar name.
        similar: the most similar name in the room, if there is one.
    """

    column: str
    name: str
    rows: int
    message: str
    similar: str | None = None


def unknown_names(sync: Sync, warehouse: Warehouse, *, schema: str = "common_room") -> list[UnknownName]:
    """Return names that a sync's source uses and the catalog lacks, as it was last read. Sends no request to the room.

    Looks at columns that name one activity type, custom field, segment or status of a segment.

    Raises:
        SyncError: the catalog has not been read yet.
        SourceMissing, WarehouseError: the source cannot be read.
    """
    with warehouse.session() as session:
        state = StateSchema(session, schema)
        if not state.exists() or not state.fetch(_ACTIVITY_TYPES, ["id"]):
            raise SyncError("the room's catalog has not been read yet; read it first, with read_catalog")
        catalog = _stored_catalog(state)
    with warehouse.source_session() as source:
        present = {name.lower(): name for name in source.columns(sync.relation)}
        columns = [column for column in sync.contract.columns if column.name in present and _names_one(column)]
        if "segment" not in present:
            columns = [column for column in columns if CatalogPart.SEGMENT_STATUSES not in column.needs]
        found = [unknown for column in columns for unknown in _unknown(source, sync, column, catalog, present)]
    return sorted(found, key=lambda unknown: (unknown.column, -unknown.rows, unknown.name))


def _names_one(column: Column) -> bool:
    return column.kind == "text" and bool(set(column.needs) - {CatalogPart.TAGS})


def _unknown(
    session: SourceSession, sync: Sync, column: Column, catalog: Catalog, spelled: Mapping[str, str]
) -> list[UnknownName]:
    of_segment = CatalogPart.SEGMENT_STATUSES in column.needs
    names = [spelled[name] for name in (column.name, *(["segment"] if of_segment else []))]
    listed = ", ".join(map(session.dialect.identifier, names))
    unknown = []
    for name, *segment, rows in session.fetch_all(
        f"SELECT {listed}, count(*) FROM {session.dialect.relation(sync.relation)} AS source "
        f"WHERE {session.dialect.identifier(spelled[column.name])} IS NOT NULL GROUP BY {listed} LIMIT {_MOST_NAMES}"
    ):
        try:
            _find(catalog, column, name, *segment)
        except InvalidValue as fault:
            message = f"{column.name} {fault.message}"
            unknown.append(UnknownName(column.name, str(name), rows, message, fault.similar))
    return unknown


def _find(catalog: Catalog, column: Column, name: object, segment: object = None) -> None:
    match column.needs:
        case (CatalogPart.ACTIVITY_TYPES,):
            catalog.activity_types.find(name)
        case (CatalogPart.CUSTOM_FIELDS,):
            catalog.custom_fields.find(name)
        case (CatalogPart.SEGMENTS,):
            catalog.segments.find(name)
        case _:
            for id_ in catalog.segments.found([segment]):
                catalog.statuses[id_].find(name)


def _stored_catalog(state: StateSchema) -> Catalog:
    """Return the catalog as it was last read."""

    def rows(table: Table, *columns: str) -> list[dict[str, Any]]:
        return [dict(zip(columns, row, strict=True)) for row in state.fetch(table, columns)]

    segments = [Segment(**row) for row in rows(_SEGMENTS, "id", "name")]
    statuses: Mapping[int, list[SegmentStatus]] = {segment.id: [] for segment in segments}
    for row in rows(_SEGMENT_STATUSES, "segment_id", "id", "name"):
        statuses[row.pop("segment_id")].append(SegmentStatus(**row))
    fields: Sequence[CustomField] = [
        CustomField(**row) for row in rows(_CUSTOM_FIELDS, "id", "name", "type", "multivalue")
    ]
    return Catalog(
        custom_fields=named_custom_fields(fields),
        activity_types=named_activity_types(
            ActivityType(**row) for row in rows(_ACTIVITY_TYPES, "id", "name", "display_name")
        ),
        segments=named_segments(segments),
        statuses={id_: named_statuses(of_segment) for id_, of_segment in statuses.items()},
    )
