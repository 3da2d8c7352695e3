"""Rows of a source in files on this machine, and the ledger's entry for each.

Goes in: rows from `apart_statements.read_source`, and then the ledger's columns by the rows' positions. Comes out:
whole rows in the form that `SecondRead` takes. Rows never go through a join, so only one batch is in memory, even of a
million rows.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from cr_pipelines.sync.plan.apart_statements import KNOWN
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS
from cr_pipelines.warehouse import RowFile, Storage

_KEY = ["position", "key"]

_ROWS_PER_PIECE = 50_000
"""How many rows are sorted at a time; only the ledger's columns of them are in memory."""


class ReadRows:
    """A sink for the rows of one query, each of which has a position.

    Attributes:
        first: the position of the first row.
        rows: the rows without their keys, in the order of their positions.
        keys: the position and the key of each row.
    """

    def __init__(self, first: int):
        self.first = first
        self.rows = RowFile()
        self.keys = RowFile()
        self._keys = Storage(self.keys)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""
        ones = pa.repeat(pa.scalar(1, pa.int64()), batch.num_rows)
        positions = pc.cumulative_sum(ones, start=pa.scalar(self.first + self.rows.rows - 1))
        self._keys.write(pa.record_batch([positions, batch.column(0)], names=_KEY))
        self.rows.write(batch.select(list(range(1, batch.num_columns))))

    def clear(self) -> None:
        """Drop every row."""
        self.rows.clear()
        self.keys.clear()


class InOrder:
    """A sink that brings batches into the order of their first column, the position, in pieces that fit into memory.

    An engine would sort all of them at once, in memory that grows with their number. All pieces are in one file: a
    process may have few files open.
    """

    def __init__(self) -> None:
        self._rows = RowFile()
        self._places: dict[int, list[int]] = {}
        self._kept: dict[int, list[int]] = {}

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""
        batch = batch.take(pc.sort_indices(batch.column(0)))
        pieces = pc.divide(batch.column(0), pa.scalar(_ROWS_PER_PIECE, pa.int64()))
        start = 0
        counted = pc.value_counts(pieces)
        for piece, rows in zip(*(counted.field(name).to_pylist() for name in ("values", "counts")), strict=True):
            self._places.setdefault(piece, []).append(self._rows.end)
            self._rows.write(batch.slice(start, rows))
            start += rows

    def keep(self) -> None:
        """Keep the rows so far: `clear` drops later ones only."""
        for piece, places in self._places.items():
            self._kept.setdefault(piece, []).extend(places)
        self._places.clear()

    def clear(self) -> None:
        """Drop every row since the last `keep`."""
        self._places.clear()

    def batches(self, rows_per_batch: int) -> Iterator[pa.RecordBatch]:
        """Yield the kept rows in order."""
        for piece in sorted(self._kept):
            rows = pa.Table.from_batches(map(self._rows.batch_at, self._kept[piece])).sort_by("position")
            yield from rows.to_batches(rows_per_batch)


def whole_rows(reads: Iterable[ReadRows], joined: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the rows that were read and that have the ledger's columns, in the form that `SecondRead` takes.

    A joined batch has the position, in order, the columns of `KNOWN`, the planned hash and the number of the copy.
    """
    batches = chain.from_iterable(read.rows for read in reads)
    start = end = 0
    rows = None
    for known in joined:
        while known.num_rows:
            here = pc.less(known.column(0), pa.scalar(end, pa.int64())).true_count
            if rows is not None and here:
                yield _whole(rows.take(pc.subtract(known.column(0)[:here], pa.scalar(start, pa.int64()))), known[:here])
                known = known[here:]
            if known.num_rows:
                rows = next(batches)
                start, end = end, end + rows.num_rows


def _whole(rows: pa.RecordBatch, known: pa.RecordBatch) -> pa.RecordBatch:
    [fingerprint, row_hash, *values] = rows.columns
    ledger = dict(zip(KNOWN, known.columns[1:-2], strict=True)) | {"fingerprint": fingerprint, "row_hash": row_hash}
    names = [*LEDGER_COLUMNS, *rows.schema.names[2:], "planned_hash", "copy_number"]
    return pa.RecordBatch.from_arrays(
        [*(ledger[name] for name in LEDGER_COLUMNS), *values, *known.columns[-2:]], names=names
    )
