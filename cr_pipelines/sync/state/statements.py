"""The SQL of the state schema, one function for each statement.

Goes in: the names of the state tables in one engine, and the values. Comes out: the statement's text. Nothing runs
here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from textwrap import dedent, indent
from types import MappingProxyType

from cr_pipelines.sync.contract import Contract
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.warehouse import SourceDialect

COMPACTED_COLUMNS = (
    "delivered_fingerprint", "row_hash", "row_hash_version", "not_found_runs", "http_status", "first_sent_at", "run_id",
)  # fmt: skip
"""The columns that a compacted row of the ledger no longer has."""


def delivered_fingerprint(row: str = "") -> str:
    """Return the expression for the fingerprint of a ledger row's version in Common Room; `row` prefixes its columns.

    A compacted row keeps only its own fingerprint, which is the same for a delivered row.
    """
    return f"CASE WHEN {row}status = 'delivered' THEN {row}fingerprint ELSE {row}delivered_fingerprint END"


def row_key(
    dialect: SourceDialect,
    contract: Contract,
    types: Mapping[str, str],
    forms: Mapping[str, Callable[[str], str]] = MappingProxyType({}),
    columns: Collection[str] | None = None,
) -> str:
    """Return the expression for a source row's key, from whichever of the contract's keys the row has.

    `types` and `forms` are those of `SourceDialect.key`; `columns` names the source's columns, if `types` does not.
    """
    if not contract.person_key:
        return dialect.key(contract.key, types, forms)
    found = types if columns is None else columns
    by_person, by_contact = (
        dialect.key(key, types, forms) if all(name in found for name in key) else None for key in contract.keys
    )
    if by_person is None or by_contact is None:
        return by_person or by_contact or "NULL"
    return f"CASE WHEN {dialect.identifier(contract.person_key[0])} IS NOT NULL THEN {by_person} ELSE {by_contact} END"


def sql(text: str, **queries: str) -> str:
    """Return a statement without this file's indentation, with `queries` in place of their names in brackets."""
    statement = dedent(text).strip()
    for name, query in queries.items():
        statement = statement.replace(f"({name})", f"(\n{indent(query, '  ')}\n)")
    return statement


# Any table


def insert(names: StateNames, table: str, row: Mapping[str, object]) -> str:
    """Append one row."""
    return f"INSERT INTO {names.table(table)} ({names.columns(row)})\nVALUES ({names.values(row.values())})"


def update(names: StateNames, table: str, values: Mapping[str, object], where: str) -> str:
    """Set columns in the rows for which the condition holds."""
    changes = ", ".join(f"{names.dialect.identifier(name)} = {names.value(value)}" for name, value in values.items())
    return f"UPDATE {names.table(table)}\nSET {changes}\nWHERE {where}"


def select(names: StateNames, table: str, columns: Sequence[str], where: str | None = None) -> str:
    """Read columns of the rows for which the condition holds, or of all rows."""
    condition = "" if where is None else f"\nWHERE {where}"
    return f"SELECT {names.columns(columns)}\nFROM {names.table(table)}{condition}"


def delete_all(names: StateNames, table: str) -> str:
    """Delete every row; BigQuery requires a condition."""
    return f"DELETE FROM {names.table(table)} WHERE 1 = 1"


# The schema


def create_table(
    names: StateNames,
    table: str,
    columns: Mapping[str, str],
    indexes: Sequence[Sequence[str]],
    unique: Sequence[str] = (),
) -> list[str]:
    """Create a table from columns and kinds, and its indexes if the engine has any.

    No two rows share the columns of `unique`, if the engine enforces this.
    """
    dialect = names.dialect
    described = ",\n  ".join(f"{dialect.identifier(name)} {dialect.types[kind]}" for name, kind in columns.items())
    made = [dialect.create_index(names.table(table), index) for index in indexes]
    if unique:
        made.append(dialect.create_unique_index(names.table(table), unique))
    return [
        f"CREATE TABLE IF NOT EXISTS {names.table(table)} (\n  {described}\n)",
        *(statement for statement in made if statement is not None),
    ]


