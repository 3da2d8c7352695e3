import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa


class PlannedRow(NamedTuple):
    """A source row that the plan offers, with where its key stood before.

    `values` are the source's columns in the order of the plan's columns; `was_…` are the ledger's, null for
    a key that it does not have. `why` is how the row compares with the ledger.
    """

    key: str
    why: str
    fingerprint: str
    row_hash: int
    was_status: str | None
    was_fingerprint: str | None
    was_delivered: str | None
    was_message: str | None
    was_not_found_runs: int | None
    values: tuple[object, ...]


LEDGER_COLUMNS = PlannedRow._fields[:-1]
"""The columns that stand before the source's own in a spooled batch."""


class Spool:
    """The rows of a plan, on disk, so that neither memory nor the warehouse holds them while they are sent.

    The file has no name: its personal data is gone with the process, even after a kill -9.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="cr_pipelines")  # noqa: SIM115
        self._writer: pa.RecordBatchStreamWriter | None = None
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch whose first columns are LEDGER_COLUMNS."""
        if self._writer is None:
            self._writer = pa.ipc.new_stream(self._file, batch.schema)
        self._writer.write_batch(batch)
        self.rows += batch.num_rows

    def clear(self) -> None:
        """Forget every row."""
        self._writer = None
        self.rows = 0
        self._file.seek(0)
        self._file.truncate()

    def __iter__(self) -> Iterator[PlannedRow]:
        if self._writer is None:
            return
        self._writer.close()
        self._file.seek(0)
        split = len(LEDGER_COLUMNS)
        for batch in pa.ipc.open_stream(self._file):
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                yield PlannedRow._make((*row[:split], row[split:]))

    def distinct(self, column: int) -> list[object]:
        """The distinct values of the source column at this position."""
        if self._writer is None:
            return []
        self._writer.close()
        self._file.seek(0)
        values: dict[object, None] = {}
        for batch in pa.ipc.open_stream(self._file):
            values.update(dict.fromkeys(batch.column(len(LEDGER_COLUMNS) + column).unique().to_pylist()))
        return list(values)

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()
