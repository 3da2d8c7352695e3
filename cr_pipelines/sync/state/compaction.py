"""Old parts of the ledger in less space.

A part of the ledger, a partition of a sync, is settled when for long no run looked at it and nothing of it was sent.
Of its delivered rows only that is kept which decides whether a row must be sent, and about whom it is: key,
fingerprint, address hash, status, attempts, when it was sent last. The rest goes: the run, the HTTP status, when it was
sent first, and the fast hash. When a run looks at the partition again it compares fingerprints instead, sends nothing
that has not changed, and writes the hashes anew.

Rows that are not delivered are left as they are.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.warehouse import Session, Warehouse

_DROPPED = (
    "delivered_fingerprint", "row_hash", "row_hash_version", "not_found_runs", "http_status", "first_sent_at", "run_id",
)  # fmt: skip


class CompactedPartition(NamedTuple):
    """A partition of a sync, and how many of its rows are or would be compacted."""

    sync: str
    partition: str
    rows: int


def compact_ledger(
    warehouse: Warehouse,
    schema: str = "common_room",
    *,
    settled_for: timedelta,
    sync: str | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> list[CompactedPartition]:
    """Compact the parts of the ledger that are settled. Runs may go on meanwhile.

    Args:
        warehouse: where the ledger is.
        schema: of our own tables.
        settled_for: how long no run may have looked at a part.
        sync: only this sync's parts; None for those of all.
        dry_run: only find out which.
        now: the present; None for the clock's.

    Returns:
        the parts that were compacted, without those that were before.

    Raises:
        WarehouseError: the warehouse cannot be reached or written.
    """
    before = (now or datetime.now(UTC)) - settled_for
    with warehouse.session() as session:
        ledger = Ledger(session, schema)
        if not ledger.exists():
            return []
        compaction = _Compaction(session, ledger, schema, before)
        found = compaction.settled(sync)
        if dry_run:
            return found
        return [part for part in found if compaction.compact(part)]


class _Compaction:
    def __init__(self, session: Session, ledger: Ledger, schema: str, before: datetime):
        self._session = session
        self._ledger = ledger
        self._schema = schema
        self._before = ledger.moment(before)
        self._partition = session.dialect.identifier("partition")

    def settled(self, sync: str | None) -> list[CompactedPartition]:
        """The parts that may be compacted, and are not yet."""
        only = "" if sync is None else f" AND sync = {self._session.dialect.literal(sync)}"
        parts = self._session.fetch_all(
            f"SELECT sync, {self._partition}, count(*) FROM {self._ledger.table('sync_ledger')} "
            f"WHERE {self._full}{only} GROUP BY sync, {self._partition} "
            f"HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < {self._before} ORDER BY sync, {self._partition}"
        )
        return [part for part in map(CompactedPartition._make, parts) if self._at_rest(part)]

    def compact(self, part: CompactedPartition) -> bool:
        """Compact one part, unless a run has begun to look at it."""
        emptied = ", ".join(f"{column} = NULL" for column in _DROPPED)
        # A run that begins waits for this, and what is folded comes before or after.
        with self._session.lock(f"{self._schema}.{part.sync}"):
            if not self._at_rest(part):
                return False
            self._session.execute(
                f"UPDATE {self._ledger.table('sync_ledger')} SET {emptied} "
                f"WHERE {self._ledger.where(part.sync, part.partition)} AND {self._full}"
            )
        return True

    def _at_rest(self, part: CompactedPartition) -> bool:
        """Whether no run has shown life in it for long enough."""
        return not self._session.fetch_all(
            f"SELECT 1 FROM {self._ledger.table('sync_runs')} "
            f"WHERE {self._ledger.where(part.sync, part.partition)} AND heartbeat_at >= {self._before} LIMIT 1"
        )

    @property
    def _full(self) -> str:
        kept = " OR ".join(f"{column} IS NOT NULL" for column in _DROPPED)
        # Without a fingerprint it is to be sent again, and the hash is no help.
        return f"status = 'delivered' AND fingerprint IS NOT NULL AND ({kept})"
