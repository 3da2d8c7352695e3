"""The SQL of a fold: write the outcomes of some runs into the ledger.

Goes in: the names of the state tables, and a portion of the outbox. Comes out: the statement's text. Every statement of
a fold selects exactly the outcomes of its portion, by run and sequence number, so that exactly the folded outcomes are
deleted.
"""

from collections.abc import Sequence
from textwrap import indent
from typing import NamedTuple

from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.statements import delivered_fingerprint, of_sync, sql


class OutcomesOfRun(NamedTuple):
    """Outcomes of one run of a partition, up to a sequence number.

    Attributes:
        until: the last sequence number; None for outcomes without one, from an earlier version of cr-pipelines.
    """

    run_id: str
    partition: str
    until: int | None


Portion = Sequence[OutcomesOfRun]
"""The outcomes that are folded together."""


def count_outcomes(names: StateNames, sync: str) -> str:
    """Count the outcomes of each run, with its first and last sequence number, oldest run first."""
    return sql(f"""
        SELECT run_id, {names.partition}, count(*), min(sequence), max(sequence)
        FROM {names.table("sync_outcomes")} WHERE {of_sync(names, sync)}
        GROUP BY run_id, {names.partition}, CASE WHEN sequence IS NULL THEN 0 ELSE 1 END
        ORDER BY min(coalesce(run_order, 0)), min(recorded_at)
    """)


def insert_former_addresses(names: StateNames, sync: str, portion: Portion) -> str:
    """Keep the address of every ledger row for which an outcome is about to store a different one."""
    return sql(
        f"""
        INSERT INTO {names.table("former_addresses")} (sync, key, email_hash, replaced_at)
        WITH latest AS (latest)
        SELECT o.sync, o.key, l.email_hash, o.recorded_at
        FROM latest AS o JOIN {names.table("sync_ledger")} AS l ON l.{of_sync(names, sync)} AND o.key = l.key
        WHERE l.email_hash <> o.email_hash AND {_COUNTS}
        """,
        latest=_latest_outcomes(names, sync, portion),
    )


def merge_outcomes(names: StateNames, sync: str, portion: Portion) -> str:
    """Write the latest outcome of each key into the ledger.

    Each key is in the query once, no matter how often the outbox and the intents have it.
    """
    folded = _folded_row(names)
    listed = ",\n".join(f"{value} AS {names.dialect.identifier(name)}" for name, value in folded.items())
    selected = "SELECT\n" + indent(listed, "  ")
    joined = sql(f"""
        FROM latest AS o
        LEFT JOIN {names.table("sync_ledger")} AS l ON l.{of_sync(names, sync)} AND o.key = l.key
        LEFT JOIN doubts AS d ON d.key = o.key
        WHERE {_COUNTS}
    """)
    query = sql(
        "WITH latest AS (latest),\ndoubts AS (doubts)",
        latest=_latest_outcomes(names, sync, portion),
        doubts=_doubts(names, sync, portion),
    )
    source = "(\n" + indent(f"{query}\n{selected}\n{joined}", "  ") + "\n)"
    return names.dialect.merge(names.table("sync_ledger"), source, ("sync", "key"), tuple(folded))


def delete_folded_intents(names: StateNames, sync: str, portion: Portion) -> str:
    """Delete the intents of keys whose outcome was folded."""
    return sql(f"""
        DELETE FROM {names.table("sync_intents")}
        WHERE {of_sync(names, sync)} AND key IN (
          SELECT key FROM {names.table("sync_outcomes")} WHERE {_of_portion(names, sync, portion)}
        )
    """)


def delete_folded_outcomes(names: StateNames, sync: str, portion: Portion) -> str:
    """Delete the outcomes that were folded."""
    return f"DELETE FROM {names.table('sync_outcomes')} WHERE {_of_portion(names, sync, portion)}"


# Outcomes may arrive late from a run that was taken over, or that began before another run of the same key. They do not
# override a later run's outcomes, unless they say that the room has the row.
_COUNTS = "(l.run_order IS NULL OR l.run_order <= coalesce(o.run_order, l.run_order) OR o.status = 'delivered')"


def _of_portion(names: StateNames, sync: str, portion: Portion) -> str:
    """Return the condition for the outcomes of a portion."""
    runs = []
    for run in portion:
        until = "sequence IS NULL" if run.until is None else f"sequence <= {run.until}"
        own = f"run_id = {names.value(run.run_id)} AND {names.partition} = {names.value(run.partition)}"
        runs.append(f"{own} AND {until}")
    return f"{of_sync(names, sync)} AND ({' OR '.join(runs)})"


def _doubts(names: StateNames, sync: str, portion: Portion) -> str:
    """Return a query for the keys that a run may have been sending, each once, with the first and last such run."""
    runs = {run.run_id for run in portion}
    # A run's own intents cast no doubt on its outcomes, and there are many of them.
    others = f" AND run_id <> {names.value(min(runs))}" if len(runs) == 1 else ""
    return sql(f"""
        SELECT key, min(run_id) AS first_run, max(run_id) AS last_run
        FROM {names.table("sync_intents")} WHERE {of_sync(names, sync)}{others}
        GROUP BY key
    """)


def _latest_outcomes(names: StateNames, sync: str, portion: Portion) -> str:
    return sql(f"""
        SELECT * FROM (
          SELECT *, row_number() OVER (
            PARTITION BY key
            ORDER BY coalesce(run_order, 0) DESC, coalesce(sequence, 0) DESC, recorded_at DESC
          ) AS newness
          FROM {names.table("sync_outcomes")} WHERE {_of_portion(names, sync, portion)}
        ) AS numbered
        WHERE newness = 1
    """)


def _folded_row(names: StateNames) -> dict[str, str]:
    """The columns of the ledger, each from an outcome `o`, the ledger's row `l` and the runs in doubt `d`."""
    return {
        "sync": "o.sync",
        "key": "o.key",
        "partition": f"o.{names.partition}",
        "fingerprint": "o.fingerprint",
        # After a request in doubt, from this run or a killed one, the room may have either version: neither counts as
        # delivered.
        "delivered_fingerprint": "CASE WHEN o.status = 'delivered' THEN o.fingerprint "
        "WHEN o.status IN ('failed', 'unknown') OR d.first_run <> o.run_id OR d.last_run <> o.run_id THEN NULL "
        f"ELSE {delivered_fingerprint('l.')} END",
        "row_hash": "o.row_hash",
        "row_hash_version": "o.row_hash_version",
        "status": "o.status",
        "attempts": "o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END",
        # How many runs in a row got a 404; a run without a response neither counts nor breaks the streak.
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
        "run_order": "CASE WHEN l.run_order > coalesce(o.run_order, 0) THEN l.run_order ELSE o.run_order END",
        "absent_since": f"CAST(NULL AS {names.dialect.types['timestamp']})",
    }
