"""How a plan reads its source.

Goes in: a session, the sync and its partition. Comes out: temporary tables of the state session, and the offered rows.
`SourceInState` reads a source in the same engine as the state tables, where only offered rows leave the engine.
`SourceApart` (in `apart`) reads a source in another engine.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan import offer_statements, partition_statements, source_statements, statements
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.warehouse import BatchSink, Session, SourceDialect

_ROWS_PER_BATCH = 2_000

_MOST_HASHES = 100_000
"""A statement lists at most this many hashes, which takes 2 MB."""


def row_hash_version(dialect: SourceDialect, types: Mapping[str, str]) -> str:
    """Return what a row hash depends on in addition to the values: the engine's function, and the columns' types."""
    shape = ",".join(f"{name} {types[name]}" for name in sorted(types))
    return f"{dialect.row_hash_version}, columns {hashlib.sha256(shape.encode()).hexdigest()[:8]}"


class PlannedSource(Protocol):
    """A source as the planner uses it. Every `stage_…` makes a temporary table of the state session."""

    types: Mapping[str, str]
    """The source columns that the contract knows, with their types in the engine's words, in the source's order."""

    @property
    def row_hash_version(self) -> str:
        """What a row hash depends on beside the values."""

    def reading(self) -> AbstractContextManager[None]:
        """See one state of the source and of the state tables while the block lasts."""

    def stage_keys(self, keys: Collection[str]) -> None:
        """Make `cr_source_keys`: every row's `key` and `row_hash`, or those of some keys."""

    def stage_elsewhere(self) -> None:
        """Make `cr_elsewhere`: the keys of `cr_moved` that are in other partitions, with their `copies`."""

    def stage_respelled(self) -> None:
        """Make `cr_respelled`: keys that are in the ledger under a former spelling."""

    def stage_renamed(self) -> None:
        """Make `cr_renamed`: keys of any partition that are in the ledger with names in the source's spelling."""

    def mark_refreshed(self) -> None:
        """Put into `cr_refreshed` the rows of `cr_compared` that are `rehashed` and whose fingerprint is the same."""

    def read_offered(self, turn: int, sink: BatchSink, *, hashed_keys: bool) -> None:
        """Write the rows of `cr_offered` of one turn to a sink: LEDGER_COLUMNS first, then the source's columns."""


def among(session: Session, table: str, key: str) -> str | None:
    """Return a condition that holds for the keys of a temporary table, and for few others.

    It is None if a join alone is as fast, or if the keys are too many.
    """
    hashed, hashed_here = map(session.dialect.hashed_key, (key, "key"))
    if hashed is None or hashed_here is None:
        return None
    found = session.fetch_all(statements.hashes_of_keys(table, hashed_here, _MOST_HASHES + 1))
    if len(found) > _MOST_HASHES:
        return None
    return session.dialect.is_one_of(hashed, [number for (number,) in found])


def shared_columns(sync: Sync, types: Mapping[str, str]) -> Sequence[str]:
    """Return the columns that are equal in rows of one request; such rows must follow each other."""
    batching = sync.contract.batching
    return [name for name in batching.by if name in types] if batching else []


class SourceInState:
    """A source in the same engine as the state tables."""

    def __init__(
        self,
        session: Session,
        names: PlanNames,
        sync: Sync,
        partition: Partition | None,
        types: Mapping[str, str],
        spelled: Mapping[str, str],
    ):
        self._session = session
        self._dialect = session.dialect
        self._names = names
        self._sync = sync
        self._partition = partition
        self._spelled = spelled
        self.types = types

    @property
    def row_hash_version(self) -> str:
        """What a row hash depends on beside the values."""
        return row_hash_version(self._dialect, self.types)

    def reading(self) -> AbstractContextManager[None]:
        """See one state of the warehouse while the block lasts."""
        return self._session.snapshot(self._sync.relation)

    def stage_keys(self, keys: Collection[str]) -> None:
        """Find every row's key and hash in one read of the source."""
        self._session.make_temporary(
            "cr_source_keys",
            source_statements.hash_keys(self._dialect, self._sync, self._rows(), self.types, keys),
        )

    def stage_elsewhere(self) -> None:
        """Find the keys of `cr_moved` that other partitions have."""
        assert self._partition is not None  # noqa: S101 - only a partition has an elsewhere
        source = partition_statements.rows_elsewhere(
            self._dialect, self._sync, self._partition, self.types, self._spelled
        )
        self._session.make_temporary(
            "cr_elsewhere", partition_statements.find_elsewhere(self._names, source, self.types)
        )

    def stage_respelled(self) -> None:
        """Join the two spellings of every key with the ledger."""
        spelled = source_statements.spellings(self._dialect, self._sync, self._rows(), self.types)
        self._session.make_temporary("cr_respelled", statements.respelled_keys(self._names, spelled))

    def stage_renamed(self) -> None:
        """Join the two spellings of every key with the ledger."""
        everywhere = partition_statements.source_rows(self._dialect, self._sync, None, self.types, self._spelled)
        spelled = source_statements.spellings(self._dialect, self._sync, everywhere, self.types, names=True)
        self._session.make_temporary("cr_renamed", statements.respelled_keys(self._names, spelled))

    def mark_refreshed(self) -> None:
        """Compare fingerprints inside the engine."""
        source = self._keyed(self._names.source_key(self.types))
        self._session.execute(statements.find_refreshed(self._dialect, self.types, source))

    def read_offered(self, turn: int, sink: BatchSink, *, hashed_keys: bool) -> None:
        """Join the source with the offered keys.

        If no offered key is hashed, the join is on the bare column, so that the engine can skip what it does not need.
        """
        key = self._names.source_key(self.types)
        if not hashed_keys and len(self._sync.contract.key) == 1:
            [column] = self._sync.contract.key
            key = self._dialect.spelled(column, self.types[column])
        query = offer_statements.read_offered(
            self._names,
            self.types,
            self._keyed(key),
            turn,
            shared_columns(self._sync, self.types),
            LEDGER_COLUMNS,
            among(self._session, "cr_offered", "s.cr_key"),
        )
        self._session.fetch_batches(query, _ROWS_PER_BATCH, sink)

    def _rows(self) -> str:
        return partition_statements.source_rows(self._dialect, self._sync, self._partition, self.types, self._spelled)

    def _keyed(self, key: str) -> str:
        columns = ", ".join(map(self._dialect.identifier, self.types))
        return f"(SELECT {key} AS cr_key, {columns} FROM {self._rows()})"
