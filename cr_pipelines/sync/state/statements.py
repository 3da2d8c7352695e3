"""The SQL of the state schema, one function for each statement.

Goes in: the names of our tables in one engine, and the values. Comes out: the statement's text. Nothing runs here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from textwrap import dedent, indent

from cr_pipelines.sync.state.names import StateNames

COMPACTED_COLUMNS = (
    "delivered_fingerprint", "row_hash", "row_hash_version", "not_found_runs", "http_status", "first_sent_at", "run_id",
)  # fmt: skip
"""What a compacted row of the ledger no longer has."""


def delivered_fingerprint(row: str = "") -> str:
    """Return the expression for the fingerprint of what Common Room has of a ledger row; `row` precedes its columns.

    A compacted row keeps only its own fingerprint, which is the same for a delivered one.
    """
    return f"CASE WHEN {row}status = 'delivered' THEN {row}fingerprint ELSE {row}delivered_fingerprint END"


def _sql(text: str, **queries: str) -> str:
    """Return a statement without the indentation of this file, with `queries` in place of their names in brackets."""
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
    """Delete every row; BigQuery wants a condition."""
    return f"DELETE FROM {names.table(table)} WHERE 1 = 1"


# The schema


def create_table(
    names: StateNames, table: str, columns: Mapping[str, str], indexes: Sequence[Sequence[str]]
) -> list[str]:
    """Create a table, by column and kind, and its indexes where the engine has any."""
    dialect = names.dialect
    described = ",\n  ".join(f"{dialect.identifier(name)} {dialect.types[kind]}" for name, kind in columns.items())
    made = [dialect.create_index(names.table(table), index) for index in indexes]
    return [
        f"CREATE TABLE IF NOT EXISTS {names.table(table)} (\n  {described}\n)",
        *(statement for statement in made if statement is not None),
    ]


def create_view(names: StateNames, view: str, query: str) -> str:
    """Create a view, or give it another query."""
    return f"CREATE OR REPLACE VIEW {names.table(view)} AS\n{query}"


def add_column(names: StateNames, table: str, column: str, kind: str) -> str:
    """Add a column to a table, null in every row."""
    return f"ALTER TABLE {names.table(table)} ADD COLUMN {names.dialect.identifier(column)} {names.dialect.types[kind]}"


def rename_column(names: StateNames, table: str, before: str, after: str) -> str:
    """Give a column of a table another name."""
    quoted = names.dialect.identifier
    return f"ALTER TABLE {names.table(table)} RENAME COLUMN {quoted(before)} TO {quoted(after)}"


def newest_version(names: StateNames) -> str:
    """Read the version of the schema."""
    return f"SELECT max(version) FROM {names.table('state_version')}"


def kept_hash_key(names: StateNames) -> str:
    """Read what the schema keeps of the hash key; null when its hashes were made without one."""
    return f"SELECT max(hash_key) FROM {names.table('state_version')}"


# The ledger


def rejected_rows_view(names: StateNames) -> str:
    """Read the rows that are not in the room because they are invalid or rejected."""
    return _sql(f"""
        SELECT
          sync, key, {names.partition}, status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
        FROM {names.table("sync_ledger")}
        WHERE status IN ('invalid', 'rejected') AND absent_since IS NULL
    """)


def portion_end(names: StateNames, sync: str, most: int) -> str:
    """Find the moment up to which about `most` outcomes were recorded, the earliest first; null when there are none."""
    return _sql(f"""
        WITH portion AS (
          SELECT recorded_at FROM {names.table("sync_outcomes")} WHERE {_of_sync(names, sync)}
          ORDER BY recorded_at LIMIT {most}
        )
        SELECT max(recorded_at) FROM portion
    """)


def insert_former_addresses(names: StateNames, sync: str, until: datetime) -> str:
    """Keep the address of every ledger row that an outcome is about to replace by another one."""
    return _sql(
        f"""
        INSERT INTO {names.table("former_addresses")} (sync, key, email_hash, replaced_at)
        WITH latest AS (latest)
        SELECT o.sync, o.key, l.email_hash, o.recorded_at
        FROM latest AS o JOIN {names.table("sync_ledger")} AS l ON l.{_of_sync(names, sync)} AND o.key = l.key
        WHERE l.email_hash <> o.email_hash
        """,
        latest=_latest_outcomes(names, sync, until),
    )


def merge_outcomes(names: StateNames, sync: str, until: datetime) -> str:
    """Lay the latest outcome of each key over the ledger."""
    folded = _folded_row(names)
    listed = ",\n".join(f"{value} AS {names.dialect.identifier(name)}" for name, value in folded.items())
    selected = "SELECT\n" + indent(listed, "  ")
    joined = _sql(f"""
        FROM latest AS o
        LEFT JOIN {names.table("sync_ledger")} AS l ON l.{_of_sync(names, sync)} AND o.key = l.key
        LEFT JOIN doubts AS d ON d.key = o.key
    """)
    query = _sql(
        "WITH latest AS (latest),\ndoubts AS (doubts)",
        latest=_latest_outcomes(names, sync, until),
        doubts=f"SELECT DISTINCT key, run_id FROM {names.table('sync_intents')} WHERE {_of_sync(names, sync)}",
    )
    source = "(\n" + indent(f"{query}\n{selected}\n{joined}", "  ") + "\n)"
    return names.dialect.merge(names.table("sync_ledger"), source, ("sync", "key"), tuple(folded))


def delete_folded_intents(names: StateNames, sync: str, until: datetime) -> str:
    """Delete the intents of keys whose outcome was folded."""
    return _sql(f"""
        DELETE FROM {names.table("sync_intents")}
        WHERE {_of_sync(names, sync)} AND key IN (
          SELECT key FROM {names.table("sync_outcomes")} WHERE {_recorded_until(names, sync, until)}
        )
    """)


def delete_folded_outcomes(names: StateNames, sync: str, until: datetime) -> str:
    """Delete the outcomes that were folded."""
    return f"DELETE FROM {names.table('sync_outcomes')} WHERE {_recorded_until(names, sync, until)}"


def delete_keys(names: StateNames, sync: str, keys: Iterable[str]) -> str:
    """Delete keys from the ledger."""
    return f"DELETE FROM {names.table('sync_ledger')} WHERE {_of_sync(names, sync)} AND key IN ({names.values(keys)})"


def rows_by_status(names: StateNames, sync: str, partition: str) -> str:
    """Count the source rows that the ledger has, by status."""
    return _sql(f"""
        SELECT status, count(*) FROM {names.table("sync_ledger")}
        WHERE {names.where(sync, partition)} AND absent_since IS NULL
        GROUP BY status
    """)


def rejected_rows(names: StateNames, sync: str, partition: str, limit: int) -> str:
    """Read some rows of the view `rejected_rows`."""
    return _sql(f"""
        SELECT key, status, field, reason_code, message FROM {names.table("rejected_rows")}
        WHERE {names.where(sync, partition)}
        ORDER BY key LIMIT {limit}
    """)


def _of_sync(names: StateNames, sync: str) -> str:
    return f"sync = {names.value(sync)}"


def _recorded_until(names: StateNames, sync: str, until: datetime) -> str:
    return f"{_of_sync(names, sync)} AND recorded_at <= {names.value(until)}"


def _latest_outcomes(names: StateNames, sync: str, until: datetime) -> str:
    return _sql(f"""
        SELECT * FROM (
          SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
          FROM {names.table("sync_outcomes")} WHERE {_recorded_until(names, sync, until)}
        ) AS numbered
        WHERE newness = 1
    """)


def _folded_row(names: StateNames) -> dict[str, str]:
    """The columns of the ledger, each from an outcome `o`, the ledger's row `l` and an intent `d`."""
    return {
        "sync": "o.sync",
        "key": "o.key",
        "partition": f"o.{names.partition}",
        "fingerprint": "o.fingerprint",
        # After a doubtful request, of this run or of one that was killed, the room may hold either version:
        # neither counts as delivered.
        "delivered_fingerprint": "CASE WHEN o.status = 'delivered' THEN o.fingerprint "
        "WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL "
        f"ELSE {delivered_fingerprint('l.')} END",
        "row_hash": "o.row_hash",
        "row_hash_version": "o.row_hash_version",
        "status": "o.status",
        "attempts": "o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END",
        # Runs in a row whose response was 404; a run that got no response neither counts nor ends the row.
        "not_found_runs": "CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' "
        "THEN coalesce(l.not_found_runs, 0) + 1 "
        "WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END",
        "http_status": "o.http_status",
        "reason_code": "o.reason_code",
        "field": "o.field",
        "message": "o.message",
        "email_hash": "coalesce(o.email_hash, l.email_hash)",
        "suppressed_for": "o.suppressed_for",
        "first_sent_at": "coalesce(l.first_sent_at, o.sent_at)",
        "last_sent_at": "coalesce(o.sent_at, l.last_sent_at)",
        "run_id": "o.run_id",
        "absent_since": f"CAST(NULL AS {names.dialect.types['timestamp']})",
    }


