"""A code location whose contact sync never rests while a sensor watches the privacy requests."""

from datetime import timedelta

import dagster as dg

from cr_pipelines.components import (
    CommonRoomPiiRemovals,
    RemovalSensor,
    SyncSchedule,
    _schedule,
    build_sync_definitions,
)
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Ledger, Sync

# Nobody waits two minutes here for a run that was killed before it began.
_schedule.BEGINS_WITHIN = timedelta(seconds=20)

CONTACTS = Sync("contacts", "contact", "common_room_contacts")

_REMOVALS = CommonRoomPiiRemovals(
    asset_key=dg.AssetKey(["common_room", "pii_removals"]),
    sensor=RemovalSensor(interval_seconds=1, status="running", requests_per_run=100),
    retry_after_seconds=1,
)


@dg.sensor(job_name="sync_contacts", minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def keep_syncing(warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
    """Asks for the next run of the contact sync as soon as one is over; a schedule can only do so once a minute."""
    with warehouse.get_warehouse().session() as session:
        ledger = Ledger(session, "common_room")
        ledger.prepare()
        runs = session.rows(f"SELECT run_id FROM {ledger.table('sync_runs')} WHERE state = 'running'")
        if any(ledger.run_lives(run_id, "contacts") for (run_id,) in runs):
            return dg.SkipReason("a run goes on")
    return dg.RunRequest()


defs = dg.Definitions.merge(
    build_sync_definitions(CONTACTS, schedule=SyncSchedule(cron="* * * * *", status="running")),
    _REMOVALS.build_defs(dg.ComponentTree.for_test().load_context),
    dg.Definitions(
        sensors=[keep_syncing],
        resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()},
        executor=dg.in_process_executor,
    ),
)
