"""The state schema: the state tables in the warehouse, which are created and migrated before a run uses them.

Goes in: tables that other modules declare. Comes out: existing tables at the version that this code needs, and
statements that read and write them by name.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import Any, Literal

import pyarrow as pa

from cr_pipelines.sync.errors import StateSchemaTooNew
from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.hash_key import check_hash_key, hash_key_check
from cr_pipelines.sync.state.migrations import FIRST_VERSION, NEWEST_VERSION, STEPS
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.warehouse import Session, WarehouseError

ColumnKind = Literal["text", "integer", "bigint", "double", "timestamp", "boolean"]

_ARROW: dict[ColumnKind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True)
class Table:
    """One of the state tables, or a view over them.

    Attributes:
        name: its name in the state schema.
        columns: each with its kind.
        indexes: columns that queries filter by together; only some engines use them.
        unique: columns that no two rows share; only some engines enforce this.
        view: makes the view's query; None for a table.
    """

    name: str
    columns: Mapping[str, ColumnKind]
    indexes: Sequence[Sequence[str]] = ()
    unique: Sequence[str] = ()
    view: Callable[[StateNames], str] | None = None

    @property
    def arrow_schema(self) -> pa.Schema:
        """The table's rows as Arrow."""
        return pa.schema([(name, _ARROW[kind]) for name, kind in self.columns.items()])


_declared: dict[str, Table] = {}


def declare(table: Table) -> Table:
    """Add a table to the state schema, and return it. The module that owns a table declares it.

    Raises ValueError if another table has the name.
    """
    if table.name in _declared:
        raise ValueError(f"the state schema has two tables {table.name}; rename one")
    _declared[table.name] = table
    return table


def declared_tables() -> Mapping[str, Table]:
    """Return the tables and views of the state schema by name."""
    return dict(_declared)


STATE_VERSION = declare(
    Table("state_version", {"version": "integer", "migrated_at": "timestamp", "package": "text", "hash_key": "text"})
)
"""One row for each version that the schema has had since it became versioned, with the check value of the hash key."""


def lock_sync(session: Session, schema: str, sync: str) -> AbstractContextManager[None]:
    """Hold the lock under which a sync's state changes: its runs for different partitions plan and fold at once."""
    return session.lock(f"{schema}.{sync}")


