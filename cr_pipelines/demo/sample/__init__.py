"""The sample warehouse: what a company's own warehouse could look like, with made-up people.

A sample source is a module with `table()` and `arrived()`, and a line in `SAMPLE_SOURCES`.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from cr_pipelines.demo.sample import contacts
from cr_pipelines.sandbox import SandboxClient


@dataclass(frozen=True)
class SampleSource:
    """A table of the sample warehouse.

    Attributes:
        name: of the table.
        sync: the sync that reads it, as the ledger calls it.
        key: the column that names a row.
        table: makes the rows, the same ones each time.
        arrived: the keys that a sandbox has.
    """

    name: str
    sync: str
    key: str
    table: Callable[[], pa.Table]
    arrived: Callable[[SandboxClient], Collection[str]]


SAMPLE_SOURCES = (SampleSource("common_room_contacts", "contacts", "id", contacts.table, contacts.arrived),)
"""Every table of the sample warehouse, in the order in which their syncs run."""


def build_sample_warehouse(path: Path) -> bool:
    """Make the DuckDB file, unless there is one; whether it was made.

    The file appears whole or not at all, however the process ends.
    """
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with duckdb.connect(unfinished) as connection:
            for source in SAMPLE_SOURCES:
                connection.register("sample", source.table())
                connection.execute(f"CREATE TABLE {source.name} AS SELECT * FROM sample")
                connection.unregister("sample")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return True
