"""How a removal waits for running syncs.

Goes in: a version of the suppression list. Comes out: no run can send anything more about its people.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cr_pipelines.sync.privacy.lease import lease_clock
from cr_pipelines.sync.state.processes import is_alive_here, this_host
from cr_pipelines.sync.state.runs import RunRegistry, SignsOfLife, UnconfirmedRun
from cr_pipelines.sync.timing import Timing
from cr_pipelines.warehouse import Session, Warehouse

_RECENTLY = timedelta(minutes=10)
"""Runs aborted within this time may have had requests in flight; far longer than the clocks of two hosts differ."""


@dataclass
class _Signs:
    """A run's last sign of life, and when it was first seen, by this process's clock."""

    shown: SignsOfLife
    since: float


def wait_until_confirmed(
    warehouse: Warehouse,
    schema: str,
    version: int,
    *,
    on_wait: Callable[[int], None] | None = None,
    meanwhile: Callable[[Session], None] | None = None,
    timing: Timing | None = None,
) -> float:
    """Return once no run can send anything more about the people in a version of the suppression list.

    Every run must have confirmed the version, have ended, have died (its process on this host is gone), or have been
    silent for longer than any run may send with an earlier list. Only this process's clock is used, so clocks of hosts
    may differ. If a run was aborted, its requests get a moment to arrive.

    Args:
        warehouse: where the runs confirm.
        schema: of the state tables.
        version: the version of the list, from `SuppressionList.version`.
        on_wait: called with the number of runs still waited for, whenever it changes.
        meanwhile: called in every session, as for a heartbeat.
        timing: how often to look, and when a silent run is over.

    Returns:
        the number of seconds that it took.

    Raises:
        WarehouseError: the warehouse cannot be read.
    """
    timing = timing or Timing()
    begun = time.monotonic()
    seen: dict[UnconfirmedRun, _Signs] = {}
    aborted = False
    reported = 0
    while True:
        with warehouse.session() as session:
            runs = RunRegistry(session, schema)
            aborted = aborted or runs.aborted_since(datetime.now(UTC) - _RECENTLY)
            waiting = 0
            for run, shown in runs.unconfirmed(version):
                signs = seen.get(run)
                if signs is None or signs.shown != shown:
                    signs = seen[run] = _Signs(shown, lease_clock())
                if _is_over(run, signs, timing):
                    runs.mark_dead(run)
                    aborted = True
                else:
                    waiting += 1
            if meanwhile is not None:
                meanwhile(session)
        if waiting != reported and on_wait is not None:
            on_wait(waiting)
        reported = waiting
        if not waiting:
            break
        time.sleep(timing.confirmation_seconds)
    if aborted:
        time.sleep(timing.linger_seconds)
    return time.monotonic() - begun


def _is_over(run: UnconfirmedRun, signs: _Signs, timing: Timing) -> bool:
    if run.host == this_host() and not is_alive_here(run.process, run.process_started, run.run_id):
        return True
    return lease_clock() - signs.since > timing.lease_surely_over_seconds