# Runs


def running_runs(names: StateNames, sync: str, partition: str, run_id: str, started_at: datetime) -> str:
    """Find the runs of a sync and partition that have not ended, but for one."""
    return _sql(f"""
        SELECT run_id, host, process, started_at, heartbeat_at FROM {names.table("sync_runs")}
        WHERE {names.where(sync, partition)} AND state = 'running'
          AND NOT ({_one_run(names, run_id, started_at)})
    """)


def delete_run(names: StateNames, sync: str, partition: str, run_id: str, started_at: datetime) -> str:
    """Delete a run that was refused."""
    return _sql(f"""
        DELETE FROM {names.table("sync_runs")}
        WHERE {names.where(sync, partition)} AND state = 'running' AND {_one_run(names, run_id, started_at)}
    """)


def mark_interrupted(names: StateNames, sync: str, partition: str, run_id: str, started_at: datetime) -> str:
    """Note that a run that never said so has ended; whether it still sends is another question."""
    return _sql(f"""
        UPDATE {names.table("sync_runs")} SET state = 'interrupted'
        WHERE {names.where(sync, partition)} AND state = 'running' AND {_one_run(names, run_id, started_at)}
    """)


def delete_intents(names: StateNames, sync: str, partition: str, run_id: str, kept: Collection[str]) -> str:
    """Delete the intents of a run, but for those of keys to keep."""
    but = f" AND key NOT IN ({names.values(kept)})" if kept else ""
    return _sql(f"""
        DELETE FROM {names.table("sync_intents")}
        WHERE {names.where(sync, partition)} AND run_id = {names.value(run_id)}{but}
    """)


