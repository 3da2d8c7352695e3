import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cr_pipelines.sync.privacy.lease import LEASE_SURELY_OVER_SECONDS, lease_clock
from cr_pipelines.sync.privacy.send_guard import LINGER_SECONDS
from cr_pipelines.sync.state.runs import RunRegistry, SignsOfLife, UnconfirmedRun, is_alive_here, this_host
from cr_pipelines.warehouse import Session, Warehouse

_LOOK_SECONDS = 0.25

_RECENTLY = timedelta(minutes=10)
"""Runs that broke off within it may have had requests on the wire; far beyond what clocks of two hosts differ by."""


@dataclass
class _Signs:
    """What a run last showed of itself, and when that was first seen, by our own clock."""

    shown: SignsOfLife
    since: float


def wait_until_confirmed(
    warehouse: Warehouse,
    schema: str,
    version: int,
    *,
    on_wait: Callable[[int], None] | None = None,
    meanwhile: Callable[[Session], None] | None = None,
    look_seconds: float = _LOOK_SECONDS,
) -> float:
    """Return once no run of a sync can send anything more about the people of a version of the list.

    Every run must have confirmed the version, have ended, have died (its process on this host is gone), or have been
    silent for longer than any run may send by an old list; that is measured by this process's clock alone, so clocks
    of hosts may differ. Where a run broke off, what it had handed to the network gets a moment to arrive.

    Args:
        warehouse: where the runs confirm.
        schema: of our own tables.
        version: of the list of people, as `Ledger.suppression_version` gives it.
        on_wait: called with the number of runs that are waited for, whenever it changes.
        meanwhile: called in every session, as for a heartbeat.
        look_seconds: pause between two looks.

    Returns:
        how many seconds it took.

    Raises:
        WarehouseError: the warehouse cannot be read.
    """
    begun = time.monotonic()
    seen: dict[UnconfirmedRun, _Signs] = {}
    broke_off = False
    told = 0
    while True:
        with warehouse.session() as session:
            runs = RunRegistry(session, schema)
            broke_off = broke_off or runs.aborted_since(datetime.now(UTC) - _RECENTLY)
            waiting = 0
            for run, shown in runs.unconfirmed(version):
                signs = seen.get(run)
                if signs is None or signs.shown != shown:
                    signs = seen[run] = _Signs(shown, lease_clock())
                if _is_over(run, signs):
                    runs.mark_dead(run)
                    broke_off = True
                else:
                    waiting += 1
            if meanwhile is not None:
                meanwhile(session)
        if waiting != told and on_wait is not None:
            on_wait(waiting)
        told = waiting
        if not waiting:
            break
        time.sleep(look_seconds)
    if broke_off:
        time.sleep(LINGER_SECONDS)
    return time.monotonic() - begun


def _is_over(run: UnconfirmedRun, signs: _Signs) -> bool:
    if run.host == this_host() and not is_alive_here(run.process, run.run_id):
        return True
    return lease_clock() - signs.since > LEASE_SURELY_OVER_SECONDS
