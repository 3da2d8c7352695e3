"""Move rows from one engine to another, through temporary tables filled with batches.

Goes in: Arrow batches of a source. Comes out: a temporary table of a session, and a private DuckDB session that joins
such tables on this machine, in little memory, for engines that cannot see each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from cr_pipelines.warehouse.row_file import RowFile
from cr_pipelines.warehouse.session import BatchSink, Session, StateSession
from cr_pipelines.warehouse.spill import private_folder

_KINDS: dict[str, pa.DataType] = {"text": pa.string(), "bigint": pa.int64(), "integer": pa.int32()}


class TemporaryTable:
    """A sink that writes its rows to a temporary table of a session.

    Without `kinds`, the columns have the names and the types of the first batch, which creates the table. With `kinds`,
    the table exists at once, and columns are taken by position and cast.
    """

    def __init__(self, session: StateSession, name: str, kinds: Mapping[str, str] | None = None):
        self._session = session
        self.name = name
        self._kinds = kinds
        self.schema: pa.Schema | None = None
        self.rows = 0
        if kinds is not None:
            described = ", ".join(
                f"{session.dialect.identifier(column)} {session.dialect.types[kind]}" for column, kind in kinds.items()
            )
            session.execute(f"CREATE TEMPORARY TABLE {name} ({described})")

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        if self._kinds is not None:
            names = list(self._kinds)
            columns = [
                _storage(column).cast(_KINDS[kind])
                for column, kind in zip(batch.columns, self._kinds.values(), strict=True)
            ]
            rows = pa.table(dict(zip(names, columns, strict=True)))
        else:
            rows = pa.table(dict(zip(batch.schema.names, map(_storage, batch.columns), strict=True)))
        self._session.append_temporary(self.name, rows, create=self._kinds is None and self.schema is None)
        self.schema = batch.schema
        self.rows += batch.num_rows

    def clear(self) -> None:
        """Delete every row."""
        self.rows = 0
        if self._kinds is not None or self.schema is not None:
            self._session.execute(f"DELETE FROM {self.name}")


class Storage:
    """A sink that writes a file of rows with columns of plain types, which every engine reads.

    Attributes:
        rows: the file.
        schema: the original types of the columns.
    """

    def __init__(self, rows: RowFile):
        self.rows = rows
        self.schema: pa.Schema | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch to the file."""
        self.schema = batch.schema
        self.rows.write(pa.record_batch([_storage(column) for column in batch.columns], names=batch.schema.names))

    def clear(self) -> None:
        """Pass it on."""
        self.rows.clear()


class Restoring:
    """A sink that restores the Arrow types that columns had before they went through another engine."""

    def __init__(self, sink: BatchSink, types: Sequence[pa.DataType | None]):
        self._sink = sink
        self._types = types

    def write(self, batch: pa.RecordBatch) -> None:
        """Pass a batch on."""
        columns = [_restored(column, kind) for column, kind in zip(batch.columns, self._types, strict=True)]
        self._sink.write(pa.RecordBatch.from_arrays(columns, names=batch.schema.names))

    def clear(self) -> None:
        """Pass it on."""
        self._sink.clear()


@contextmanager
def scratch_session() -> Iterator[Session]:
    """Open a DuckDB session without a file, which spills to a folder that only this user can read."""
    # Imported late, like every driver.
    from cr_pipelines.warehouse.duckdb import open_in_memory

    with private_folder() as folder, open_in_memory(folder) as session:
        yield session


def _storage(column: "pa.Array[Any]") -> "pa.Array[Any]":
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _restored(column: "pa.Array[Any]", kind: pa.DataType | None) -> "pa.Array[Any]":
    if kind is None or column.type == kind:
        return column
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, _storage(column).cast(kind.storage_type))
    return column.cast(kind)
