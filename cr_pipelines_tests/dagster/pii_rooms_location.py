"""A code location with two rooms over one warehouse: a sync of each kind that runs on a change, and removals.

The syncs of a room run one after the other, beside those of the other room and all removals: each process of Dagster
takes seconds to start.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from cr_pipelines.components import Connection, RemovalSensor, SyncSchedule, build_sync_definitions, build_sync_spec
from cr_pipelines.components.pii_removals.definitions import build_removal_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import RunRegistry, StateSchema, Sync
from cr_pipelines_tests.dagster.pii_location import HastyRemovals

ROOMS = ("eu", "us")
KINDS = (
    "contact", "activity", "tag", "contact_tag", "custom_field_value", "segment_member", "contact_note", "segment_note",
    "existing_contact", "contact_activity",
)  # fmt: skip
SYNCS = tuple(Sync(f"the_{kind}s", kind, f"source_of_{kind}") for kind in KINDS)


def key_of(room: str, sync: Sync) -> dg.AssetKey:
    return dg.AssetKey([room, sync.name])


def syncs(room: str) -> list[dg.Definitions]:
    connection = Connection.of(room)
    return [
        build_sync_definitions(
            sync,
            spec=build_sync_spec(sync, connection=connection).replace_attributes(key=key_of(room, sync)),
            connection=connection,
        )
        for sync in SYNCS
    ]


def removals(room: str) -> dg.Definitions:
    watched = HastyRemovals(
        source=f"{room}_requests",
        asset_key=dg.AssetKey([room, "pii_removals"]),
        sensor=RemovalSensor(interval_seconds=1, status="running", requests_per_run=100),
        retry_after_seconds=1,
    )
    watched._connection = Connection.of(room)
    return build_removal_definitions(
        watched.get_asset_spec(),
        sources=[],
        open_removals=watched.get_removals,
        execute=watched.execute,
        sensor=watched.sensor,
        verification=SyncSchedule(cron="0 6 * * *"),
        connection=watched._connection,
    )


def job(room: str) -> dg.Definitions:
    """A job for all syncs, and a sensor that asks for it until a run of each that began after a change is through."""
    selection = dg.AssetSelection.assets(*(key_of(room, sync) for sync in SYNCS))
    together: Any = dg.define_asset_job(f"{room}_syncs", selection=selection)

    @dg.sensor(
        name=f"{room}_on_change",
        job=together,
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={f"{room}_warehouse"},
    )
    def ask(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        warehouse: WarehouseResource = getattr(context.resources, f"{room}_warehouse")
        schema = warehouse.get_state_schema()
        with warehouse.get_warehouse().session() as session:
            StateSchema(session, schema).prepare()
            registry = RunRegistry(session, schema)
            recorded = f"{schema}.sync_runs WHERE sync <> 'pii_removals' AND state"
            running = session.fetch_all(f"SELECT run_id, sync FROM {recorded} = 'running'")
            if any(registry.is_alive(run_id, sync) for run_id, sync in running):
                return dg.SkipReason("a run is in progress")
            through = f"{recorded} = 'succeeded' AND started_at > (SELECT max(moment) FROM changes)"
            [(number,)] = session.fetch_all(f"SELECT count(DISTINCT sync) FROM {through}")
            if number == len(SYNCS):
                return dg.SkipReason("nothing has changed")
        launched = context.instance.get_runs(
            dg.RunsFilter(
                job_name=f"{room}_syncs",
                # One that was killed as it began never does.
                created_after=datetime.now(UTC) - timedelta(seconds=45),
                statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED],
            )
        )
        return dg.SkipReason("a run begins") if launched else dg.RunRequest()

    return dg.Definitions(jobs=[together], sensors=[ask])


defs = dg.Definitions.merge(
    *(each for room in ROOMS for each in syncs(room)),
    *(removals(room) for room in ROOMS),
    *(job(room) for room in ROOMS),
    dg.Definitions(
        resources={
            key: value
            for room in ROOMS
            for key, value in {
                f"{room}_common_room": CommonRoomResource(
                    token=dg.EnvVar(f"{room.upper()}_TOKEN"), base_url=dg.EnvVar(f"{room.upper()}_URL"), source_id=1
                ),
                f"{room}_warehouse": WarehouseResource(state_schema=f"state_{room}"),
            }.items()
        },
        executor=dg.in_process_executor,
    ),
)
