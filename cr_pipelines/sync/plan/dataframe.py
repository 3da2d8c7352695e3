"""A data frame as a source.

Goes in: a pandas DataFrame or an Arrow table. Comes out: an Arrow table that a session of any engine can register for
the plan, or an error that names the column and row of a cell that cannot be sent, but never its value.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from cr_pipelines.sync.contract import canonical_id
from cr_pipelines.sync.contract.faults import Unreadable, describe_type
from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.plan.spool import values_of
from cr_pipelines.warehouse.dialect import SUBSTITUTE

if TYPE_CHECKING:
    import pandas as pd

FRAME = "cr_data_frame"
"""The name of a frame in the warehouse while a run reads it."""


class _Unsendable(Exception):
    """A cell, or something in it, that JSON cannot represent."""


def as_arrow(frame: "pd.DataFrame | pa.Table") -> pa.Table:
    """Return a frame in a form that the warehouse can read, without its index.

    NaN, NaT, NA and None become null. Dicts, structs and maps become JSON text, so that a key missing from one dict
    does not become a null. Raises SourceUnusable for a column with values of several types, for a cell that cannot be
    sent, and for two columns whose names differ only in case.
    """
    if isinstance(frame, pa.Table):
        names = list(frame.column_names)
        columns = [_sendable(name, column) for name, column in zip(names, frame.columns, strict=True)]
    else:
        names = [str(name) for name in frame.columns]
        columns = [_column(name, frame.iloc[:, position]) for position, name in enumerate(names)]
    _check_names(names)
    return pa.table(dict(zip(names, columns, strict=True)))


def _check_names(names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.lower())
        seen[name.lower()] = name
        if other == name:
            raise SourceUnusable(f"the data frame has two columns with the same name, {name}; drop one of them")
        if other is not None:
            raise SourceUnusable(
                f"the data frame has the columns {other} and {name}, which differ in case only; drop one of them"
            )


def _column(name: str, series: "pd.Series[Any]") -> Any:
    if series.dtype == object and any(_is_nested(cell) for cell in series):
        return pa.array(_json(name, series), pa.string())
    if series.dtype == object:
        _check_cells(name, series)
    try:
        column = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # Its message quotes a value.
        raise SourceUnusable(
            f"column {name} of the data frame holds values of several types; convert it to one type, as with "
            f"frame[{name!r}].astype(str)"
        ) from None
    return _sendable(name, column)


def _sendable(name: str, column: Any) -> Any:
    """Return an Arrow column with a type that every engine reads."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _sendable(name, column.cast(kind.value_type))
    if isinstance(kind, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        if not pa.types.is_string(kind.storage_type):
            raise SourceUnusable(
                f"column {name} of the data frame has the type {kind}, which cannot be sent; convert it, as with "
                f"frame[{name!r}].astype(str)"
            )
        return column.cast(kind.storage_type)
    if _has_fields(kind):
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        return pa.array(_json(name, (cell for chunk in chunks for cell in values_of(chunk))), pa.string())
    if _is_text(kind):
        return _without_nul(column)
    if pa.types.is_decimal256(kind):
        # No engine reads it.
        return _narrowed(column)
    other = _OTHER_TYPES.get(kind)
    if other is not None:
        return column.cast(other)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    return column


def _narrowed(column: Any) -> Any:
    """Return decimals of up to 76 digits as decimals of up to 38 digits, or as text if any has more."""
    try:
        return column.cast(pa.decimal128(38, column.type.scale))
    except pa.ArrowException:
        return pa.array([None if value is None else canonical_id(value) for value in column.to_pylist()], pa.string())


_OTHER_TYPES = {
    pa.null(): pa.string(),
    # No engine reads it.
    pa.float16(): pa.float32(),
    # PostgreSQL has no unsigned integers: the upper half would be negative.
    pa.uint64(): pa.decimal128(20, 0),
}


def _has_fields(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return True
    return isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType) and _has_fields(kind.value_type)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _without_nul(column: Any) -> Any:
    found = pc.any(pc.match_substring(column, "\0")).as_py()
    return pc.replace_substring(column, "\0", SUBSTITUTE) if found else column


def _check_cells(name: str, series: Iterable[Any]) -> None:
    """Refuse cells that Arrow would misread, such as a set, which it would turn into a list in arbitrary order."""
    for position, cell in enumerate(series, start=1):
        if isinstance(cell, set | frozenset) or _is_type(cell, "Period", "Interval"):
            raise _unsendable(name, position, cell)


def _is_nested(cell: object) -> bool:
    return isinstance(cell, Mapping) or (_is_sequence(cell) and any(map(_is_nested_entry, _entries(cell))))


def _is_nested_entry(entry: object) -> bool:
    # A map of a Parquet file is a list of pairs.
    return isinstance(entry, Mapping | tuple) or _is_nested(entry)


def _is_sequence(cell: object) -> bool:
    return isinstance(cell, list | tuple) or _is_type(cell, "ndarray")


def _entries(cell: Any) -> Iterable[Any]:
    return cell if isinstance(cell, list | tuple) else cell.reshape(-1) if cell.ndim == 0 else cell


def _is_type(cell: object, *names: str) -> bool:
    # By name: pandas and NumPy need not be imported.
    return type(cell).__name__ in names


def _is_missing(cell: object) -> bool:
    if cell is None or _is_type(cell, "NAType", "NaTType"):
        return True
    return isinstance(cell, float | Decimal) and cell != cell


def _json(name: str, cells: Iterable[Any]) -> list[str | None]:
    """Return nested cells as JSON text. Raises SourceUnusable with the row of a cell that JSON cannot represent."""
    texts: list[str | None] = []
    for position, cell in enumerate(cells, start=1):
        try:
            texts.append(None if _is_missing(cell) else json.dumps(_plain(cell)))
        except _Unsendable as fault:
            raise _unsendable(name, position, fault.args[0]) from None
    return texts


def _unsendable(name: str, position: int, cell: object) -> SourceUnusable:
    what = describe_type(cell) if isinstance(cell, Unreadable) else f"a {type(cell).__name__}"
    return SourceUnusable(
        f"column {name} of the data frame holds {what} in row {position}, which cannot be sent; "
        "convert it to text, a number, a list or a dict"
    )


def _plain(cell: Any) -> Any:
    """Return the cell in JSON's types. Raises _Unsendable with the innermost value that JSON cannot represent."""
    if isinstance(cell, Mapping):
        return {str(key): _plain(value) for key, value in cell.items()}
    if _is_sequence(cell):
        entries = list(_entries(cell))
        if entries and all(isinstance(entry, tuple) and len(entry) == 2 for entry in entries):
            return {str(key): _plain(value) for key, value in entries}
        return [_plain(entry) for entry in entries]
    if _is_missing(cell):
        return None
    for kinds, write in _WRITERS:
        if isinstance(cell, kinds):
            return write(cell)
    if _is_type(cell, "float16", "float32", "datetime64"):
        # Its `item` would have more digits, or nanoseconds.
        return _plain(float(str(cell))) if _is_type(cell, "float16", "float32") else str(cell)
    if hasattr(cell, "item") and hasattr(cell, "dtype"):
        return _plain(cell.item())
    raise _Unsendable(cell)


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((str, bool, int, float), lambda cell: cell),
    ((Decimal, UUID), canonical_id),
    ((date, time), lambda cell: cell.isoformat()),
)
