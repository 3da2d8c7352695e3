"""The runs of every sync: which are active, which are alive, how each ended.

Goes in: what a run says about itself. Comes out: rows of `sync_runs`, and whether another run may begin or may still
send.
"""

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cr_pipelines.sync.counters import COUNTERS
from cr_pipelines.sync.errors import AlreadyRunning, TakenOver
from cr_pipelines.sync.model import REMOVALS
from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.processes import is_alive_here, process_start, this_host
from cr_pipelines.sync.state.schema import StateSchema, Table, declare, lock_sync
from cr_pipelines.warehouse import Session

SYNC_RUNS = declare(
    Table(
        "sync_runs",
        {
            "run_id": "text",
            "sync": "text",
            "partition": "text",
            "state": "text",
            "stopped_by": "text",
            "host": "text",
            "process": "integer",
            "process_started": "text",
            "run_order": "bigint",
            "started_at": "timestamp",
            "heartbeat_at": "timestamp",
            "finished_at": "timestamp",
            "suppression_version": "bigint",
            "resync": "text",
            **{counter.name: counter.kind for counter in COUNTERS},
        },
        indexes=(("sync",),),
    )
)


@dataclass(frozen=True)
class Timing:
    """How long a run may be silent before another one takes over.

    Attributes:
        heartbeat_expires: the limit for a run on another host.
        heartbeat_expires_here: the limit for a run whose process is alive on this host. It may be waiting for a rate
            limit or the warehouse.
    """

    heartbeat_expires: timedelta = timedelta(seconds=120)
    heartbeat_expires_here: timedelta = timedelta(hours=2)


class UnconfirmedRun(NamedTuple):
    """A run that, as far as the ledger knows, has neither ended nor confirmed a version of the suppression list."""

    run_id: str
    sync: str
    partition: str
    host: str
    process: int
    process_started: str | None


SignsOfLife = tuple[datetime, int | None]
"""A run's last heartbeat, and the version of the suppression list that it last confirmed."""


@dataclass(frozen=True)
class RunRecord:
    """The entry of `sync_runs` for a run, or for one partition of it.

    Attributes:
        state: `running`, `succeeded`, `stopped`, `failed` or `interrupted`.
        stopped_by: why it ended early.
        counts: numbers by name of the counter; null until the run has ended.
    """

    run_id: str
    sync: str
    partition: str
    state: str
    stopped_by: str | None
    started_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, Any]


_RUNS_COMPARED = 10
_RECORDED = ("run_id", "sync", "partition", "state", "stopped_by", "started_at", "finished_at")
_COUNTED = tuple(counter.name for counter in COUNTERS)


