"""Copy the state to another database, so that nothing is sent again.

Goes in: two databases and the name of the state schema. Comes out: an identical copy of every state table in the second
database.
"""

import pyarrow as pa

from cr_pipelines.sync.errors import SyncError
from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.runs import SYNC_RUNS, RunRegistry
from cr_pipelines.sync.state.schema import STATE_VERSION, StateSchema, Table, declared_tables
from cr_pipelines.warehouse import Session, Warehouse

_ROWS_PER_BATCH = 50_000


class _Copy:
    """A sink that appends its batches to a state table."""

    def __init__(self, state: StateSchema, table: Table):
        self._state = state
        self._table = table
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch, whose columns are in the table's order."""
        columns = [
            column.cast(field.type) for column, field in zip(batch.columns, self._table.arrow_schema, strict=True)
        ]
        self._state.append_arrow(self._table, pa.Table.from_arrays(columns, schema=self._table.arrow_schema))
        self.rows += batch.num_rows

    def clear(self) -> None:
        """Drop what was appended."""
        self._state.clear(self._table)
        self.rows = 0


def copy_state(source: Warehouse, target: Warehouse, schema: str = "common_room") -> dict[str, int]:
    """Copy the state schema of one database to another, and return how many rows each table has.

    Raises:
        SyncError: the first database has no state, the second already has one, or a run is still active.
        WarehouseError: one of them cannot be read or written; the second is unchanged.
    """
    copied: dict[str, int] = {}
    with source.session() as old, target.session() as new:
        before, after = StateSchema(old, schema), StateSchema(new, schema)
        if not before.exists():
            raise SyncError(f"there is no state schema {schema} to copy; check the first URL and CR_STATE_SCHEMA")
        # Then both have tables of the same version.
        before.prepare()
        after.prepare()
        tables = [table for table in declared_tables().values() if table.view is None and table is not STATE_VERSION]
        _check(old, new, before, after, tables)

        def copy() -> None:
            for table in tables:
                sink = _Copy(after, table)
                query = statements.select(before.names, table.name, list(table.columns), None)
                old.fetch_batches(query, _ROWS_PER_BATCH, sink)
                copied[table.name] = sink.rows

        with old.snapshot():
            new.transaction(copy)
    return copied


def _check(old: Session, new: Session, before: StateSchema, after: StateSchema, tables: list[Table]) -> None:
    schema = before.names.schema
    filled = [table.name for table in tables if new.fetch_all(f"SELECT 1 FROM {after.names.table(table.name)} LIMIT 1")]
    if filled:
        raise SyncError(
            f"the second database already has rows in {schema}.{filled[0]}; the state is copied only into an empty "
            "schema, so drop that one if you do not need it"
        )
    runs = RunRegistry(old, schema)
    for run_id, sync in before.fetch(SYNC_RUNS, ("run_id", "sync"), "state = 'running'"):
        if runs.is_alive(run_id, sync):
            raise SyncError(f"run {run_id} of {sync} has not ended; copy the state when no run is in progress")
