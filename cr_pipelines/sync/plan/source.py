"""How a plan reads its source.

Goes in: a session, the sync and its partition. Comes out: temporary tables of the state session (`cr_source_keys`,
`cr_refreshed`) and, at the end, the offered rows. `SourceInState` reads a source that is in the same engine as our
tables, so that no row leaves the engine unless it is offered. A source elsewhere needs the same methods.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan import partition_statements, statements
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.warehouse import BatchSink, Session, SourceDialect

_ROWS_PER_BATCH = 2_000


def row_hash_version(dialect: SourceDialect, types: Mapping[str, str]) -> str:
    """Return what a row hash depends on beside the values: the engine's function, and the columns with their types."""
    shape = ",".join(f"{name} {types[name]}" for name in sorted(types))
    return f"{dialect.row_hash_version}, columns {hashlib.sha256(shape.encode()).hexdigest()[:8]}"


class PlannedSource(Protocol):
    """A source as the planner uses it."""

    types: Mapping[str, str]
    """The source columns that the contract knows, with their types in the engine's words, in the source's order."""

    def stage_keys(self, keys: Collection[str]) -> str:
        """Return a query of the state session for every row's `key` and `row_hash`, or those of some keys."""

    def find_elsewhere(self) -> str | None:
        """Return a query for the keys of `cr_moved` that other partitions have, with their `copies`.

        None if the whole source is read.
        """

    def mark_refreshed(self) -> None:
        """Put into `cr_refreshed` the rows of `cr_compared` that are `rehashed` and whose fingerprint is the same."""

    def read_offered(self, turn: int, sink: BatchSink, *, hashed_keys: bool) -> None:
        """Write the rows of `cr_offered` of one turn to a sink: LEDGER_COLUMNS first, then the source's columns."""

    def rows(self) -> str:
        """Return the source's rows as they are written after FROM, in the state session."""

    def rows_everywhere(self) -> str:
        """Return those of every partition."""


class SourceInState:
    """A source in the same engine as our tables."""

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

    def rows(self) -> str:
        """Return the source's rows as they are written after FROM."""
        return partition_statements.source_rows(self._dialect, self._sync, self._partition, self.types, self._spelled)

    def rows_everywhere(self) -> str:
        """Return the rows of every partition as they are written after FROM."""
        return partition_statements.source_rows(self._dialect, self._sync, None, self.types, self._spelled)

    def stage_keys(self, keys: Collection[str]) -> str:
        """Return a query for every row's key and hash; the engine reads the source once for it."""
        return statements.hash_keys(self._names, self.rows(), self.types, keys)

    def find_elsewhere(self) -> str | None:
        """Return a query for the keys of `cr_moved` that other partitions have."""
        if self._partition is None:
            return None
        source = partition_statements.rows_elsewhere(
            self._dialect, self._sync, self._partition, self.types, self._spelled
        )
        return partition_statements.find_elsewhere(self._names, source, self.types)

    def mark_refreshed(self) -> None:
        """Compare fingerprints inside the engine."""
        source = self._keyed(self._names.source_key(self.types))
        self._session.execute(statements.find_refreshed(self._dialect, self.types, source))

    def read_offered(self, turn: int, sink: BatchSink, *, hashed_keys: bool) -> None:
        """Join the source with the offered keys.

        Where no offered key is hashed, the join is on the bare column, so that the engine skips what it need not read.
        """
        key = self._names.source_key(self.types)
        if not hashed_keys and len(self._sync.contract.key) == 1:
            [column] = self._sync.contract.key
            key = self._dialect.spelled(column, self.types[column])
        query = statements.read_offered(
            self._names, self.types, self._keyed(key), turn, self._shared_columns, LEDGER_COLUMNS
        )
        self._session.fetch_batches(query, _ROWS_PER_BATCH, sink)

    @property
    def _shared_columns(self) -> Sequence[str]:
        """Rows that can share a request must come one after the other."""
        batching = self._sync.contract.batching
        return [name for name in batching.by if name in self.types] if batching else []

    def _keyed(self, key: str) -> str:
        columns = ", ".join(map(self._dialect.identifier, self.types))
        return f"(SELECT {key} AS cr_key, {columns} FROM {self.rows()})"
