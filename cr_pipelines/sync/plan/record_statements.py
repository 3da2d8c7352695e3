"""The SQL that records what a plan found, before anything is sent.

Goes in: `PlanNames`, the run, and the temporary tables of the plan. Comes out: one statement for each function.
"""

from typing import NamedTuple

from cr_pipelines.sync.plan.statements import DUPLICATE, PlanNames
from cr_pipelines.sync.state.ledger import no_key
from cr_pipelines.warehouse import Dialect

OUTCOME_COLUMNS = (
    "sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id",
    "run_order", "sequence",
)  # fmt: skip
"""The columns of an outcome that the plan itself determines."""


class PlannedRun(NamedTuple):
    """The run whose outcomes a plan records; `order` is what its claim returned."""

    run_id: str
    order: int


def refresh_hashes(names: PlanNames, row_hash_version: str) -> str:
    """Return a statement that records the new hashes of rows with unchanged content."""
    ledger = names.dialect.identifier("sync_ledger")
    return f"""
        UPDATE {names.table("sync_ledger")}
        SET row_hash = r.row_hash, row_hash_version = {names.dialect.literal(row_hash_version)}
        FROM cr_refreshed AS r
        WHERE {names.here} AND {ledger}.key = r.key"""


def record_absent(names: PlanNames) -> str:
    """Return a statement that records which keys are absent from the source."""
    return f"""
        UPDATE {names.table("sync_ledger")} SET absent_since = {names.now}
        WHERE {names.here} AND key IN (SELECT key FROM cr_compared WHERE why = 'absent')"""


def record_returned(names: PlanNames) -> str:
    """Return a statement that records which absent keys are in the source again."""
    return f"""
        UPDATE {names.table("sync_ledger")} SET absent_since = NULL
        WHERE {names.here} AND absent_since IS NOT NULL
        AND key IN (SELECT key FROM cr_compared WHERE why <> 'absent')"""


def record_intents(names: PlanNames, run_id: str) -> str:
    """Return a statement that records which keys the run may be sending from now on.

    Intents of a killed run remain, because only an outcome ends the doubt.
    """
    intents, text = names.table("sync_intents"), names.dialect.literal
    return f"""
        INSERT INTO {intents} (sync, {names.partition}, key, run_id)
        SELECT {names.sync_name}, {text(names.partition_name)}, o.key, {text(run_id)}
        FROM cr_offered AS o
        LEFT JOIN ({names.interrupted}) AS i ON i.key = o.key
        WHERE i.key IS NULL"""


def record_null_keys(names: PlanNames, run: PlannedRun, message: str) -> str:
    """Return a statement that records all rows without a key as one invalid entry."""
    text = names.dialect.literal
    return f"""
        INSERT INTO {names.table("sync_outcomes")} ({_outcome_columns(names.dialect)})
        VALUES (
            {names.sync_name}, {text(no_key(names.partition_name))}, {text(names.partition_name)},
            'invalid', 0, 'null_key', {text(names.key_columns)}, {text(message)}, {names.now},
            {text(run.run_id)}, {run.order}, 0
        )"""


def record_duplicates(names: PlanNames, run: PlannedRun) -> str:
    """Return a statement that records every key shared by several rows as invalid, unless the ledger already does.

    The sequence numbers are negative: they come before those of rows that are sent.
    """
    text = names.dialect.literal
    message = f"{names.dialect.text('d.copies')} || {text(DUPLICATE)}"
    appended = ""
    if not names.sync.contract.repeatable:
        # A second row with the same key must not erase the fact that an append was sent, or may have been.
        appended = "AND coalesce(l.status, '') NOT IN ('delivered', 'unknown')"
    return f"""
        INSERT INTO {names.table("sync_outcomes")} ({_outcome_columns(names.dialect)})
        SELECT
            {names.sync_name}, d.key, {text(names.partition_name)},
            'invalid', 0, 'duplicate_key', {text(names.key_columns)}, {message}, {names.now},
            {text(run.run_id)}, {run.order}, -row_number() OVER (ORDER BY d.key)
        FROM cr_duplicates AS d
        LEFT JOIN {names.table("sync_ledger")} AS l ON l.sync = {names.sync_name} AND l.key = d.key
        WHERE (l.message IS DISTINCT FROM {message} OR l.absent_since IS NOT NULL) {appended}"""


def _outcome_columns(dialect: Dialect) -> str:
    return ", ".join(map(dialect.identifier, OUTCOME_COLUMNS))
