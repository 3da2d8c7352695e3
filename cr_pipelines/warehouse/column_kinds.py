"""Rows of Python values as a typed relation, for when no description of the columns can be trusted.

Goes in: rows as a driver returns them, batch by batch. Comes out: a relation of a DuckDB session, whose columns have
the narrowest type that holds every value: a column widens when a batch needs it.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from numbers import Number
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cr_pipelines.warehouse.dialect import SUBSTITUTE, Dialect
from cr_pipelines.warehouse.errors import WarehouseError
from cr_pipelines.warehouse.row_file import RowFile
from cr_pipelines.warehouse.session import Session

_SURROGATE = re.compile(r"[\ud800-\udfff]")

_BYTES_PER_WRITE = 2 << 20
"""Batches are gathered until they have this many bytes: readers take more time for many small batches."""

_DIGITS = 38
_EXACT = 2**53
_LARGEST_WHOLE = 8e34

_TYPES: dict[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("us", "UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.time64("us"): "TIME",
}

_CERTAIN = (pa.string(), pa.null())
"""What Arrow infers only if every value has the type. It makes numbers of UUIDs among numbers, and dates of moments."""

_BYTES = (bytes, bytearray, memoryview)


class _TooLarge(Exception):
    """One array of Arrow cannot hold the values of a column."""


class LoadedRows:
    """A relation of a DuckDB session that rows are loaded into. The rows are in separate files.

    A new file begins when a column has to widen; the relation shows the earlier rows in the wider type, too.
    """

    def __init__(self, session: Session, name: str, columns: Sequence[str]):
        self._session = session
        self._name = name
        self._kinds: dict[str, pa.DataType] = dict.fromkeys(columns, pa.null())
        self._largest: dict[str, Decimal] = dict.fromkeys(columns, Decimal(0))
        self._files: list[RowFile] = []
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = 0

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows, and widen columns as needed."""
        columns = zip(self._kinds, zip(*rows, strict=True), strict=True)
        arrays = [self._column_of(name, values) for name, values in columns]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(self._kinds))
        if self._waiting_bytes >= _BYTES_PER_WRITE or (self._waiting and batch.schema != self._waiting[0].schema):
            self._write()
        self._waiting.append(batch)
        self._waiting_bytes += batch.get_total_buffer_size()

    def _column_of(self, name: str, values: Sequence[Any]) -> "pa.Array[Any]":
        """Return a column in the relation's type, which widens as needed."""
        try:
            column = _arrow(values)
        except _TooLarge:
            raise WarehouseError(
                f"{name} has more than 2 GB in {len(values)} rows; leave it out of the view, or shorten its values"
            ) from None
        if column.type != self._kinds[name]:
            self._kinds[name] = self._widened(name, column)
        elif _is_exact(column.type):
            self._note_largest(name, column)
        return column if column.type == self._kinds[name] else _as_type(values, column, self._kinds[name])

    def _write(self) -> None:
        """Write the waiting batches, which have one schema."""
        if not self._files or self._files[-1].schema != self._waiting[0].schema:
            self._files.append(RowFile())
        for batch in pa.Table.from_batches(self._waiting).combine_chunks().to_batches():
            self._files[-1].write(batch)
        self._waiting, self._waiting_bytes = [], 0

    def end(self, declared: Mapping[str, str]) -> None:
        """Make the relation, replacing an existing one.

        A text column gets its declared type if every value has that type. If some have, only their spelling is that
        of the type, so that one bad value does not change the fingerprints of the other rows.
        """
        if self._waiting:
            self._write()
        for number, file in enumerate(self._files):
            self._session.register_arrow(f"{self._name}_{number}", file)
        self._make_view({})
        forms = {
            name: self._form(name, kind) for name, kind in declared.items() if self._kinds.get(name) == pa.string()
        }
        if forms:
            self._make_view(forms)

    def _form(self, name: str, kind: str) -> str:
        """Return the SQL for a text column that is declared to have a type."""
        spelled = f"CAST(TRY_CAST({self._quoted(name)} AS {kind}) AS VARCHAR)"
        # A date that has a time would lose it.
        bad = f"{spelled} IS DISTINCT FROM {self._quoted(name)}" if kind == "DATE" else f"{spelled} IS NULL"
        if self._session.fetch_all(
            f"SELECT 1 FROM {self._name} WHERE {self._quoted(name)} IS NOT NULL AND {bad} LIMIT 1"
        ):
            return "{0}" if kind == "DATE" else f"coalesce(CAST(TRY_CAST({{0}} AS {kind}) AS VARCHAR), {{0}})"
        return f"CAST({{0}} AS {kind})"

    def _make_view(self, forms: Mapping[str, str]) -> None:
        parts = []
        for number, file in enumerate(self._files):
            assert file.schema is not None  # noqa: S101 - no file without a row
            columns = (self._column(name, file.schema.field(name).type, forms.get(name)) for name in self._kinds)
            parts.append(f"SELECT {', '.join(columns)} FROM {self._name}_{number}")
        none = (f"CAST(NULL AS VARCHAR) AS {self._quoted(name)}" for name in self._kinds)
        query = " UNION ALL ".join(parts) or f"SELECT {', '.join(none)} WHERE false"
        self._session.execute(f"CREATE OR REPLACE TEMPORARY VIEW {self._name} AS {query}")

    def _column(self, name: str, stored: pa.DataType, form: str | None) -> str:
        """Return a column of a file in the relation's type."""
        quoted, kind = self._quoted(name), self._kinds[name]
        if kind == stored and form is None and not pa.types.is_null(kind):
            return quoted
        value = _text(self._session.dialect, name, stored) if kind == pa.string() else quoted
        value = f"CAST({value} AS {_type_name(kind)})"
        return f"{form.format(value) if form else value} AS {quoted}"

    def _widened(self, name: str, column: "pa.Array[Any]") -> pa.DataType:
        """Return the narrowest type for all values so far, including those of the next rows."""
        kind: pa.DataType = self._kinds[name]
        other: pa.DataType = column.type
        if pa.types.is_null(other):
            return kind
        if _is_exact(other):
            self._note_largest(name, column)
        if pa.types.is_null(kind):
            return other
        kinds, largest = {kind, other}, self._largest[name]
        if kinds == {pa.int64(), pa.float64()}:
            return pa.float64() if largest <= _EXACT else pa.string()
        if _is_exact(kind) and _is_exact(other):
            scale = max(each.scale for each in kinds if pa.types.is_decimal(each))
            return pa.decimal128(_DIGITS, scale) if largest.adjusted() + 1 + scale <= _DIGITS else pa.string()
        return pa.string()

    def _note_largest(self, name: str, column: "pa.Array[Any]") -> None:
        found = (pc.min(column).as_py(), pc.max(column).as_py())
        self._largest[name] = max(self._largest[name], *(Decimal(value or 0).copy_abs() for value in found))

    def _quoted(self, name: str) -> str:
        return self._session.dialect.identifier(name)