def create_view(names: StateNames, view: str, query: str) -> str:
    """Create a view, or replace its query."""
    return f"CREATE OR REPLACE VIEW {names.table(view)} AS\n{query}"


def add_column(names: StateNames, table: str, column: str, kind: str) -> str:
    """Add a column to a table, null in every row."""
    return f"ALTER TABLE {names.table(table)} ADD COLUMN {names.dialect.identifier(column)} {names.dialect.types[kind]}"


def rename_column(names: StateNames, table: str, before: str, after: str) -> str:
    """Rename a column of a table."""
    quoted = names.dialect.identifier
    return f"ALTER TABLE {names.table(table)} RENAME COLUMN {quoted(before)} TO {quoted(after)}"


def newest_version(names: StateNames) -> str:
    """Read the version of the schema."""
    return f"SELECT max(version) FROM {names.table('state_version')}"


def kept_hash_key(names: StateNames) -> str:
    """Read the schema's check value of the hash key; null if its hashes were made without a key."""
    return f"SELECT max(hash_key) FROM {names.table('state_version')}"


# The ledger


def rejected_rows_view(names: StateNames) -> str:
    """Read the rows that are missing from the room because they are invalid or rejected."""
    return sql(f"""
        SELECT
          sync, key, {names.partition}, status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
        FROM {names.table("sync_ledger")}
        WHERE status IN ('invalid', 'rejected') AND absent_since IS NULL
    """)


def dropped_values_view(names: StateNames) -> str:
    """Read the rows that were delivered with bad values left out, as the sync's options allow."""
    return sql(f"""
        SELECT sync, key, {names.partition}, field, reason_code, message, last_sent_at, run_id
        FROM {names.table("sync_ledger")}
        WHERE status = 'delivered' AND field IS NOT NULL AND absent_since IS NULL
    """)


def dropped_rows(names: StateNames, sync: str, partition: str) -> str:
    """Count the rows of the view `dropped_values`."""
    return sql(f"""
        SELECT count(*) FROM {names.table("dropped_values")}
        WHERE {names.where(sync, partition)}
    """)


def delete_keys(names: StateNames, sync: str, keys: Iterable[str]) -> str:
    """Delete keys from the ledger."""
    return f"DELETE FROM {names.table('sync_ledger')} WHERE {of_sync(names, sync)} AND key IN ({names.values(keys)})"


def delete_column_hashes(names: StateNames, sync: str, keys: Iterable[str]) -> str:
    """Delete the hashes of the columns of these keys."""
    table = names.table("sync_column_hashes")
    return f"DELETE FROM {table} WHERE {of_sync(names, sync)} AND key IN ({names.values(keys)})"


def delete_sync(names: StateNames, table: str, sync: str) -> str:
    """Delete a sync's rows from a state table."""
    return f"DELETE FROM {names.table(table)} WHERE {of_sync(names, sync)}"


def rows_by_sync(names: StateNames) -> str:
    """Count the source rows of each sync in the ledger."""
    here = names.dialect.count_if("absent_since IS NULL")
    return f"SELECT sync, {here} FROM {names.table('sync_ledger')} GROUP BY sync ORDER BY sync"


def count_unverified_removals(names: StateNames) -> str:
    """Count the privacy requests that were submitted and are not verified."""
    return f"SELECT count(*) FROM {names.table('pii_removals')} WHERE status IN ('submitted', 'overdue')"


def rows_by_status(names: StateNames, sync: str, partition: str) -> str:
    """Count the source rows that the ledger has, by status."""
    return sql(f"""
        SELECT status, count(*) FROM {names.table("sync_ledger")}
        WHERE {names.where(sync, partition)} AND absent_since IS NULL
        GROUP BY status
    """)


