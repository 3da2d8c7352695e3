"""Compaction: store partitions of the ledger that no run reads any longer in less space.

Goes in: how long a partition must have been quiet. Comes out: partitions whose delivered rows keep only what is needed
to decide whether a row must be sent, and to tell who it is about: key, fingerprint, address hash, status, attempts, and
when it was last sent. When a run reads the partition again, it compares fingerprints, sends only what has changed, and
writes the hashes again.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.schema import StateSchema, lock_sync
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
    """Compact the quiet partitions of the ledger. Runs may continue in the meantime.

    Args:
        warehouse: where the ledger is.
        schema: of the state tables.
        settled_for: how long a partition must not have been read by a run, or had rows sent.
        sync: only this sync's partitions; None for those of all syncs.
        dry_run: only find out which partitions would be compacted.
        now: the present time; None for the clock's time.

    Returns:
        the partitions that were compacted now, without those that already were.

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
    """Compaction of partitions that have been quiet since before a given moment, within one session."""

    def __init__(self, session: Session, schema: str, before: datetime):
        self._session = session
        self._schema = schema
        self._names = StateSchema(session, schema).names
        self._before = before

    def find(self, sync: str | None) -> list[CompactedPartition]:
        """Return the partitions that may be compacted and are not yet compacted."""
        found = self._session.fetch_all(statements.compactable_partitions(self._names, sync, self._before))
        return [partition for partition in map(CompactedPartition._make, found) if self._is_quiet(partition)]

    def compact(self, partition: CompactedPartition) -> bool:
        """Compact a partition and return True, unless a run has begun to read it."""
        # A new run waits for this, and folds happen before or after it.
        with lock_sync(self._session, self._schema, partition.sync):
            if not self._is_quiet(partition):
                return False
            self._session.execute(statements.compact_partition(self._names, partition.sync, partition.partition))
        return True

    def _is_quiet(self, partition: CompactedPartition) -> bool:
        recent = statements.recent_runs(self._names, partition.sync, partition.partition, self._before)
        return not self._session.fetch_all(recent)
