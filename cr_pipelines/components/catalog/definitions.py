from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from cr_pipelines.api import CommonRoomError
from cr_pipelines.components.sync.asset import POOL
from cr_pipelines.components.sync.options import SyncSchedule
from cr_pipelines.components.sync.specs import GROUP, warehouse_kind
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import SettingsError
from cr_pipelines.sync import CATALOG_TABLES, Sync, SyncError, UnknownName, read_catalog, rows, unknown_names
from cr_pipelines.sync.contract import CatalogPart
from cr_pipelines.warehouse import SourceMissing, WarehouseError

NAMES_KNOWN = "names_known"

_ABOUT = {
    "room_activity_types": "The room's activity types",
    "room_custom_fields": "The room's custom fields, with their types and the values that they accept",
    "room_segments": "The room's segments",
    "room_segment_statuses": "The statuses of each segment",
    "room_tags": "The room's tags",
}

_DEFINES = {
    CatalogPart.ACTIVITY_TYPES: "room_activity_types",
    CatalogPart.CUSTOM_FIELDS: "room_custom_fields",
    CatalogPart.SEGMENTS: "room_segments",
    CatalogPart.SEGMENT_STATUSES: "room_segment_statuses",
}
"""The table that has the names of each fact. A tag that the room lacks is made when it is used."""

_MOST_SHOWN = 20

_Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def build_catalog_definitions(
    syncs: Sequence[Sync] = (), *, schedule: SyncSchedule | None = None, group_name: str | None = GROUP
) -> dg.Definitions:
    """What the room defines, as assets `common_room/room_…`: tables of the state schema, each replaced as a whole.

    Args:
        syncs: whose sources are looked through for activity types, custom fields, segments and statuses that the
            room lacks, which the check `names_known` of each table tells.
        schedule: when to run; None for no schedule.
        group_name: the box in the lineage.
    """
    keys = {table: dg.AssetKey([GROUP, table]) for table in CATALOG_TABLES}

    @dg.multi_asset(
        name=f"{GROUP}__catalog",
        specs=[
            dg.AssetSpec(
                key,
                description=f"{_ABOUT[table]}, as the last run read them: the table `{table}` of the state schema.",
                group_name=group_name,
                kinds={"commonroom", warehouse_kind()},
                skippable=True,
            )
            for table, key in keys.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                NAMES_KNOWN,
                asset=keys[table],
                description="The room has everything of this kind that the syncs' sources name. Otherwise those rows "
                "are invalid: mend the name in the view, or make the thing in Common Room.",
            )
            for table in _DEFINES.values()
        ],
        can_subset=True,
        pool=POOL,
    )
    def catalog(
        context: dg.AssetExecutionContext, common_room: CommonRoomResource, warehouse: WarehouseResource
    ) -> _Events:
        schema = warehouse.get_state_schema()
        try:
            counts = read_catalog(warehouse.get_warehouse(), common_room.destination(), schema=schema)
        except (SyncError, CommonRoomError, WarehouseError, SettingsError) as error:
            raise dg.Failure(str(error), metadata={"error": type(error).__name__}, allow_retries=False) from None
        for table, key in keys.items():
            if key in context.selected_asset_keys:
                metadata: dict[str, int | str] = {
                    "dagster/row_count": counts[table],
                    "dagster/table_name": f"{schema}.{table}",
                }
                yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        asked = {check.asset_key for check in context.selected_asset_check_keys}
        found = _unknown(context, syncs, warehouse) if asked else {}
        yield from (_known(keys[table], found.get(table, [])) for table in _DEFINES.values() if keys[table] in asked)

    job = dg.define_asset_job(
        f"{GROUP}_catalog",
        selection=dg.AssetSelection.assets(*keys.values()),
        description="Reads what Common Room defines into tables, and says what the syncs name that it lacks.",
    )
    schedules = [] if schedule is None else [_schedule(job, schedule)]
    return dg.Definitions(assets=[catalog], jobs=[job], schedules=schedules)


def _schedule(job: Any, schedule: SyncSchedule) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=schedule.cron,
        execution_timezone=schedule.timezone,
        default_status=dg.DefaultScheduleStatus[schedule.status.upper()],
        description=f"Runs {job.name}.",
    )


def _unknown(
    context: dg.AssetExecutionContext, syncs: Sequence[Sync], warehouse: WarehouseResource
) -> dict[str, list[tuple[Sync, UnknownName]]]:
    """What each sync names and the room lacks, by the table that would have it."""
    found: dict[str, list[tuple[Sync, UnknownName]]] = {}
    for sync in syncs:
        try:
            names = unknown_names(sync, warehouse.get_warehouse(), schema=warehouse.get_state_schema())
        except SourceMissing:
            continue
        except (SyncError, WarehouseError) as error:
            context.log.warning("%s was not looked through: %s", sync.name, error)
            continue
        needs = {column.name: column.needs for column in sync.contract.columns}
        for unknown in names:
            found.setdefault(_DEFINES[needs[unknown.column][-1]], []).append((sync, unknown))
    return found


def _known(key: dg.AssetKey, found: Sequence[tuple[Sync, UnknownName]]) -> dg.AssetCheckResult:
    said = "the room has everything that the syncs name"
    metadata: dict[str, Any] = {"names_unknown": len(found)}
    if found:
        told = (f"{sync.name}: {_shown(unknown)} ({rows(unknown.rows)})" for sync, unknown in found[:_MOST_SHOWN])
        said = f"the room lacks {len(found)} that the syncs name: {'; '.join(told)}"
        metadata["unknown_names"] = _table(found[:_MOST_SHOWN])
    return dg.AssetCheckResult(
        passed=not found,
        asset_key=key,
        check_name=NAMES_KNOWN,
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata=metadata,
    )


def _table(found: Sequence[tuple[Sync, UnknownName]]) -> dg.TableMetadataValue:
    columns = ("sync", "column", "name", "rows", "message")
    cells = ((sync.name, own.column, _shown(own), own.rows, own.message) for sync, own in found)
    return dg.MetadataValue.table(
        records=[dg.TableRecord(dict(zip(columns, row, strict=True))) for row in cells],
        schema=dg.TableSchema([dg.TableColumn(name, "int" if name == "rows" else "string") for name in columns]),
    )


def _shown(unknown: UnknownName) -> str:
    """The name, unless somebody put an address into the column."""
    return "(a text with an @)" if "@" in unknown.name else unknown.name[:60]
