"""Rows on disk, so that neither memory nor an engine holds them in the meantime.

Goes in: Arrow batches. Comes out: the same batches, as often as needed, also for statements of a DuckDB session.
"""

import io
import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from typing_extensions import override

from cr_pipelines.warehouse.errors import WarehouseError


class RowFile:
    """A sink for batches of one schema.

    The file has no name: its personal data disappears with the process, even after a kill -9.
    """

    def __init__(self) -> None:
        self._create()

    def _create(self) -> None:
        self._descriptor, path = tempfile.mkstemp(prefix="cr_pipelines")
        # An engine may be the last one to read it.
        self._closed = weakref.finalize(self, os.close, self._descriptor)
        try:
            # Arrow's own file writes while other threads run Python.
            self._file = pa.OSFile(path, "wb")
        finally:
            Path(path).unlink()
        self._writer: pa.RecordBatchStreamWriter | None = None
        self.schema: pa.Schema | None = None
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        try:
            if self._writer is None:
                self._writer = pa.ipc.new_stream(self._file, batch.schema)
                self.schema = batch.schema
            self._writer.write_batch(batch)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else error
            raise WarehouseError(
                f"cannot store rows in {tempfile.gettempdir()}: {reason}; make room there, or set TMPDIR to another "
                "folder"
            ) from None
        self.rows += batch.num_rows

    def clear(self) -> None:
        """Drop every row."""
        self.close()
        self._create()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches from the beginning."""
        return iter(()) if self.schema is None or self._writer is None else iter(self._open())

    @property
    def end(self) -> int:
        """Where the next batch will be, for `batch_at`."""
        return int(self._file.tell())

    def batch_at(self, position: int) -> pa.RecordBatch:
        """Return the batch that was written when `end` was at this position."""
        reading = _Reading(self._descriptor, position)
        message = pa.ipc.read_message(reading)
        # The first batch comes after the schema.
        if message.type == "schema":
            message = pa.ipc.read_message(reading)
        assert self.schema is not None  # noqa: S101 - a batch was written
        return pa.ipc.read_record_batch(message, self.schema)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the batches from the beginning, in the form that engines take."""
        return self._open().__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]

    def _open(self) -> pa.RecordBatchStreamReader:
        if self._writer is not None:
            self._writer.close()
        return pa.ipc.open_stream(_Reading(self._descriptor))

    def close(self) -> None:
        """Free the disk space."""
        self._file.close()
        self._closed()


class _Reading(io.RawIOBase):
    """A reading of the file with its own position."""

    def __init__(self, descriptor: int, position: int = 0):
        self._descriptor = descriptor
        self._position = position

    @override
    def readable(self) -> bool:
        return True

    @override
    def read(self, size: int = -1) -> bytes:
        # A file that only one process writes has every requested byte, except at its end.
        found = os.pread(self._descriptor, size, self._position)
        self._position += len(found)
        return found