class RunRegistry:
    """The table `sync_runs` within one session."""

    def __init__(self, session: Session, schema: str, timing: Timing | None = None):
        self._session = session
        self._schema = schema
        self._state = StateSchema(session, schema)
        self._names = self._state.names
        self._timing = timing or Timing()

    def claim(self, run_id: str, sync: str, partition: str, resync: str) -> int:
        """Note that a run begins. Return its place in the order of the sync's runs, which does not depend on the clock.

        A run counts as ended when its process on this host is dead, or when it runs elsewhere and its heartbeat has
        expired. A run with the same id is the same run, tried again.

        Raises AlreadyRunning while another run of the same sync is alive and shares rows with it, because it is for the
        same partition or the whole source.
        """
        with lock_sync(self._session, self._schema, sync):
            now = datetime.now(UTC)
            [(last,)] = self._session.fetch_all(statements.last_run_order(self._names, sync))
            # Based on the clock, so that it grows even if somebody has emptied the table.
            order = max((last or 0) + 1, time.time_ns() // 1_000)
            # Noted before looking: if there is no lock, two runs that begin at the same time see each other.
            row = {
                "run_id": run_id,
                "sync": sync,
                "partition": partition,
                "state": "running",
                "host": this_host(),
                "process": os.getpid(),
                "process_started": process_start(os.getpid()),
                "run_order": order,
                "started_at": now,
                "heartbeat_at": now,
                "resync": resync,
            }
            self._state.insert(SYNC_RUNS, row)
            self._end_others(run_id, sync, partition, now)
        return order

    def _end_others(self, run_id: str, sync: str, partition: str, now: datetime) -> None:
        for other, theirs, host, process, started, started_at, heartbeat in self._session.fetch_all(
            statements.running_runs(self._names, sync, partition, run_id, now)
        ):
            if other != run_id and self._may_be_alive(other, host, process, started, now - heartbeat):
                self._session.execute(statements.delete_run(self._names, sync, partition, run_id, now))
                raise AlreadyRunning(
                    f"{sync}: run {other} of the same sync has not ended (process {process} on {host}); this run sent "
                    "nothing. Wait for the other run, or end it"
                )
            self._session.execute(statements.mark_interrupted(self._names, sync, theirs, other, started_at))

    def _may_be_alive(self, run_id: str, host: str, process: int, started: str | None, silence: timedelta) -> bool:
        if host == this_host():
            return silence < self._timing.heartbeat_expires_here and is_alive_here(process, started, run_id)
        return silence < self._timing.heartbeat_expires

    def find_alive(self) -> str | None:
        """Return in words which run of any sync may be alive; None if none is."""
        now = datetime.now(UTC)
        for run_id, sync, host, process, started, heartbeat in self._session.fetch_all(
            statements.all_running_runs(self._names)
        ):
            if self._may_be_alive(run_id, host, process, started, now - heartbeat):
                return f"run {run_id} of {sync} (process {process} on {host})"
        return None

    def is_alive(self, run_id: str, sync: str) -> bool | None:
        """Return whether a run is alive, from its process or its heartbeat; None for a run that was never noted."""
        alive: bool | None = None
        for state, host, process, started, heartbeat in self._session.fetch_all(
            statements.signs_of_life(self._names, sync, run_id)
        ):
            recent = state == "running" and datetime.now(UTC) - heartbeat < self._timing.heartbeat_expires
            alive = bool(alive) or (recent and (host != this_host() or is_alive_here(process, started, run_id)))
        return alive

    def heartbeat(self, run_id: str, sync: str, partition: str) -> None:
        """Note that the run is alive. Raises TakenOver as `check` does."""
        own = self._running(run_id, sync, partition)
        self._state.update(SYNC_RUNS, {"heartbeat_at": datetime.now(UTC)}, own)
        self.check(run_id, sync, partition)

    def check(self, run_id: str, sync: str, partition: str) -> None:
        """Make sure that no other run has taken over from this one. After TakenOver, this run must send nothing."""
        if not self._state.fetch(SYNC_RUNS, ("state",), self._running(run_id, sync, partition)):
            raise TakenOver(
                f"{sync}: another run took over from run {run_id}, which had been silent for too long, and now sends "
                "its rows; this run stopped. No action is needed unless it happens again; if it does, find out what "
                "pauses the process, or whether the clocks of two machines differ by minutes"
            )

    def taken_over(self, run_id: str, sync: str, partition: str) -> TakenOver | None:
        """Return the error for a run that another run took over; None if none did."""
        try:
            self.check(run_id, sync, partition)
        except TakenOver as error:
            return error
        return None

    def finish(
        self,
        run_id: str,
        sync: str,
        partition: str,
        state: str,
        values: Mapping[str, Any],
        in_doubt: Collection[str] = (),
    ) -> None:
        """Note how a run ended, with values for columns of `sync_runs`.

        A run that another one took over remains `interrupted`. Deletes the run's intents, except for the keys
        `in_doubt`, whose requests may have arrived without a response.
        """

        def work() -> None:
            ended = {"finished_at": datetime.now(UTC), **values}
            own = self._of_process(_own_run(run_id, sync, partition))
            self._session.execute(statements.finish_run(self._names, own, state, ended))
            self._session.execute(statements.delete_intents(self._names, sync, partition, run_id, in_doubt))

        self._session.transaction(work)

    def confirm(self, run_id: str, sync: str, partition: str, version: int) -> None:
        """Note that a run sends nothing, and has nothing in flight, about the people in a version of the list.

        It is noted even if another run has taken over.
        """
        own = self._unfinished(_own_run(run_id, sync, partition))
        self._state.update(SYNC_RUNS, {"suppression_version": version}, own)

    def unconfirmed(self, version: int) -> list[tuple[UnconfirmedRun, SignsOfLife]]:
        """Return the runs that may still send people in a version of the list, each with its signs of life.

        This includes a run that another one took over, until it is marked dead.
        """
        found = self._session.fetch_all(statements.unconfirmed_runs(self._names, version, REMOVALS))
        return [(UnconfirmedRun(*row[:6]), (row[6], row[7])) for row in found]

    def mark_dead(self, run: UnconfirmedRun) -> None:
        """Note that a run that never said so has ended."""
        values = {"state": "interrupted", "finished_at": datetime.now(UTC)}
        self._state.update(SYNC_RUNS, values, self._unfinished(run))

    def aborted_since(self, moment: datetime) -> bool:
        """Return whether any run ended since then with requests that may have been in flight."""
        return bool(self._session.fetch_all(statements.aborted_runs(self._names, moment)))

    def last_run(self, sync: str) -> RunRecord | None:
        """Return the latest run of a sync; None if there was none."""
        return next(iter(self._read(sync, limit=1)), None)

    def most_suppressed(self, sync: str, partition: str) -> int | None:
        """Return the highest number of suppressed rows in any of the last runs; None if none has ended."""
        query = statements.runs(self._names, ("partition", "state", "suppressed"), sync, limit=_RUNS_COMPARED)
        ended = [
            suppressed or 0
            for of_partition, state, suppressed in self._session.fetch_all(query)
            if of_partition == partition and state in ("succeeded", "stopped")
        ]
        return max(ended, default=None)

    def last_run_ids(self) -> dict[str, str]:
        """Return the id of each sync's last run."""
        return dict(self._session.fetch_all(statements.last_run_ids(self._names)))

    def records(self, sync: str, run_id: str) -> list[RunRecord]:
        """Return what is recorded about a run, with one record for each partition, the last one first."""
        return self._read(sync, run_id)

    def _read(self, sync: str, run_id: str | None = None, limit: int | None = None) -> list[RunRecord]:
        query = statements.runs(self._names, (*_RECORDED, *_COUNTED), sync, run_id, limit)
        return [
            RunRecord(
                **dict(zip(_RECORDED, row[: len(_RECORDED)], strict=True)),
                counts=dict(zip(_COUNTED, row[len(_RECORDED) :], strict=True)),
            )
            for row in self._session.fetch_all(query)
        ]

    def _running(self, run_id: str, sync: str, partition: str) -> str:
        return f"{self._of_process(_own_run(run_id, sync, partition))} AND state = 'running'"

    def _unfinished(self, run: UnconfirmedRun) -> str:
        return f"{self._of_process(run)} AND finished_at IS NULL"

    def _of_process(self, run: UnconfirmedRun) -> str:
        # Also by process: a run with the same id may be its next try elsewhere, after this one was taken over.
        started = f"= {self._names.value(run.process_started)}" if run.process_started is not None else "IS NULL"
        return (
            f"{self._names.where(run.sync, run.partition)} AND run_id = {self._names.value(run.run_id)} "
            f"AND host = {self._names.value(run.host)} AND process = {self._names.value(run.process)} "
            f"AND process_started {started}"
        )


def _own_run(run_id: str, sync: str, partition: str) -> UnconfirmedRun:
    return UnconfirmedRun(run_id, sync, partition, this_host(), os.getpid(), process_start(os.getpid()))
