"""The offered rows of a plan, kept on disk so that neither memory nor the warehouse holds them meanwhile.

Goes in: Arrow batches. Comes out: `PlannedRow`s one by one, in the order of the plan's turns.
"""

import struct
from collections.abc import Callable, Hashable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from cr_pipelines.sync.contract.faults import Unreadable
from cr_pipelines.warehouse import RowFile


class PlannedRow(NamedTuple):
    """A source row that the plan offers, with the ledger's entry for its key.

    `values` are the source's columns in the order of the plan's columns. `was_…` are the ledger's columns, null for a
    key that is not in the ledger. `why` is how the row compares with the ledger.
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
"""The columns that come before the source's own in a spooled batch."""


_ROW_HASH = LEDGER_COLUMNS.index("row_hash")


class Section(RowFile):
    """The rows of one turn, in batches whose first columns are LEDGER_COLUMNS."""

    def planned(self) -> Iterator[PlannedRow]:
        """Yield the rows from the beginning."""
        split = len(LEDGER_COLUMNS)
        for batch in self:
            columns = [values_of(column) for column in batch.columns]
            for row in zip(*columns, strict=True):
                yield PlannedRow._make((*row[:split], row[split:]))

    def distinct(self, column: int) -> set[object]:
        """Return the distinct values of the source column at this position, except lists and other unhashable ones."""
        found: set[object] = set()
        for batch in self:
            values = values_of(batch.column(len(LEDGER_COLUMNS) + column))
            found.update(value for value in values if isinstance(value, Hashable))
        return found


class SecondRead:
    """Writes the second reading of a source to a section, and counts how it differs from the first.

    After the section's own columns, a batch has the hash from when the plan was made, and a number that distinguishes
    copies of a row. Only the first copy is kept.

    Attributes:
        changed: rows that differ from what the plan found, and further copies.
    """

    def __init__(self, section: Section):
        self._section = section
        self.changed = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""
        hashes, planned, copies = batch.column(_ROW_HASH), batch.column(-2), batch.column(-1)
        is_first = pc.equal(copies, pa.scalar(1, copies.type))
        same = pc.and_(pc.equal(hashes, planned), is_first)
        self.changed += batch.num_rows - same.true_count
        own = batch.select(list(range(batch.num_columns - 2)))
        self._section.write(own.filter(is_first))

    def clear(self) -> None:
        """Drop every row."""
        self._section.clear()
        self.changed = 0


class Spool:
    """The rows of a plan, section by section."""

    def __init__(self) -> None:
        self._sections: list[Section] = []

    @property
    def rows(self) -> int:
        """The number of rows in all sections."""
        return sum(section.rows for section in self._sections)

    def section(self) -> Section:
        """Append a section, and return it."""
        self._sections.append(Section())
        return self._sections[-1]

    def __iter__(self) -> Iterator[PlannedRow]:
        return chain.from_iterable(section.planned() for section in self._sections)

    def distinct(self, column: int) -> set[object]:
        """Return the distinct values of the source column at this position, except lists and other unhashable ones."""
        return set().union(*(section.distinct(column) for section in self._sections))

    def close(self) -> None:
        """Free the disk space."""
        for section in self._sections:
            section.close()


def values_of(column: "pa.Array[Any]") -> list[object]:
    """Return the values of an Arrow column in Python.

    A 4-byte float becomes its shortest decimal. A number of any precision, which PostgreSQL returns as text, becomes a
    Decimal.
    """
    convert = _conversion(column.type)
    try:
        values: list[object] = column.to_pylist()
    except (ValueError, OverflowError):
        values = [_value(item) for item in column]
    return values if convert is None else [convert(value) for value in values]


def _conversion(kind: pa.DataType) -> Callable[[Any], object] | None:
    """Return a function that converts a value of an Arrow type, or None if no conversion is needed."""
    if pa.types.is_float16(kind) or pa.types.is_float32(kind):
        return _not_null(_shortest[kind])
    if isinstance(kind, pa.OpaqueType) and kind.type_name == "numeric":
        return _not_null(Decimal)
    if pa.types.is_struct(kind):
        fields = {field.name: convert for field in kind if (convert := _conversion(field.type)) is not None}
        return _not_null(lambda value: _converted(value, fields)) if fields else None
    if pa.types.is_map(kind):
        keys, values = (_conversion(side) or _same for side in (kind.key_type, kind.item_type))
        if keys is _same and values is _same:
            return None
        return _not_null(lambda value: [(keys(key), values(entry)) for key, entry in value])
    if isinstance(kind, _LISTS) and (convert := _conversion(kind.value_type)) is not None:
        return _not_null(lambda value: [convert(entry) for entry in value])
    return None


_LISTS = (pa.ListType, pa.LargeListType, pa.FixedSizeListType)


def _not_null(convert: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda value: value if value is None or isinstance(value, Unreadable) else convert(value)


def _same(value: object) -> object:
    return value


def _converted(value: dict[str, object], fields: Mapping[str, Callable[[Any], object]]) -> dict[str, object]:
    return {name: fields[name](entry) if name in fields else entry for name, entry in value.items()}


def _shortest_decimal(layout: str) -> Callable[[float], float]:
    """Return a function that turns a 4-byte float into the double with the fewest digits that rounds to it."""

    def shorten(value: float) -> float:
        if value != value or value.is_integer() or abs(value) == float("inf"):
            return value
        exact = struct.pack(layout, value)
        for digits in range(1, 9):
            short = float(f"{value:.{digits}g}")
            if struct.pack(layout, short) == exact:
                return short
        return float(f"{value:.9g}")

    return shorten


_shortest = {pa.float16(): _shortest_decimal("e"), pa.float32(): _shortest_decimal("f")}


def _value(item: Any) -> object:
    try:
        return item.as_py()
    except (ValueError, OverflowError):
        return Unreadable()
