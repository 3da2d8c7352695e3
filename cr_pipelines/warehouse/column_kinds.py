"""Rows of Python values as a typed table, when no description of the columns can be trusted.

Goes in: rows as a driver returns them, batch by batch. Comes out: a temporary table of a DuckDB session, whose columns
have the narrowest type that holds every value: a column widens when a batch needs it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cr_pipelines.warehouse.session import Session

_SUBSTITUTE = "\x1a"
"""What ASCII has for a character that cannot be kept; it makes its row invalid."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")

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


class LoadedTable:
    """A temporary table that rows are loaded into."""

    def __init__(self, session: Session, name: str):
        self._session = session
        self._name = name
        self._kinds: dict[str, pa.DataType] = {}

    def begin(self, names: Sequence[str]) -> None:
        """Make the table, in place of one that is there, with columns of no type yet."""
        self._kinds = dict.fromkeys(names, pa.null())
        described = ", ".join(f"{self._quoted(name)} VARCHAR" for name in names)
        self._session.execute(f"DROP TABLE IF EXISTS {self._name}")
        self._session.execute(f"CREATE TEMPORARY TABLE {self._name} ({described})")

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows, and widen columns as they need."""
        columns = []
        for (name, kind), values in zip(self._kinds.items(), zip(*rows, strict=True), strict=True):
            column = _arrow(values)
            wider = self._widened(name, kind, column)
            if wider != kind:
                self._alter(name, kind, wider)
            columns.append(column if column.type == wider else _as_type(values, column, wider))
        names = list(self._kinds)
        self._session.append_temporary(self._name, pa.table(dict(zip(names, columns, strict=True))))

    def end(self, declared: Mapping[str, str]) -> None:
        """Give text columns a declared type, by column, if every value has it."""
        for name, kind in declared.items():
            if self._kinds.get(name) != pa.string():
                continue
            quoted = self._quoted(name)
            unfit = f"SELECT 1 FROM {self._name} WHERE {quoted} IS NOT NULL AND TRY_CAST({quoted} AS {kind}) IS NULL"
            if not self._session.fetch_all(f"{unfit} LIMIT 1"):
                self._session.execute(f"ALTER TABLE {self._name} ALTER {quoted} TYPE {kind}")

    def _widened(self, name: str, kind: pa.DataType, column: "pa.Array[Any]") -> pa.DataType:
        other: pa.DataType = column.type
        if kind == other or pa.types.is_null(other):
            return kind
        if pa.types.is_null(kind):
            return other
        numbers = {kind, other}
        if numbers == {pa.int64(), pa.float64()}:
            return pa.float64() if self._is_exact(name, kind, column) else pa.string()
        exact = [each for each in numbers if pa.types.is_decimal(each)]
        if exact and len(exact) + (pa.int64() in numbers) == len(numbers):
            return pa.decimal128(_DIGITS, max(each.scale for each in exact))
        return pa.string()

    def _is_exact(self, name: str, kind: pa.DataType, column: "pa.Array[Any]") -> bool:
        """Return whether the whole numbers of a column, those in the table or in the batch, are exact as doubles."""
        if kind == pa.int64():
            stored = f"max(abs(CAST({self._quoted(name)} AS DOUBLE)))"
            [(largest,)] = self._session.fetch_all(f"SELECT {stored} FROM {self._name}")
        else:
            largest = pc.max(pc.abs(pc.cast(column, pa.float64()))).as_py()
        return bool((largest or 0) <= _EXACT)

    def _alter(self, name: str, kind: pa.DataType, wider: pa.DataType) -> None:
        quoted = self._quoted(name)
        to = _type_name(wider)
        using = quoted
        if wider == pa.string() and not pa.types.is_null(kind):
            using = self._session.dialect.spelled(name, _type_name(kind).partition("(")[0])
        self._session.execute(f"ALTER TABLE {self._name} ALTER {quoted} TYPE {to} USING CAST({using} AS {to})")
        self._kinds[name] = wider

    def _quoted(self, name: str) -> str:
        return self._session.dialect.identifier(name)


def _type_name(kind: pa.DataType) -> str:
    return f"DECIMAL({_DIGITS},{kind.scale})" if pa.types.is_decimal(kind) else _TYPES.get(kind, "VARCHAR")


def _arrow(values: Sequence[Any]) -> "pa.Array[Any]":
    """Return a column of a type of `_TYPES`, of decimals or of nulls; of text if the values have several types."""
    try:
        column: pa.Array[Any] = pa.array(_large(values))
    except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeError):
        return _texts(values)
    kind = column.type
    if kind in _TYPES:
        return _without_nul(column) if kind == pa.string() else column
    if pa.types.is_decimal128(kind) and 0 <= kind.scale <= _DIGITS and kind.precision <= _DIGITS:
        return _decimals(column)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False)
    return column if pa.types.is_null(kind) else _texts(values)


def _large(values: Sequence[Any]) -> Sequence[Any]:
    """Return values with whole numbers as decimals where one of them is too large for 64 bits."""
    if isinstance(values[0], int | None) and any(
        type(value) is int and not -(2**63) <= value < 2**63 for value in values
    ):
        return [Decimal(value) if type(value) is int else value for value in values]
    return values


def _decimals(column: "pa.Array[Any]") -> "pa.Array[Any]":
    try:
        return column.cast(pa.decimal128(_DIGITS, column.type.scale))
    except pa.ArrowException:
        return column.cast(pa.string())


def _as_type(values: Sequence[Any], column: "pa.Array[Any]", kind: pa.DataType) -> "pa.Array[Any]":
    return _texts(values) if kind == pa.string() else column.cast(kind)


def _texts(values: Sequence[Any]) -> "pa.Array[Any]":
    written = [_written(value) for value in values]
    return pa.array([None if text is None else text.replace("\0", _SUBSTITUTE) for text in written], pa.string())


def _without_nul(column: "pa.Array[Any]") -> "pa.Array[Any]":
    found = pc.any(pc.match_substring(column, "\0")).as_py()
    return pc.replace_substring(column, "\0", _SUBSTITUTE) if found else column


def _written(value: Any) -> str | None:
    """Return a value as text: a number in its only spelling, a nested value as JSON."""
    match value:
        case None:
            return None
        case str():
            return value if value.isascii() else _SURROGATE.sub(_SUBSTITUTE, value)
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < _LARGEST_WHOLE:
            return str(int(value))
        case Decimal() if value.is_finite():
            text = format(value, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case datetime() | date() | time_of_day():
            return value.isoformat()
        case dict() | list() | tuple():
            return json.dumps(value, default=_written, ensure_ascii=False)
        case _:
            return str(value)