def rejected_rows(names: StateNames, sync: str, partition: str, limit: int) -> str:
    """Read some rows of the view `rejected_rows`."""
    return sql(f"""
        SELECT key, status, field, reason_code, message FROM {names.table("rejected_rows")}
        WHERE {names.where(sync, partition)}
        ORDER BY key LIMIT {limit}
    """)


def delivered_sample(names: StateNames, sync: str, before: datetime, seed: str, limit: int) -> str:
    """Choose some of the keys that were delivered before a given moment; the choice depends on the seed."""
    return sql(f"""
        SELECT key FROM {names.table("sync_ledger")}
        WHERE {of_sync(names, sync)} AND status = 'delivered' AND absent_since IS NULL
          AND (last_sent_at IS NULL OR last_sent_at < {names.value(before)})
        ORDER BY md5(key || {names.value(seed)}) LIMIT {limit}
    """)


def of_sync(names: StateNames, sync: str) -> str:
    """Return the condition for the rows of one sync, in any of the state tables."""
    return f"sync = {names.value(sync)}"


# Runs


def last_run_order(names: StateNames, sync: str) -> str:
    """Read the highest `run_order` of a sync."""
    return f"SELECT max(run_order) FROM {names.table('sync_runs')} WHERE {of_sync(names, sync)}"


def running_runs(names: StateNames, sync: str, partition: str, run_id: str, started_at: datetime) -> str:
    """Find the active runs that share rows with a partition, except for one.

    A run of the whole source shares rows with every other run of the sync.
    """
    shared = f" AND {names.partition} IN ({names.values((partition, ''))})" if partition else ""
    return sql(f"""
        SELECT run_id, {names.partition}, host, process, process_started, started_at, heartbeat_at
        FROM {names.table("sync_runs")}
        WHERE {of_sync(names, sync)}{shared} AND state = 'running'
          AND NOT ({_one_run(names, run_id, started_at)})
    """)


def delete_run(names: StateNames, sync: str, partition: str, run_id: str, started_at: datetime) -> str:
    """Delete a run that was refused."""
    return sql(f"""
        DELETE FROM {names.table("sync_runs")}
        WHERE {names.where(sync, partition)} AND state = 'running' AND {_one_run(names, run_id, started_at)}
    """)


def mark_interrupted(names: StateNames, sync: str, partition: str, run_id: str, started_at: datetime) -> str:
    """Note that a run has ended that never said so; it may or may not still be sending."""
    return sql(f"""
        UPDATE {names.table("sync_runs")} SET state = 'interrupted'
        WHERE {names.where(sync, partition)} AND state = 'running' AND {_one_run(names, run_id, started_at)}
    """)


def finish_run(names: StateNames, own: str, state: str, values: Mapping[str, object]) -> str:
    """Note how a run ended, if it has not; one that another run took over stays interrupted.

    `own` is the condition for the run, and `values` are those of further columns.
    """
    changes = ", ".join(f"{names.dialect.identifier(name)} = {names.value(value)}" for name, value in values.items())
    return sql(f"""
        UPDATE {names.table("sync_runs")}
        SET state = CASE WHEN state = 'running' THEN {names.value(state)} ELSE state END, {changes}
        WHERE {own} AND (state = 'running' OR (state = 'interrupted' AND finished_at IS NULL))
    """)


def delete_intents(names: StateNames, sync: str, partition: str, run_id: str, kept: Collection[str]) -> str:
    """Delete the intents of a run, except for some keys."""
    but = f" AND key NOT IN ({names.values(kept)})" if kept else ""
    return sql(f"""
        DELETE FROM {names.table("sync_intents")}
        WHERE {names.where(sync, partition)} AND run_id = {names.value(run_id)}{but}
    """)


def all_running_runs(names: StateNames) -> str:
    """Find the active runs of all syncs, with their signs of life."""
    return sql(f"""
        SELECT run_id, sync, host, process, process_started, heartbeat_at
        FROM {names.table("sync_runs")} WHERE state = 'running'
    """)


