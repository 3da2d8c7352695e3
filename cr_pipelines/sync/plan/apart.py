"""How a plan reads a source in a different engine from the state tables.

Goes in: a session that only reads the source, and the session of the state tables. Comes out: the same temporary tables
as with `SourceInState`, and the offered rows. Keys and hashes leave the source in one stream. Then the offered rows are
read by their keys or, if there are many, along with all other rows. A private DuckDB session on this machine joins them
with the ledger.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan import apart_statements, partition_statements, source_statements, statements
from cr_pipelines.sync.plan.read_rows import InOrder, ReadRows, whole_rows
from cr_pipelines.sync.plan.source import row_hash_version, shared_columns
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.warehouse import (
    BatchSink,
    Restoring,
    RowFile,
    Session,
    SourceSession,
    Storage,
    TemporaryTable,
    scratch_session,
)

_ROWS_PER_BATCH = 2_000

_ROWS_PER_FETCH = 2_000

_KEYS_PER_BATCH = 20_000

_MOST_READS = 7
"""Rows are read by their keys in at most this many queries; if more were needed, one query reads all rows."""

_FEW = 0.25
"""Rows are read by their keys if they make up at most this share of the source."""

_HASHED_KEYS = {"key": "text", "row_hash": "bigint"}

_MOST_MOVED = 50_000


class SourceApart:
    """A source in a different engine from the state. Nothing is written there."""

    def __init__(
        self,
        source: SourceSession,
        state: Session,
        names: PlanNames,
        sync: Sync,
        partition: Partition | None,
        types: Mapping[str, str],
        spelled: Mapping[str, str],
    ):
        self._source = source
        self._dialect = source.dialect
        self._state = state
        self._names = names
        self._sync = sync
        self._partition = partition
        self._spelled = spelled
        self._scratch: Session | None = None
        self._read: list[tuple[str, ReadRows]] | None = None
        self.types = types

    @property
    def row_hash_version(self) -> str:
        """What a row hash depends on in addition to the values."""
        return row_hash_version(self._dialect, self.types)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one snapshot of each engine while the block lasts."""
        with self._source.snapshot(self._sync.relation), self._state.snapshot(), scratch_session() as scratch:
            self._scratch = scratch
            yield

    def stage_keys(self, keys: Collection[str]) -> None:
        """Stream every row's key and hash into `cr_source_keys`."""
        query = source_statements.hash_keys(self._dialect, self._sync, self._rows(), self.types, keys)
        self._stage("cr_source_keys", _HASHED_KEYS, query)

    def stage_elsewhere(self) -> None:
        """Find the keys of `cr_moved` that other partitions have: by these keys, or among all keys if they are many."""
        moved = [key for (key,) in self._state.fetch_all(f"SELECT key FROM cr_moved LIMIT {_MOST_MOVED + 1}")]
        assert self._partition is not None  # noqa: S101 - only a partition has an elsewhere
        elsewhere = partition_statements.rows_elsewhere(
            self._dialect, self._sync, self._partition, self.types, self._spelled
        )
        few = len(moved) <= min(self._dialect.most_listed, _MOST_MOVED)
        query = apart_statements.keys_elsewhere(self._dialect, self._sync, elsewhere, self.types, moved if few else ())
        self._stage("cr_keys_elsewhere", {"key": "text"}, query)
        self._state.make_temporary("cr_elsewhere", apart_statements.count_elsewhere())

    def stage_respelled(self) -> None:
        """Stream the keys whose former spelling differs, and keep those that are in the ledger under that spelling."""
        query = source_statements.spellings(self._dialect, self._sync, self._rows(), self.types)
        self._stage("cr_spelled", {"was": "text", "key": "text"}, f"SELECT was, key FROM {query} WHERE was <> key")
        self._state.make_temporary("cr_respelled", statements.respelled_keys(self._names, "cr_spelled AS spelled"))

    def stage_renamed(self) -> None:
        """Stream the keys whose names have another spelling, and keep those that are in the ledger under it."""
        everywhere = partition_statements.source_rows(self._dialect, self._sync, None, self.types, self._spelled)
        query = source_statements.spellings(self._dialect, self._sync, everywhere, self.types, names=True)
        self._stage("cr_named", {"was": "text", "key": "text"}, f"SELECT was, key FROM {query} WHERE was <> key")
        self._state.make_temporary("cr_renamed", statements.respelled_keys(self._names, "cr_named AS spelled"))

    def mark_refreshed(self) -> None:
        """Stream every row's fingerprint, and compare the fingerprints in the engine of the state tables."""
        query = apart_statements.fingerprints(self._dialect, self._sync, self._rows(), self.types)
        self._stage("cr_fingerprints", {"key": "text", "fingerprint": "text", "former": "text"}, query)
        for part in self._state.dialect.parts(self._source_rows()):
            self._state.execute(apart_statements.find_refreshed(part))

    def read_offered(self, turn: int, sink: BatchSink, *, hashed_keys: bool) -> None:
        """Write the offered rows of a turn to a sink; the source is read once for all turns."""
        if self._read is None:
            self._read = self._fetch_offered(hashed_keys=hashed_keys)
        order = shared_columns(self._sync, self.types)
        if order:
            self._read_ordered(turn, sink, order)
        else:
            self._join_offered(turn, sink)

    def _read_ordered(self, turn: int, sink: BatchSink, order: Sequence[str]) -> None:
        unordered = Storage(RowFile())
        self._join_offered(turn, unordered)
        if unordered.schema is not None:
            scratch, name = self._own_scratch, f"cr_unordered_{turn}"
            scratch.register_arrow(name, unordered.rows)
            restored = Restoring(sink, unordered.schema.types)
            scratch.fetch_batches(apart_statements.ordered(scratch.dialect, name, order), _ROWS_PER_BATCH, restored)

    def _join_offered(self, turn: int, sink: BatchSink) -> None:
        if not self._read:
            return
        names, reads = zip(*self._read, strict=True)
        joined = InOrder()
        for part in self._own_scratch.dialect.parts(sum(read.rows.rows for read in reads)):
            query = apart_statements.join_offered(names, turn, repeatable=self._sync.contract.repeatable, part=part)
            self._own_scratch.fetch_batches(query, _KEYS_PER_BATCH, joined)
            joined.keep()
        for batch in whole_rows(reads, joined.batches(_ROWS_PER_BATCH)):
            sink.write(batch)

    @property
    def _own_scratch(self) -> Session:
        assert self._scratch is not None  # noqa: S101 - within `reading`
        return self._scratch

    def _fetch_offered(self, *, hashed_keys: bool) -> list[tuple[str, ReadRows]]:
        """Bring the offered rows and their ledger entries to this machine."""
        scratch, offered = self._own_scratch, RowFile()
        found: list[tuple[str, ReadRows]] = []
        self._state.fetch_batches(apart_statements.OFFERED, _KEYS_PER_BATCH, Storage(offered))
        scratch.register_arrow("cr_offered", offered)
        for number, keys in enumerate(self._key_batches(offered.rows)):
            query = apart_statements.read_source(
                self._dialect, self._sync, self._rows(), self.types, keys, bare=not hashed_keys
            )
            read = ReadRows(sum(read.rows.rows for _, read in found))
            self._source.fetch_batches(query, _ROWS_PER_FETCH, read)
            if read.rows.rows:
                name = f"cr_read_{number}"
                scratch.register_arrow(name, read.keys)
                found.append((name, read))
        return found

    def _key_batches(self, offered: int) -> Iterator[Sequence[str]]:
        """Yield the keys to read, one batch per query; one empty batch means all rows."""
        rows = self._source_rows()
        most = self._dialect.most_listed
        if offered > most * _MOST_READS or offered > max(_FEW * rows, 100):
            yield ()
            return
        keys = [key for (key,) in self._own_scratch.fetch_all("SELECT key FROM cr_offered")]
        for start in range(0, len(keys), most):
            yield keys[start : start + most]

    def _source_rows(self) -> int:
        [(rows,)] = self._state.fetch_all("SELECT count(*) FROM cr_source_keys")
        return int(rows)

    def _rows(self) -> str:
        return partition_statements.source_rows(self._dialect, self._sync, self._partition, self.types, self._spelled)

    def _stage(self, name: str, kinds: Mapping[str, str], query: str) -> None:
        self._source.fetch_batches(query, _KEYS_PER_BATCH, TemporaryTable(self._state, name, kinds))
        if analyze := self._state.dialect.analyze(name):
            self._state.execute(analyze)