def _is_exact(kind: pa.DataType) -> bool:
    return kind == pa.int64() or pa.types.is_decimal(kind)


def _text(dialect: Dialect, name: str, kind: pa.DataType) -> str:
    """Return the SQL for a column as text, spelled as `_written` does."""
    quoted = dialect.identifier(name)
    if kind == pa.binary():
        return f"chr({ord(SUBSTITUTE)}) || lower(hex({quoted}))"
    if _is_exact(kind) or kind == pa.float64():
        spelled = dialect.spelled(name, _type_name(kind).partition("(")[0])
        # NaN and infinity have no spelling.
        return f"coalesce({spelled}, chr({ord(SUBSTITUTE)}) || CAST({quoted} AS VARCHAR))"
    return quoted


def _type_name(kind: pa.DataType) -> str:
    return f"DECIMAL({_DIGITS},{kind.scale})" if pa.types.is_decimal(kind) else _TYPES.get(kind, "VARCHAR")


def _arrow(values: Sequence[Any]) -> "pa.Array[Any]":
    """Return a column of a type of `_TYPES`, of decimals or of nulls; of text if the values have several types."""
    column = _array(values)
    if column is not None and column.type in _CERTAIN:
        return column if pa.types.is_null(column.type) else _without_nul(column)
    kinds = {_base(kind) for kind in set(map(type, values)) if kind is not type(None)}
    if len(kinds) > 1:
        return _texts(values)
    if column is None and kinds == {Number}:
        column = _array([Decimal(value) if type(value) is int else value for value in values])
    if column is None:
        return _texts(values)
    kind = column.type
    if pa.types.is_decimal128(kind) and 0 <= kind.scale <= _DIGITS and kind.precision <= _DIGITS:
        return _decimals(column)
    if pa.types.is_temporal(kind):
        return _times(values, column)
    return column if kind in _TYPES else _texts(values)


