"""The job of a sync and its schedules.

Goes in: a sync, and when to run it. Comes out: a job, and schedules whose ticks wait for a run in progress and are
skipped while the source does not exist.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, timedelta
from functools import partial
from typing import Any

import dagster as dg

from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.failures import NO_RUN_RETRY
from cr_pipelines.components.shared.runs import TICK_STATEMENT_SECONDS, TICK_WAIT_SECONDS, run_in_progress
from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.components.sync.options import DailyPartitions
from cr_pipelines.components.sync.specs import describe_source
from cr_pipelines.resources import WarehouseResource
from cr_pipelines.sync import RunRegistry, StateSchema, Sync
from cr_pipelines.warehouse import SourceMissing, Warehouse, WarehouseError

_NOT_OF_NAMES = re.compile(r"[^A-Za-z0-9_]")

Skip = Callable[[dg.ScheduleEvaluationContext], str | None]
"""Says why a tick must be skipped, or None."""


def build_sync_job(
    sync: Sync,
    key: dg.AssetKey,
    schedule: SyncSchedule | None,
    partitions: DailyPartitions | None = None,
    frame: dg.AssetKey | None = None,
    connection: Connection = DEFAULT_CONNECTION,
    own_checks: Iterable[dg.AssetCheckKey] = (),
) -> dg.Definitions:
    """Return the job `sync_NAME` of a sync's asset and its checks, and its schedules if it has any.

    The name begins with that of the connection, and has the leading parts of an asset key that has others than
    `common_room`: `eu_sync_contacts`, `sync_marts_people`.

    `sync_NAME_schedule` runs the sync; a partitioned one for today and yesterday. `sync_NAME_recheck` runs the last few
    days again, for late rows. A tick is skipped, with the reason, while a run of the same sync is in progress, and
    while the source does not exist, unless the sync has run before.
    """
    name = job_name("sync", sync, key, connection)
    job = dg.define_asset_job(
        name,
        # Checks with their own job look at what earlier runs delivered.
        selection=dg.AssetSelection.assets(key).without_checks() | dg.AssetSelection.checks(*own_checks),
        tags=NO_RUN_RETRY,
        description=f"Syncs {describe_source(sync, frame)} to Common Room, as the asset {key.to_user_string()}.",
    )
    if schedule is None:
        return dg.Definitions(jobs=[job])

    def skip(context: dg.ScheduleEvaluationContext) -> str | None:
        warehouse = connection.open(context.resources)
        in_progress = run_in_progress(
            context, key, lambda run_id: _is_alive(sync, warehouse, run_id), pool=connection.pool
        )
        if in_progress is not None:
            return f"{sync.name}: run {in_progress} is in progress; the next tick checks again"
        problem = None if frame is not None else _source_problem(sync, warehouse)
        # A source that once existed is in use: the run fails, and says why.
        existed = problem is not None and context.instance.get_latest_materialization_event(key) is not None
        return None if existed else problem

    build = partial(_schedule, job, resource_keys={connection.warehouse})
    if partitions is None:
        return dg.Definitions(jobs=[job], schedules=[build(schedule, skip, f"{name}_schedule", name)])
    what = f"{name} for today and yesterday"
    schedules = [build(schedule, skip, f"{name}_schedule", what, start=partitions.start, days=range(2))]
    if partitions.recheck_days:
        what = f"{name} for the {partitions.recheck_days} days before today (only changes are sent)"
        days = range(1, partitions.recheck_days + 1)
        recheck = schedule.model_copy(update={"cron": partitions.recheck_cron})
        schedules.append(build(recheck, skip, f"{name}_recheck", what, start=partitions.start, days=days))
    return dg.Definitions(jobs=[job], schedules=schedules)


def job_name(verb: str, sync: Sync, key: dg.AssetKey, connection: Connection) -> str:
    """Return the name of a job of a sync, which begins with the verb, or the connection's name and the verb."""
    leading = [part for part in key.path[:-1] if part != connection.group]
    return connection.qualified("_".join([verb, *(_NOT_OF_NAMES.sub("_", part) for part in leading), sync.name]))


def _schedule(
    job: Any,
    schedule: SyncSchedule,
    skip: Skip,
    name: str,
    what: str,
    *,
    resource_keys: set[str],
    start: date | None = None,
    days: range = range(0),
) -> dg.ScheduleDefinition:
    """Return a schedule of the job; with a `start`, for the partitions of the `days` before today."""

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=schedule.cron,
        execution_timezone=schedule.timezone,
        default_status=schedule.default_status,
        required_resource_keys=resource_keys,
        description=f"Runs {what}, unless its source never existed or a run of the same sync is in progress.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        if reason := skip(context):
            return dg.SkipReason(reason)
        if start is None:
            return [dg.RunRequest()]
        moment = context.scheduled_execution_time.astimezone(UTC)
        wanted = (moment.date() - timedelta(days=back) for back in days)
        return [
            # Dagster requires keys for several runs of a tick. The tick's time makes them unique to this tick.
            dg.RunRequest(run_key=f"{day} {moment:%Y-%m-%dT%H:%M}", partition_key=day.isoformat())
            for day in wanted
            if day >= start
        ]

    return tick


def _is_alive(sync: Sync, warehouse: WarehouseResource, run_id: str) -> bool | None:
    try:
        with _open_for_tick(warehouse).session() as session:
            schema = warehouse.get_state_schema()
            exists = StateSchema(session, schema).exists()
            return RunRegistry(session, schema).is_alive(run_id, sync.name) if exists else None
    except WarehouseError:
        # That run may be what keeps the warehouse busy.
        return True


def _source_problem(sync: Sync, warehouse: WarehouseResource) -> str | None:
    try:
        with _open_for_tick(warehouse).source_session() as session:
            session.describe(sync.relation)
    except SourceMissing as error:
        return f"{sync.name} is disabled: {error}"
    except WarehouseError:
        # A run may wait longer than a tick; and a source that fails, or a warehouse that cannot be opened, should fail
        # visibly.
        return None
    return None


def _open_for_tick(warehouse: WarehouseResource) -> Warehouse:
    return warehouse.get_warehouse(wait_seconds=TICK_WAIT_SECONDS, statement_seconds=TICK_STATEMENT_SECONDS)
