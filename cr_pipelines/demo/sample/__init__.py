"""The sample warehouse: what a company's own warehouse could look like, with made-up people.

Goes in: a path. Comes out: a DuckDB file with a table for each sync. To add a table, write a function that makes its
rows and one that finds them in a sandbox, and add a line to `SAMPLE_SOURCES`.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from cr_pipelines.demo.sample import (
    activities,
    contacts,
    custom_field_values,
    legacy,
    notes,
    segment_members,
    tags,
)
from cr_pipelines.sandbox import SandboxClient


@dataclass(frozen=True)
class SampleSource:
    """A table of the sample warehouse.

    Attributes:
        sync: name of the sync that reads it.
        mark: the SQL column or expression that identifies a row in the sandbox.
        table: makes the rows, always the same.
        arrived: returns the marks that a sandbox has.
        refers: whether the rows are about contacts, tags or segments that must exist first.
        days: the timestamp column, if the sync has daily partitions.
    """

    sync: str
    mark: str
    table: Callable[[], pa.Table]
    arrived: Callable[[SandboxClient], Collection[str]]
    refers: bool = False
    days: str | None = None

    @property
    def name(self) -> str:
        """The name of the table."""
        return f"common_room_{self.sync}"


SAMPLE_SOURCES = (
    SampleSource("contacts", "id", contacts.table, contacts.arrived),
    SampleSource("tags", "name", tags.tags_table, tags.tags_arrived),
    SampleSource("existing_contacts", "email", legacy.contacts_table, legacy.contacts_arrived),
    SampleSource("activities", "id", activities.table, activities.arrived, refers=True, days="timestamp"),
    SampleSource(
        "contact_tags", "user_id || ' ' || tag", tags.contact_tags_table, tags.contact_tags_arrived, refers=True
    ),
    SampleSource(
        "custom_field_values",
        "user_id || ' ' || field_value",
        custom_field_values.table,
        custom_field_values.arrived,
        refers=True,
    ),
    SampleSource(
        "segment_members", "value || ' ' || segment", segment_members.table, segment_members.arrived, refers=True
    ),
    SampleSource("contact_notes", "note", notes.contact_notes_table, notes.arrived, refers=True),
    SampleSource("segment_notes", "note", notes.segment_notes_table, notes.arrived, refers=True),
    SampleSource(
        "contact_activities", "activity_body", legacy.activities_table, legacy.activities_arrived, refers=True
    ),
)
"""Every table of the sample warehouse, in the order of their syncs."""


def build_sample_warehouse(path: Path) -> bool:
    """Make the DuckDB file unless it exists. Return whether it was made.

    The file appears complete or not at all, however the process ends.
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
