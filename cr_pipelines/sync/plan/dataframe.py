"""A data frame as a source.

Goes in: a pandas DataFrame or an Arrow table. Comes out: an Arrow table that a session can register for the plan.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cr_pipelines.sync.errors import SourceUnusable

if TYPE_CHECKING:
    import pandas as pd

FRAME = "cr_data_frame"
"""The name of a frame in the warehouse while a run reads it."""


def as_arrow(frame: "pd.DataFrame | pa.Table") -> pa.Table:
    """Return a frame as the warehouse can read it, without its index.

    NaN, NaT and None become null. Cells with dicts become JSON text, so that a key that one dict lacks is not a null in
    it. Raises SourceUnusable for a column that holds values of several types.
    """
    if isinstance(frame, pa.Table):
        return frame
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise SourceUnusable("the data frame has two columns with the same name; drop one of them")
    columns = [_column(name, frame.iloc[:, position]) for position, name in enumerate(names)]
    return pa.table(dict(zip(names, columns, strict=True)))


def _column(name: str, series: "pd.Series[Any]") -> Any:
    cells: Any = series
    if series.dtype == object and any(_nested(cell) for cell in series):
        cells = [None if _missing(cell) else json.dumps(_plain(cell)) for cell in series]
    try:
        column = pa.array(cells, from_pandas=True)
    except pa.ArrowException:
        # Its message quotes a value.
        raise SourceUnusable(
            f"column {name} of the data frame holds values of several types; convert it to one type, as with "
            f"frame[{name!r}].astype(str)"
        ) from None
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _nested(cell: object) -> bool:
    return isinstance(cell, Mapping) or (isinstance(cell, list) and any(isinstance(entry, Mapping) for entry in cell))


def _missing(cell: object) -> bool:
    return cell is None or cell != cell


def _plain(cell: Any) -> Any:
    """Return the cell in types that JSON has."""
    if isinstance(cell, Mapping):
        return {str(key): _plain(value) for key, value in cell.items()}
    if isinstance(cell, list | tuple):
        return [_plain(entry) for entry in cell]
    if hasattr(cell, "item"):
        cell = cell.item()
    if _missing(cell):
        return None
    return cell if isinstance(cell, str | int | float) else str(cell)
