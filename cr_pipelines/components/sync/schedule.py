from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg

from cr_pipelines.components.sync.asset import POOL
from cr_pipelines.components.sync.options import DailyPartitions, SyncSchedule
from cr_pipelines.components.sync.specs import source_in_words
from cr_pipelines.resources import WarehouseResource
from cr_pipelines.sync import RunRegistry, StateSchema, Sync
from cr_pipelines.warehouse import SourceMissing, WarehouseError

_GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

BEGINS_WITHIN = timedelta(minutes=2)
"""A run that Dagster calls started, and of which the warehouse knows nothing by then, was killed before it began."""

_BUSY_SECONDS = 5.0
"""A tick may take a minute in all; another process may keep a DuckDB file for longer."""


def build_sync_job(
    sync: Sync,
    key: dg.AssetKey,
    schedule: SyncSchedule | None,
    partitions: DailyPartitions | None = None,
    frame: dg.AssetKey | None = None,
) -> dg.Definitions:
    """The job `sync_NAME` of a sync's asset and its checks, and its schedules if it has any.

    `sync_NAME_schedule` runs the sync: of a partitioned one, today and yesterday. `sync_NAME_recheck` runs the days
    just past once more, for rows that came late. A tick is skipped, with the reason, when the source is missing and
    while a run of the same sync goes on.
    """
    name = f"sync_{sync.name}"
    job = dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(key),
        description=f"Brings Common Room up to {source_in_words(sync, frame)}, as the asset {key.to_user_string()}.",
    )
    if schedule is None:
        return dg.Definitions(jobs=[job])

    def scheduled(named: str, cron: str, days: range | None, what: str) -> dg.ScheduleDefinition:
        @dg.schedule(
            name=named,
            job=job,
            cron_schedule=cron,
            execution_timezone=schedule.timezone,
            default_status=dg.DefaultScheduleStatus[schedule.status.upper()],
            description=f"Runs {what}, unless its source is missing or a run of the same sync goes on.",
        )
        def tick(
            context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource
        ) -> list[dg.RunRequest] | dg.SkipReason:
            going_on = run_going_on(context.instance, key, name, lambda run_id: _run_lives(sync, warehouse, run_id))
            if going_on is not None:
                return dg.SkipReason(f"{sync.name}: run {going_on} has not ended; the next tick looks again")
            if frame is None and (reason := _no_source(sync, warehouse)):
                return dg.SkipReason(reason)
            if days is None or partitions is None:
                return [dg.RunRequest()]
            moment = context.scheduled_execution_time.astimezone(UTC)
            wanted = (moment.date() - timedelta(days=back) for back in days)
            return [
                # Of several runs of one tick Dagster wants keys; the tick's moment makes them good for this tick only.
                dg.RunRequest(run_key=f"{day} {moment:%Y-%m-%dT%H:%M}", partition_key=day.isoformat())
                for day in wanted
                if day >= partitions.start
            ]

        return tick

    if partitions is None:
        return dg.Definitions(jobs=[job], schedules=[scheduled(f"{name}_schedule", schedule.cron, None, name)])
    schedules = [scheduled(f"{name}_schedule", schedule.cron, range(2), f"{name} for today and yesterday")]
    if partitions.recheck_days:
        what = f"{name} for the {partitions.recheck_days} days before today, of which only what changed is sent"
        recheck = scheduled(f"{name}_recheck", partitions.recheck_cron, range(1, partitions.recheck_days + 1), what)
        schedules.append(recheck)
    return dg.Definitions(jobs=[job], schedules=schedules)


def run_going_on(
    instance: dg.DagsterInstance, key: dg.AssetKey, job: str, lives: Callable[[str], bool | None]
) -> str | None:
    """The id of a run of the job, or of any that materializes the asset, which has not ended.

    Dagster calls a run started for ever whose worker was killed. So `lives` is asked about each: it answers None for
    a run that has not begun, as far as the warehouse knows.
    """
    for record in instance.get_run_records(dg.RunsFilter(statuses=_GOING_ON)):
        run = record.dagster_run
        if run.job_name != job and key not in (run.asset_selection or ()):
            continue
        alive = lives(run.run_id)
        if alive is None:
            queued = run.status in (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
            waiting = queued or run.run_id in _waiting_for_pool(instance)
            alive = waiting or datetime.now(UTC) - record.update_timestamp < BEGINS_WITHIN
        if alive:
            return run.run_id
    return None


def _waiting_for_pool(instance: dg.DagsterInstance) -> set[str]:
    """The started runs whose sync has not begun because others have the pool."""
    storage = instance.event_log_storage
    return storage.get_concurrency_info(POOL).pending_run_ids if storage.supports_global_concurrency_limits else set()


def _run_lives(sync: Sync, warehouse: WarehouseResource, run_id: str) -> bool | None:
    try:
        with warehouse.get_warehouse(busy_seconds=_BUSY_SECONDS).session() as session:
            schema = warehouse.get_state_schema()
            exists = StateSchema(session, schema).exists()
            return RunRegistry(session, schema).is_alive(run_id, sync.name) if exists else None
    except WarehouseError:
        # Who has the warehouse may be that run.
        return True


def _no_source(sync: Sync, warehouse: WarehouseResource) -> str | None:
    try:
        with warehouse.get_warehouse(busy_seconds=_BUSY_SECONDS).session() as session:
            session.columns(sync.relation)
    except SourceMissing as error:
        return f"{sync.name} is disabled: {error}"
    except WarehouseError:
        # The run waits longer than a tick may; and a warehouse that cannot be opened should be seen.
        return None
    return None