class StateSchema:
    """The state schema within one session."""

    def __init__(self, session: Session, schema: str):
        self._session = session
        self.names = StateNames(session.dialect, schema)

    def prepare(self) -> None:
        """Create the tables that are missing, and migrate those of an earlier version.

        If there is nothing to do, this takes no lock and needs no right to create anything.

        Raises:
            StateSchemaTooNew: a later version of cr-pipelines has migrated the schema.
            OtherHashKey: its hashes were made with a different hash key.
            WarehouseError: the tables cannot be created or migrated.
        """
        if not self._is_ready(self._found()):
            self._make_ready()
        check_hash_key(self.names.schema, self._kept_hash_key())

    def _kept_hash_key(self) -> str | None:
        [(kept,)] = self._session.fetch_all(statements.kept_hash_key(self.names))
        return None if kept is None else str(kept)

    def _make_ready(self) -> None:
        with self._session.lock(self.names.schema):
            found = self._found()
            if self._is_ready(found):
                return
            try:
                if self._session.dialect.transactional_ddl:
                    self._session.transaction(lambda: self._migrate(found))
                else:
                    self._migrate(found)
            except WarehouseError as error:
                raise type(error)(
                    f"schema {self.names.schema} cannot be brought to version {NEWEST_VERSION}, which this version of "
                    f"cr-pipelines needs; give the role the right to create and alter its tables: {error}"
                ) from error

    def exists(self) -> bool:
        """Return whether a run has ever prepared the schema."""
        return "sync_ledger" in self._session.tables(self.names.schema)

    def version(self) -> int | None:
        """Return the version of the tables; None if there are none."""
        return self._version(self._session.tables(self.names.schema))

    def insert(self, table: Table, row: Mapping[str, Any]) -> None:
        """Append one row with a statement. With Python values, Arrow would import pandas, which takes half a second."""
        self._session.execute(statements.insert(self.names, table.name, row))

    def append(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows, all with the same columns."""
        schema = pa.schema([column for column in table.arrow_schema if column.name in rows[0]])
        self.append_arrow(table, pa.Table.from_pylist([dict(row) for row in rows], schema=schema))

    def append_arrow(self, table: Table, rows: pa.Table) -> None:
        """Append rows that are already in Arrow."""
        self._session.append(self.names.schema, table.name, rows)

    def update(self, table: Table, values: Mapping[str, Any], where: str) -> None:
        """Set columns, by name, in the rows for which the condition holds."""
        self._session.execute(statements.update(self.names, table.name, values, where))

    def replace(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace all rows of a table with these, each with all columns."""

        def work() -> None:
            self.clear(table)
            if rows:
                self.append(table, rows)

        self._session.transaction(work)

    def clear(self, table: Table) -> None:
        """Delete all rows of a table."""
        self._session.execute(statements.delete_all(self.names, table.name))

    def fetch(self, table: Table, columns: Sequence[str], where: str | None = None) -> list[tuple[Any, ...]]:
        """Return these columns of the rows for which the condition holds, or of all rows without a condition."""
        return self._session.fetch_all(statements.select(self.names, table.name, columns, where))

    def _found(self) -> dict[str, set[str]]:
        return self._session.schema_columns(self.names.schema)

    def _is_ready(self, found: Mapping[str, set[str]]) -> bool:
        lacking = any(set(table.columns) - found.get(table.name, set()) for table in _declared.values())
        version = self._version(found)
        if version is not None and version > NEWEST_VERSION:
            raise StateSchemaTooNew(
                f"schema {self.names.schema} has version {version}, and this version of cr-pipelines "
                f"({package_version('cr-pipelines')}) knows versions up to {NEWEST_VERSION}; install the version of "
                "cr-pipelines that migrated it, or a later one"
            )
        return not lacking and version == NEWEST_VERSION

    def _version(self, found: Mapping[str, Any] | set[str]) -> int | None:
        if "sync_ledger" not in found:
            return None
        if STATE_VERSION.name not in found:
            return FIRST_VERSION
        [(version,)] = self._session.fetch_all(statements.newest_version(self.names))
        return FIRST_VERSION if version is None else int(version)

    def _migrate(self, found: Mapping[str, set[str]]) -> None:
        """Do what is left to do, and note the version last, so that the next run continues if this one breaks off."""
        version = self._version(found)
        if not found:
            self._session.create_schema(self.names.schema)
        if version is not None:
            for step in STEPS:
                if step.version > version:
                    self._run(step.statements(self.names, self._found()))
            found = self._found()
        for table in _declared.values():
            self._bring_up(table, found.get(table.name), migrated=version != NEWEST_VERSION)
        if version != NEWEST_VERSION:
            row = {
                "version": NEWEST_VERSION,
                "migrated_at": datetime.now(UTC),
                "package": package_version("cr-pipelines"),
                "hash_key": hash_key_check() if version is None else self._kept_hash_key(),
            }
            self.insert(STATE_VERSION, row)

    def _bring_up(self, table: Table, found: set[str] | None, *, migrated: bool) -> None:
        if table.view is not None:
            if migrated or found is None or set(table.columns) - found:
                self._run([statements.create_view(self.names, table.name, table.view(self.names))])
        elif found is None:
            self._run(statements.create_table(self.names, table.name, table.columns, table.indexes, table.unique))
        else:
            lacking = [(name, kind) for name, kind in table.columns.items() if name not in found]
            self._run([statements.add_column(self.names, table.name, name, kind) for name, kind in lacking])

    def _run(self, work: Sequence[str]) -> None:
        for statement in work:
            self._session.execute(statement)
