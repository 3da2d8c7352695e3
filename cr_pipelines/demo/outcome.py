"""What became of the rows, according to the state tables and the sandbox.

Goes in: the demo's warehouse and a sandbox. Comes out: the outcome of each sync's last run, and how many rows arrived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cr_pipelines.demo.home import STATE_SCHEMA
from cr_pipelines.demo.sample import SampleSource
from cr_pipelines.sandbox import SandboxClient
from cr_pipelines.sync import Ledger, RejectedRow, RunRegistry, StateSchema
from cr_pipelines.warehouse import Relation, SourceMissing, Warehouse

_SHOWN_REJECTED = 5


@dataclass(frozen=True)
class Outcome:
    """One sync's last run.

    Attributes:
        state: as in `sync_runs`; `succeeded` if the run did.
        not_sent: rows whose current version is not in the room, except suppressed ones.
        seconds: wall time of the run.
        rejected_rows: some of the rows that are invalid or rejected.
    """

    sync: str
    state: str
    stopped_by: str | None
    rows: int
    delivered: int
    unchanged: int
    suppressed: int
    not_sent: int
    requests: int
    seconds: float
    rejected_rows: Sequence[RejectedRow]


def forget_room(warehouse: Warehouse) -> None:
    """Forget all deliveries, because the room that received them was deleted. Keep the runs."""
    with warehouse.session() as session:
        Ledger(session, STATE_SCHEMA).clear()


def days_of(warehouse: Warehouse, source: SampleSource) -> tuple[str, str] | None:
    """Return the first day of a source with daily partitions, and today; None if it is empty or does not exist."""
    with warehouse.session() as session:
        try:
            session.columns(Relation(source.name))
        except SourceMissing:
            return None
        [(first,)] = session.fetch_all(f"SELECT strftime(min({source.days}), '%Y-%m-%d') FROM {source.name}")
    return (first, datetime.now(UTC).date().isoformat()) if first else None


def has_ledger(warehouse: Warehouse) -> bool:
    """Return whether a sync has ever run in this warehouse."""
    with warehouse.session() as session:
        return StateSchema(session, STATE_SCHEMA).exists()


def last_runs(warehouse: Warehouse) -> dict[str, str]:
    """Return the id of each sync's last run."""
    with warehouse.session() as session:
        exists = StateSchema(session, STATE_SCHEMA).exists()
        return RunRegistry(session, STATE_SCHEMA).last_run_ids() if exists else {}


def read_outcome(warehouse: Warehouse, sync: str, run_id: str) -> Outcome:
    """Return the outcome of a run; of a sync with daily partitions, that of all its days together."""
    with warehouse.session() as session:
        ledger = Ledger(session, STATE_SCHEMA)
        runs = list(reversed(RunRegistry(session, STATE_SCHEMA).records(sync, run_id)))
        first = next((run for run in runs if run.state != "succeeded"), runs[0])

        def total(counter: str) -> Any:
            return sum(run.counts[counter] or 0 for run in runs)

        rows, delivered, unchanged, suppressed = map(total, ("source_rows", "delivered", "unchanged", "suppressed"))
        return Outcome(
            sync=sync,
            state=first.state,
            stopped_by=first.stopped_by,
            rows=rows,
            delivered=delivered,
            unchanged=unchanged,
            suppressed=suppressed,
            not_sent=rows - delivered - unchanged - suppressed,
            requests=total("requests"),
            seconds=total("seconds"),
            rejected_rows=[
                RejectedRow(*found)
                for run in runs
                for found in ledger.rejected_rows(sync, run.partition, _SHOWN_REJECTED)
            ][:_SHOWN_REJECTED],
        )


def count_arrived(warehouse: Warehouse, source: SampleSource, room: SandboxClient) -> tuple[int, int]:
    """Return how many of the source's rows the sandbox has, and how many rows there are."""
    with warehouse.session() as session:
        keys = [key for (key,) in session.fetch_all(f"SELECT {source.mark} FROM {source.name}")]
    arrived = source.arrived(room)
    return sum(key in arrived for key in keys), len(keys)


def count_requests(room: SandboxClient) -> Mapping[str, int]:
    """Return the number of requests that the sandbox received: `writes` and `look-ups`."""
    methods = [request["method"] for request in room.requests()]
    lookups = methods.count("GET")
    return {"writes": len(methods) - lookups, "look-ups": lookups}
