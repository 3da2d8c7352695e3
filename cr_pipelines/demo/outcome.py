"""What became of the rows, as the state tables and the sandbox have it.

Goes in: the demo's warehouse and a sandbox. Comes out: the outcome of each sync's last run, and how many rows arrived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cr_pipelines.demo.home import STATE_SCHEMA
from cr_pipelines.demo.sample import SampleSource
from cr_pipelines.sandbox import SandboxClient
from cr_pipelines.sync import Ledger, RejectedRow
from cr_pipelines.warehouse import Relation, SourceMissing, Warehouse

_SHOWN_REJECTED = 5


@dataclass(frozen=True)
class Outcome:
    """One sync's last run.

    Attributes:
        state: as in `sync_runs`; `succeeded` if the run did.
        not_sent: rows that are not in the room as the source has them, without suppressed ones.
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


_OF_THE_ROOM = ("sync_ledger", "sync_intents", "sync_outcomes")
"""The state tables that say what the room has."""


def forget_room(warehouse: Warehouse) -> None:
    """Forget all deliveries, because the room that received them was deleted. Keep the runs."""
    with warehouse.session() as session:
        ledger = Ledger(session, STATE_SCHEMA)
        for table in _OF_THE_ROOM:
            session.execute(f"DELETE FROM {ledger.table(table)}")


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
    """Return whether a sync ever ran in this warehouse."""
    with warehouse.session() as session:
        return Ledger(session, STATE_SCHEMA).exists()


def last_runs(warehouse: Warehouse) -> dict[str, str]:
    """Return the id of each sync's last run."""
    with warehouse.session() as session:
        ledger = Ledger(session, STATE_SCHEMA)
        if not ledger.exists():
            return {}
        runs = ledger.table("sync_runs")
        return dict(session.fetch_all(f"SELECT sync, max_by(run_id, started_at) FROM {runs} GROUP BY sync"))


def read_outcome(warehouse: Warehouse, sync: str, run_id: str) -> Outcome:
    """Return the outcome of a run; of a sync with daily partitions, that of all its days together."""
    with warehouse.session() as session:
        ledger = Ledger(session, STATE_SCHEMA)
        text = session.dialect.literal
        runs = session.fetch_all(
            f"SELECT {session.dialect.identifier('partition')}, state, stopped_by, source_rows, delivered, unchanged, "
            f"suppressed, requests, seconds FROM {ledger.table('sync_runs')} "
            f"WHERE sync = {text(sync)} AND run_id = {text(run_id)} ORDER BY started_at"
        )
        not_succeeded = [run for run in runs if run[1] != "succeeded"] or runs
        rows, delivered, unchanged, suppressed, requests, seconds = (
            sum(value or 0 for value in values) for values in list(zip(*runs, strict=True))[3:]
        )
        return Outcome(
            sync=sync,
            state=not_succeeded[0][1],
            stopped_by=not_succeeded[0][2],
            rows=rows,
            delivered=delivered,
            unchanged=unchanged,
            suppressed=suppressed,
            not_sent=rows - delivered - unchanged - suppressed,
            requests=requests,
            seconds=seconds,
            rejected_rows=[
                RejectedRow(*found)
                for partition, *_ in runs
                for found in ledger.rejected_rows(sync, partition, _SHOWN_REJECTED)
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