def signs_of_life(names: StateNames, sync: str, run_id: str) -> str:
    """Read the signs of life of a run."""
    return sql(f"""
        SELECT state, host, process, process_started, heartbeat_at FROM {names.table("sync_runs")}
        WHERE run_id = {names.value(run_id)} AND sync = {names.value(sync)}
    """)


def unconfirmed_runs(names: StateNames, version: int, but_for: str) -> str:
    """Find the runs of other syncs that have neither ended nor confirmed a version of the suppression list."""
    return sql(f"""
        SELECT run_id, sync, {names.partition}, host, process, process_started, heartbeat_at, suppression_version
        FROM {names.table("sync_runs")}
        WHERE finished_at IS NULL AND sync <> {names.value(but_for)} AND coalesce(suppression_version, -1) < {version}
    """)


def aborted_runs(names: StateNames, since: datetime) -> str:
    """Find out whether any run was aborted since a given moment."""
    return sql(f"""
        SELECT 1 FROM {names.table("sync_runs")}
        WHERE state IN ('interrupted', 'failed') AND finished_at > {names.value(since)} LIMIT 1
    """)


def last_run_ids(names: StateNames) -> str:
    """Find the latest run of each sync."""
    return sql(
        """
        WITH numbered AS (numbered)
        SELECT sync, run_id FROM numbered WHERE newness = 1
        """,
        numbered="SELECT sync, run_id, row_number() OVER (PARTITION BY sync ORDER BY started_at DESC) AS newness\n"
        f"FROM {names.table('sync_runs')}",
    )


def runs(
    names: StateNames, columns: Sequence[str], sync: str, run_id: str | None = None, limit: int | None = None
) -> str:
    """Read runs of a sync, the last one first; a run of several partitions has a row for each."""
    named = "" if run_id is None else f" AND run_id = {names.value(run_id)}"
    end = "" if limit is None else f" LIMIT {limit}"
    return sql(f"""
        SELECT {names.columns(columns)} FROM {names.table("sync_runs")}
        WHERE {of_sync(names, sync)}{named}
        ORDER BY started_at DESC{end}
    """)


def _one_run(names: StateNames, run_id: str, started_at: datetime) -> str:
    return f"run_id = {names.value(run_id)} AND started_at = {names.value(started_at)}"


# Compaction


def compactable_partitions(names: StateNames, sync: str | None, before: datetime) -> str:
    """Count the rows to compact in each partition for which nothing was sent since a given moment."""
    only = "" if sync is None else f" AND {of_sync(names, sync)}"
    return sql(f"""
        SELECT sync, {names.partition}, count(*) FROM {names.table("sync_ledger")}
        WHERE {_compactable()}{only}
        GROUP BY sync, {names.partition}
        HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < {names.value(before)}
        ORDER BY sync, {names.partition}
    """)


def compact_partition(names: StateNames, sync: str, partition: str) -> str:
    """Drop what a compacted row does not need."""
    emptied = ", ".join(f"{column} = NULL" for column in COMPACTED_COLUMNS)
    return sql(f"""
        UPDATE {names.table("sync_ledger")} SET {emptied}
        WHERE {names.where(sync, partition)} AND {_compactable()}
    """)


def recent_runs(names: StateNames, sync: str, partition: str, since: datetime) -> str:
    """Find out whether a run of a partition has been alive since a given moment."""
    return sql(f"""
        SELECT 1 FROM {names.table("sync_runs")}
        WHERE {names.where(sync, partition)} AND heartbeat_at >= {names.value(since)} LIMIT 1
    """)


def _compactable() -> str:
    kept = " OR ".join(f"{column} IS NOT NULL" for column in COMPACTED_COLUMNS)
    # A row without a fingerprint must be sent again, so its hash is of no use.
    return f"status = 'delivered' AND fingerprint IS NOT NULL AND ({kept})"