def _base(kind: type) -> type:
    """Return what a type and others that Arrow reads alike have in common."""
    if issubclass(kind, _BYTES):
        return bytes
    return next((base for base in (bool, Number, datetime) if issubclass(kind, base)), kind)


def _times(values: Sequence[Any], column: "pa.Array[Any]") -> "pa.Array[Any]":
    """Return dates, times or moments, or text if Arrow has dropped the zone of any."""
    kind: Any = column.type
    zones = {getattr(value, "tzinfo", None) is not None for value in values if value is not None}
    if len(zones) > 1 or (zones == {True} and not pa.types.is_timestamp(kind)):
        return _texts(values)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False)
    return column if kind in _TYPES else _texts(values)


def _array(values: Sequence[Any]) -> "pa.Array[Any] | None":
    try:
        found: Any = pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeError):
        return None
    if isinstance(found, pa.ChunkedArray):
        raise _TooLarge
    array: pa.Array[Any] = found
    return array


def _decimals(column: "pa.Array[Any]") -> "pa.Array[Any]":
    try:
        return column.cast(pa.decimal128(_DIGITS, column.type.scale))
    except pa.ArrowException:
        return column.cast(pa.string())


def _as_type(values: Sequence[Any], column: "pa.Array[Any]", kind: pa.DataType) -> "pa.Array[Any]":
    if kind == pa.string():
        return _texts(values)
    if pa.types.is_integer(column.type) and pa.types.is_decimal(kind):
        # Arrow would refuse where the largest whole number of its type would not fit.
        column = column.cast(pa.decimal128(_DIGITS, 0))
    return column.cast(kind)


def _texts(values: Sequence[Any]) -> "pa.Array[Any]":
    written = [_written(value) for value in values]
    return pa.array([None if text is None else text.replace("\0", SUBSTITUTE) for text in written], pa.string())


def _without_nul(column: "pa.Array[Any]") -> "pa.Array[Any]":
    return pc.replace_substring(column, "\0", SUBSTITUTE) if _has_nul(column) else column


def _has_nul(column: "pa.Array[Any]") -> bool:
    *_, characters = column.buffers()
    return characters is not None and b"\0" in characters.to_pybytes()


def _written(value: Any) -> str | None:
    """Return a value as text: a number in its canonical spelling, a nested value as JSON."""
    match value:
        case None:
            return None
        case str():
            return value if value.isascii() else _SURROGATE.sub(SUBSTITUTE, value)
        case bool():
            return "true" if value else "false"
        case float() | Decimal() if not math.isfinite(value):
            return f"{SUBSTITUTE}{str(value).lower()}"
        case float() if value.is_integer() and abs(value) < _LARGEST_WHOLE:
            return str(int(value))
        case Decimal():
            text = format(value or Decimal(0), "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case bytes() | bytearray() | memoryview():
            return f"{SUBSTITUTE}{bytes(value).hex()}"
        case datetime() if value.tzinfo is not None:
            return f"{_written(value.astimezone(UTC).replace(tzinfo=None))}+00"
        case datetime() | time_of_day():
            text = value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
            return text.rstrip("0") if "." in text else text
        case timedelta():
            return _written_time(value)
        case date():
            return value.isoformat()
        case dict() | list() | tuple():
            return _SURROGATE.sub(SUBSTITUTE, json.dumps(value, default=_written, ensure_ascii=False))
        case _:
            return str(value)


def _written_time(value: timedelta) -> str:
    """Return a time of day or an interval, which MariaDB's drivers return alike, as hours, minutes and seconds."""
    seconds, microseconds = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    fraction = f".{microseconds:06}".rstrip("0").rstrip(".")
    sign = "-" if value < timedelta(0) else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
