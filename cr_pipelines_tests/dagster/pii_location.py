"""A code location with a contact and an activity sync that run when there is a change, and the removals."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg

from cr_pipelines.components import (
    CommonRoomPiiRemovals,
    RemovalSensor,
    SyncSchedule,
    build_sync_definitions,
)
from cr_pipelines.components.shared import runs
from cr_pipelines.removal import Removals
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import RunRegistry, StateSchema, Sync

# Nobody waits two minutes here for a run that was killed before it began.
runs.BEGINS_WITHIN = timedelta(seconds=20)

CONTACTS = Sync("contacts", "contact", "common_room_contacts")
ACTIVITIES = Sync("activities", "activity", "common_room_activities")


class HastyRemovals(CommonRoomPiiRemovals):
    """The sandbox has everything stored within a moment, so its 404 counts sooner."""

    def get_removals(self, warehouse: WarehouseResource, *, wait_seconds: float | None = None) -> Removals:
        removals = super().get_removals(warehouse, wait_seconds=wait_seconds)
        return replace(removals, timing=replace(removals.timing, just_sent=timedelta(seconds=3)))


_REMOVALS = HastyRemovals(
    asset_key=dg.AssetKey(["common_room", "pii_removals"]),
    sensor=RemovalSensor(interval_seconds=1, status="running", requests_per_run=100),
    retry_after_seconds=1,
)


def on_change(sync: Sync) -> dg.SensorDefinition:
    """Asks for a run until one that began after the latest change is through; a schedule can only do so every minute.

    The test notes its changes in the table `changes`.
    """

    @dg.sensor(
        name=f"{sync.name}_on_change",
        job_name=f"sync_{sync.name}",
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def ask(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        with warehouse.get_warehouse().session() as session:
            StateSchema(session, "common_room").prepare()
            registry = RunRegistry(session, "common_room")
            recorded = f"common_room.sync_runs WHERE sync = '{sync.name}' AND state"
            running = session.fetch_all(f"SELECT run_id FROM {recorded} = 'running'")
            if any(registry.is_alive(run_id, sync.name) for (run_id,) in running):
                return dg.SkipReason("a run is in progress")
            if session.fetch_all(
                f"SELECT 1 FROM {recorded} = 'succeeded' AND started_at > (SELECT max(moment) FROM changes)"
            ):
                return dg.SkipReason("nothing has changed")
        return dg.RunRequest()

    return ask


EVERY_MINUTE = SyncSchedule(cron="* * * * *", status="running")

defs = dg.Definitions.merge(
    build_sync_definitions(CONTACTS, schedule=EVERY_MINUTE),
    build_sync_definitions(ACTIVITIES, schedule=EVERY_MINUTE),
    _REMOVALS.build_defs(dg.ComponentTree.for_test().load_context),
    dg.Definitions(
        sensors=[on_change(CONTACTS), on_change(ACTIVITIES)],
        resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()},
        executor=dg.in_process_executor,
    ),
)
