"""All Dagster definitions of the catalog: the Python factory behind the component.

Goes in: the syncs whose names are checked. Comes out: an asset per table of the catalog, a job and a schedule.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from cr_pipelines.components.catalog.checks import catalog_check_specs, names_known
from cr_pipelines.components.shared.assets import asset_kinds
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.failures import NO_RUN_RETRY, failing_in_dagster
from cr_pipelines.components.shared.schedules import SyncSchedule, build_schedule
from cr_pipelines.sync import CATALOG_TABLES, Sync, read_catalog

_CONTENT = {
    "room_activity_types": "The room's activity types",
    "room_custom_fields": "The room's custom fields, with their types and accepted values",
    "room_segments": "The room's segments",
    "room_segment_statuses": "The statuses of each segment",
    "room_tags": "The room's tags",
}

_Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def build_catalog_definitions(
    syncs: Sequence[Sync] = (),
    *,
    schedule: SyncSchedule | None = None,
    group_name: str | None = None,
    connection: Connection = DEFAULT_CONNECTION,
) -> dg.Definitions:
    """Return what the room defines as assets `common_room/room_…`: tables of the state schema, replaced by each run.

    Args:
        syncs: whose sources are searched for activity types, custom fields, segments and statuses that the room does
            not have; the check `names_known` of each table lists them.
        schedule: when to run; None for no schedule.
        group_name: the group of the assets; by default, `common_room` or the name of the connection.
        connection: the resources to use; its name begins the keys and the name of the job.
    """
    keys = {table: dg.AssetKey([connection.group, table]) for table in CATALOG_TABLES}
    job = dg.define_asset_job(
        f"{connection.group}_catalog",
        selection=dg.AssetSelection.assets(*keys.values()),
        tags=NO_RUN_RETRY,
        description="Reads what Common Room defines into tables, and lists names that the syncs use but the room does "
        "not have.",
    )
    return dg.Definitions(
        assets=[_build_asset(syncs, keys, group_name or connection.group, connection)],
        jobs=[job],
        schedules=[] if schedule is None else [build_schedule(job, schedule)],
    )


def _build_asset(
    syncs: Sequence[Sync], keys: Mapping[str, dg.AssetKey], group_name: str, connection: Connection
) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{connection.group}__catalog",
        specs=[
            dg.AssetSpec(
                key,
                description=f"{_CONTENT[table]}, as of the last run: the table `{table}` of the state schema.",
                group_name=group_name,
                kinds=asset_kinds(connection.url),
                skippable=True,
            )
            for table, key in keys.items()
        ],
        check_specs=catalog_check_specs(keys),
        can_subset=True,
        pool=connection.pool,
        required_resource_keys=connection.resource_keys,
    )
    def catalog(context: dg.AssetExecutionContext) -> _Events:
        with failing_in_dagster(context):
            common_room, warehouse = connection.room(context.resources), connection.open(context.resources)
            schema = warehouse.get_state_schema()
            counts = read_catalog(warehouse.get_warehouse(), common_room.destination(), schema=schema)
            for table, key in keys.items():
                if key in context.selected_asset_keys:
                    metadata: dict[str, int | str] = {
                        "dagster/row_count": counts[table],
                        "dagster/table_name": f"{schema}.{table}",
                    }
                    yield dg.MaterializeResult(asset_key=key, metadata=metadata)
            yield from names_known(context, syncs, warehouse, keys)

    return catalog
