"""Metadata of assets and checks: tables that are written, and values that are read back.

Goes in: column names and rows, or a spec. Comes out: Dagster's table, of at most MOST_SHOWN rows, or a plain value.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import dagster as dg

MOST_SHOWN = 20
"""At most this many rows or names are shown in Dagster; the tables of the state schema have all of them."""


def metadata_table(columns: Mapping[str, str], rows: Iterable[tuple[str | int, ...]]) -> dg.TableMetadataValue:
    """Return the first rows as a table; `columns` gives the type of each column."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord(dict(zip(columns, row, strict=True))) for row in islice(rows, MOST_SHOWN)],
        schema=dg.TableSchema(columns=[dg.TableColumn(name, kind) for name, kind in columns.items()]),
    )


def metadata_value(spec: dg.AssetSpec, name: str) -> Any:
    """Return a value of a spec's metadata without Dagster's wrapper; None if there is none."""
    found = spec.metadata.get(name)
    return found.value if isinstance(found, dg.MetadataValue) else found
