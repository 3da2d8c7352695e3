"""Whether a run is still in progress.

Goes in: a Dagster instance, an asset and its job. Comes out: the id of a run that a tick must wait for.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg

from cr_pipelines.components.shared.assets import POOL

_IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

BEGINS_WITHIN = timedelta(minutes=2)
"""A run that Dagster calls started but that the warehouse does not know by then was killed before it began."""

TICK_WAIT_SECONDS = 5.0
"""How long a tick waits for a busy warehouse: Dagster ends a tick after a minute."""

TICK_STATEMENT_SECONDS = 20.0
"""How long a statement of a tick may take."""


def run_in_progress(
    instance: dg.DagsterInstance, key: dg.AssetKey, job: str, is_alive: Callable[[str], bool | None]
) -> str | None:
    """Return the id of a run of the job, or of any run that materializes the asset, that has not ended.

    Dagster never notices that the worker of a started run was killed, so `is_alive` is asked about each run. It returns
    None for a run that has not begun, as far as the warehouse knows.
    """
    for record in instance.get_run_records(dg.RunsFilter(statuses=_IN_PROGRESS)):
        run = record.dagster_run
        if run.job_name != job and key not in (run.asset_selection or ()):
            continue
        alive = is_alive(run.run_id)
        if alive is None:
            queued = run.status in (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
            waiting = queued or run.run_id in _waiting_for_pool(instance)
            alive = waiting or datetime.now(UTC) - record.update_timestamp < BEGINS_WITHIN
        if alive:
            return run.run_id
    return None


def _waiting_for_pool(instance: dg.DagsterInstance) -> set[str]:
    """Return the started runs whose sync waits for a slot of the pool."""
    storage = instance.event_log_storage
    return storage.get_concurrency_info(POOL).pending_run_ids if storage.supports_global_concurrency_limits else set()
