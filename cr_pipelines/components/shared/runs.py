"""Whether a run is still in progress.

Goes in: the context of a tick, and an asset. Comes out: the id of a run that the tick must wait for.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext

from cr_pipelines.components.shared.assets import POOL

_IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

BEGINS_WITHIN = timedelta(minutes=2)
"""If the warehouse does not know a run by then that Dagster considers started, the run was killed before it began."""

TICK_WAIT_SECONDS = 5.0
"""How long a tick waits for a busy warehouse: Dagster ends a tick after a minute."""

TICK_STATEMENT_SECONDS = 20.0
"""How long a statement of a tick may take."""


def run_in_progress(
    context: dg.ScheduleEvaluationContext | dg.SensorEvaluationContext,
    key: dg.AssetKey,
    is_alive: Callable[[str], bool | None],
    *,
    pool: str = POOL,
) -> str | None:
    """Return the id of a run of this code location that materializes or checks the asset and has not ended.

    Runs of any job count, those of the user's own jobs too. Runs of another code location do not, although an asset
    there may have the same key.

    Dagster never notices if the worker of a started run is killed, so `is_alive` is called for each run. It returns
    None for a run that, as far as the warehouse knows, has not begun.
    """
    instance = context.instance
    for record in instance.get_run_records(dg.RunsFilter(statuses=_IN_PROGRESS)):
        run = record.dagster_run
        if not is_of_asset(context, run, key):
            continue
        alive = is_alive(run.run_id)
        if alive is None:
            queued = run.status in (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
            waiting = queued or run.run_id in _waiting_for_pool(instance, pool)
            alive = waiting or datetime.now(UTC) - record.update_timestamp < BEGINS_WITHIN
        if alive:
            return run.run_id
    return None


def is_of_asset(
    context: dg.ScheduleEvaluationContext | dg.SensorEvaluationContext, run: dg.DagsterRun, key: dg.AssetKey
) -> bool:
    """Return whether a run of this code location materializes or checks the asset."""
    origin = run.remote_job_origin
    ours = _location_name(context)
    if origin is not None and ours is not None and origin.repository_origin.code_location_origin.location_name != ours:
        return False
    checked = {check.asset_key for check in run.asset_check_selection or ()}
    if run.asset_selection or checked:
        return key in (run.asset_selection or ()) or key in checked
    # A run of a whole job does not name its assets.
    repository = context.repository_def
    if repository is None or not repository.has_job(run.job_name):
        return False
    return key in repository.get_job(run.job_name).asset_layer.executable_asset_keys


def _location_name(context: dg.ScheduleEvaluationContext | dg.SensorEvaluationContext) -> str | None:
    """Return the name of the code location that evaluates the tick; None if it has no name."""
    # Only the context of a sensor knows it.
    origin = getattr(context, "code_location_origin", None)
    return DefinitionsLoadContext.get().code_location_name if origin is None else str(origin.location_name)


def _waiting_for_pool(instance: dg.DagsterInstance, pool: str) -> set[str]:
    """Return the started runs whose sync waits for a slot in the pool."""
    storage = instance.event_log_storage
    return storage.get_concurrency_info(pool).pending_run_ids if storage.supports_global_concurrency_limits else set()
