"""Sinks for the conformance suite.

Goes in: the batches of a query. Comes out: their rows, or their number and the memory that they took.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa


class Collected:
    """A sink that keeps its batches."""

    def __init__(self) -> None:
        self.batches: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Keep a batch."""
        self.batches.append(batch)

    def clear(self) -> None:
        """Keep nothing."""
        self.batches.clear()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every row, by column name in lower case."""
        return [{name.lower(): value for name, value in row.items()} for b in self.batches for row in b.to_pylist()]


class Measured:
    """A sink that discards its rows, and remembers their number and the memory that the process used."""

    def __init__(self) -> None:
        self.rows = self.largest_batch = self.peak = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Count a batch."""
        self.rows += batch.num_rows
        self.largest_batch = max(self.largest_batch, batch.num_rows)
        self.peak = max(self.peak, resident_bytes())

    def clear(self) -> None:
        """Reset the count."""
        self.rows = self.largest_batch = 0


def resident_bytes() -> int:
    """The process's resident memory; 0 where the system has no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0
