from datetime import UTC, timedelta

import dagster as dg

from cr_pipelines.components._options import DailyPartitions, SyncSchedule
from cr_pipelines.resources import WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines.warehouse import SourceMissing, WarehouseError

_GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_BUSY_SECONDS = 5.0
"""A tick may take a minute in all; another process may keep a DuckDB file for longer."""


def build_sync_job(
    sync: Sync,
    key: dg.AssetKey,
    schedule: SyncSchedule | None,
    partitions: DailyPartitions | None = None,
    *,
    looks_at_source: bool = True,
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
        description=f"Brings Common Room up to {sync.relation}, as the asset {key.to_user_string()}.",
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
            reason = _still_running(context.instance, sync, key, name)
            if reason is None and looks_at_source:
                reason = _no_source(sync, warehouse)
            if reason is not None:
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


def _still_running(instance: dg.DagsterInstance, sync: Sync, key: dg.AssetKey, job: str) -> str | None:
    for run in instance.get_runs(dg.RunsFilter(statuses=_GOING_ON)):
        if run.job_name == job or key in (run.asset_selection or ()):
            return f"{sync.name}: run {run.run_id} has not ended; the next tick looks again"
    return None


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
