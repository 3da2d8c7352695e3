import dagster as dg

from cr_pipelines.components._options import SyncSchedule
from cr_pipelines.resources import WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines.warehouse import SourceMissing, WarehouseError

GOING_ON = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_BUSY_SECONDS = 5.0
"""A tick may take a minute in all; another process may keep a DuckDB file for longer."""


def build_sync_job(sync: Sync, key: dg.AssetKey, schedule: SyncSchedule | None) -> dg.Definitions:
    """The job `sync_NAME` of a sync's asset and its checks, and the schedule `sync_NAME_schedule` if there is one.

    A tick is skipped, with the reason, when the source is missing and while a run of the same sync goes on.
    """
    name = f"sync_{sync.name}"
    job = dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(key),
        description=f"Brings Common Room up to {sync.relation}, as the asset {key.to_user_string()}.",
    )
    if schedule is None:
        return dg.Definitions(jobs=[job])

    @dg.schedule(
        name=f"{name}_schedule",
        job=job,
        cron_schedule=schedule.cron,
        execution_timezone=schedule.timezone,
        default_status=dg.DefaultScheduleStatus[schedule.status.upper()],
        description=f"Runs {name}, unless its source is missing or a run of the same sync goes on.",
    )
    def tick(context: dg.ScheduleEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        reason = _still_running(context.instance, sync, key, name) or _no_source(sync, warehouse)
        return dg.SkipReason(reason) if reason else dg.RunRequest()

    return dg.Definitions(jobs=[job], schedules=[tick])


def _still_running(instance: dg.DagsterInstance, sync: Sync, key: dg.AssetKey, job: str) -> str | None:
    for run in instance.get_runs(dg.RunsFilter(statuses=GOING_ON)):
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