def signs_of_life(names: StateNames, sync: str, run_id: str) -> str:
    """Read what says whether a run is alive."""
    return _sql(f"""
        SELECT state, host, process, heartbeat_at FROM {names.table("sync_runs")}
        WHERE run_id = {names.value(run_id)} AND sync = {names.value(sync)}
    """)


def unconfirmed_runs(names: StateNames, version: int, but_for: str) -> str:
    """Find the runs of other syncs that have neither ended nor confirmed a version of the suppression list."""
    return _sql(f"""
        SELECT run_id, sync, {names.partition}, host, process, heartbeat_at, suppression_version
        FROM {names.table("sync_runs")}
        WHERE finished_at IS NULL AND sync <> {names.value(but_for)} AND coalesce(suppression_version, -1) < {version}
    """)


def aborted_runs(names: StateNames, since: datetime) -> str:
    """Find out whether any run was aborted since a moment."""
    return _sql(f"""
        SELECT 1 FROM {names.table("sync_runs")}
        WHERE state IN ('interrupted', 'failed') AND finished_at > {names.value(since)} LIMIT 1
    """)


def last_run_ids(names: StateNames) -> str:
    """Find the run of each sync that began last."""
    return _sql(
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
    return _sql(f"""
        SELECT {names.columns(columns)} FROM {names.table("sync_runs")}
        WHERE {_of_sync(names, sync)}{named}
        ORDER BY started_at DESC{end}
    """)


def _one_run(names: StateNames, run_id: str, started_at: datetime) -> str:
    return f"run_id = {names.value(run_id)} AND started_at = {names.value(started_at)}"


# Compaction


def compactable_partitions(names: StateNames, sync: str | None, before: datetime) -> str:
    """Count the rows to compact in each partition to which nothing was sent since a moment."""
    only = "" if sync is None else f" AND {_of_sync(names, sync)}"
    return _sql(f"""
        SELECT sync, {names.partition}, count(*) FROM {names.table("sync_ledger")}
        WHERE {_compactable()}{only}
        GROUP BY sync, {names.partition}
        HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < {names.value(before)}
        ORDER BY sync, {names.partition}
    """)


def compact_partition(names: StateNames, sync: str, partition: str) -> str:
    """Drop what a compacted row does not need."""
    emptied = ", ".join(f"{column} = NULL" for column in COMPACTED_COLUMNS)
    return _sql(f"""
        UPDATE {names.table("sync_ledger")} SET {emptied}
        WHERE {names.where(sync, partition)} AND {_compactable()}
    """)


def recent_runs(names: StateNames, sync: str, partition: str, since: datetime) -> str:
    """Find out whether a run of a partition has been alive since a moment."""
    return _sql(f"""
        SELECT 1 FROM {names.table("sync_runs")}
        WHERE {names.where(sync, partition)} AND heartbeat_at >= {names.value(since)} LIMIT 1
    """)


def _compactable() -> str:
    kept = " OR ".join(f"{column} IS NOT NULL" for column in COMPACTED_COLUMNS)
    # A row without a fingerprint is to be sent again, and the hash is no help.
    return f"status = 'delivered' AND fingerprint IS NOT NULL AND ({kept})"
