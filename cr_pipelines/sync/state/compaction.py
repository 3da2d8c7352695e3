"""Compaction: partitions of the ledger that no run looks at any more, in less space.

Goes in: how long a partition must have been quiet. Comes out: partitions whose delivered rows keep only what decides
whether a row must be sent, and who it is about: key, fingerprint, address hash, status, attempts, and when it was last
sent. When a run looks at the partition again, it compares fingerprints, sends nothing that has not changed, and writes
the hashes again.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Session, Warehouse


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
    """Compact the partitions of the ledger that are quiet. Runs may continue meanwhile.

    Args:
        warehouse: where the ledger is.
        schema: of the state tables.
        settled_for: how long no run may have looked at a partition, and nothing of it been sent.
        sync: only this sync's partitions; None for those of all.
        dry_run: only find out which.
        now: the present; None for the clock's.

    Returns:
        the partitions that were compacted, without those that had been before.

    Raises:
        StateSchemaTooNew: a later version of cr-pipelines has migrated the schema.
        WarehouseError: the warehouse cannot be reached or written.
    """
    before = (now or datetime.now(UTC)) - settled_for
    with warehouse.session() as session:
        state = StateSchema(session, schema)
        if not state.exists():
            return []
        state.prepare()
        compaction = Compaction(session, schema, before)
        found = compaction.find(sync)
        if dry_run:
            return found
        return [partition for partition in found if compaction.compact(partition)]


class Compaction:
    """The compaction of what has been quiet since before a moment, within one session."""

    def __init__(self, session: Session, schema: str, before: datetime):
        self._session = session
        self._schema = schema
        self._names = StateSchema(session, schema).names
        self._before = before

    def find(self, sync: str | None) -> list[CompactedPartition]:
        """Return the partitions that may be compacted, and are not yet."""
        found = self._session.fetch_all(statements.compactable_partitions(self._names, sync, self._before))
        return [partition for partition in map(CompactedPartition._make, found) if self._is_quiet(partition)]

    def compact(self, partition: CompactedPartition) -> bool:
        """Compact a partition and return True, unless a run has begun to look at it."""
        # A run that begins waits for this, and what is folded comes before or after.
        with self._session.lock(f"{self._schema}.{partition.sync}"):
            if not self._is_quiet(partition):
                return False
            self._session.execute(statements.compact_partition(self._names, partition.sync, partition.partition))
        return True

    def _is_quiet(self, partition: CompactedPartition) -> bool:
        recent = statements.recent_runs(self._names, partition.sync, partition.partition, self._before)
        return not self._session.fetch_all(recent)
