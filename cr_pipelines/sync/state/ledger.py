"""The ledger: what became of every row, by sync and key.

Goes in: outcomes of rows, appended while a run sends. Comes out: one entry for each key, folded from them at the end of
the run or at the start of the next, and answers to other modules' questions about these entries. A merge into a large
ledger is expensive, even for a few rows.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from functools import partial

import pyarrow as pa

from cr_pipelines.sync.explanation import LedgerEntry
from cr_pipelines.sync.state import fold_statements, statements
from cr_pipelines.sync.state.fold_statements import OutcomesOfRun, Portion
from cr_pipelines.sync.state.schema import StateSchema, Table, declare, lock_sync
from cr_pipelines.warehouse import Session

_RUNS_AT_ONCE = 50

_MANY_OUTCOMES = 2_000
"""From this many rows on, the engine gathers statistics of the tables before they are joined."""

SYNC_LEDGER = declare(
    Table(
        "sync_ledger",
        {
            "sync": "text",
            "key": "text",
            "partition": "text",
            "fingerprint": "text",
            "delivered_fingerprint": "text",
            "row_hash": "bigint",
            "row_hash_version": "text",
            "status": "text",
            "attempts": "integer",
            "not_found_runs": "integer",
            "http_status": "integer",
            "reason_code": "text",
            "field": "text",
            "message": "text",
            "email_hash": "text",
            "suppressed_for": "text",
            "first_sent_at": "timestamp",
            "last_sent_at": "timestamp",
            "run_id": "text",
            "run_order": "bigint",
            "absent_since": "timestamp",
        },
        indexes=(("sync", "partition", "key"),),
        unique=("sync", "key"),
    )
)

SYNC_OUTCOMES = declare(
    Table(
        "sync_outcomes",
        {
            "sync": "text",
            "key": "text",
            "partition": "text",
            "fingerprint": "text",
            "row_hash": "bigint",
            "row_hash_version": "text",
            "status": "text",
            "attempts": "integer",
            "http_status": "integer",
            "reason_code": "text",
            "field": "text",
            "message": "text",
            "email_hash": "text",
            "suppressed_for": "text",
            "sent_at": "timestamp",
            "recorded_at": "timestamp",
            "run_id": "text",
            "run_order": "bigint",
            "sequence": "bigint",
        },
        indexes=(("sync", "run_id", "sequence"),),
    )
)

SYNC_INTENTS = declare(
    Table(
        "sync_intents",
        {"sync": "text", "partition": "text", "key": "text", "run_id": "text"},
        indexes=(("sync", "partition"),),
    )
)

KEY_SPELLINGS = declare(
    Table(
        "key_spellings",
        {"sync": "text", "column_name": "text", "spelled": "text", "thing": "text", "canonical": "text"},
        indexes=(("sync",),),
    )
)

REJECTED_ROWS = declare(
    Table(
        "rejected_rows",
        {
            "sync": "text",
            "key": "text",
            "partition": "text",
            "status": "text",
            "field": "text",
            "reason_code": "text",
            "message": "text",
            "http_status": "integer",
            "attempts": "integer",
            "last_sent_at": "timestamp",
            "run_id": "text",
        },
        view=statements.rejected_rows_view,
    )
)

DROPPED_VALUES = declare(
    Table(
        "dropped_values",
        {
            "sync": "text",
            "key": "text",
            "partition": "text",
            "field": "text",
            "reason_code": "text",
            "message": "text",
            "last_sent_at": "timestamp",
            "run_id": "text",
        },
        view=statements.dropped_values_view,
    )
)

OUTCOME_SCHEMA = SYNC_OUTCOMES.arrow_schema
"""The rows of `sync_outcomes`, as Arrow."""


def no_key(partition: str) -> str:
    """Return the key under which the ledger has all rows without one. No real key contains an @: it would be hashed."""
    return f"@null {partition}".rstrip()


class Ledger:
    """The ledger within one session."""

    def __init__(self, session: Session, schema: str):
        self._session = session
        self._schema = schema
        self._state = StateSchema(session, schema)
        self.names = self._state.names

    def record(self, outcomes: pa.Table) -> None:
        """Append outcomes, given with the columns of `OUTCOME_SCHEMA`."""
        self._state.append_arrow(SYNC_OUTCOMES, outcomes)

    def fold(self, sync: str) -> None:
        """Fold the outcomes that were appended since the last fold of a sync into the ledger.

        Outcomes are folded in portions, so that a first run of any size takes little memory. A key's intent is deleted
        together with its outcome, and not before: what a killed run may have sent stays in doubt until it has an
        outcome.
        """
        with lock_sync(self._session, self._schema, sync):
            counted = self._session.fetch_all(fold_statements.count_outcomes(self.names, sync))
            is_many = sum(count for _, _, count, _, _ in counted) >= _MANY_OUTCOMES
            if is_many:
                self._analyze(SYNC_OUTCOMES, SYNC_INTENTS, SYNC_LEDGER)
            portions = _portions(counted, self._session.dialect.folded_at_once)
            for position, portion in enumerate(portions):
                self._session.transaction(partial(self._fold_portion, sync, portion))
                if is_many and position in (0, len(portions) - 1):
                    self._analyze(SYNC_LEDGER)

    def _fold_portion(self, sync: str, portion: Portion) -> None:
        for statement in (
            fold_statements.insert_former_addresses,
            fold_statements.merge_outcomes,
            fold_statements.delete_folded_intents,
            fold_statements.delete_folded_outcomes,
        ):
            self._session.execute(statement(self.names, sync, portion))

    def _analyze(self, *tables: Table) -> None:
        for table in tables:
            if statement := self._session.dialect.analyze(self.names.table(table.name)):
                self._session.execute(statement)

    def delete_keys(self, sync: str, keys: Collection[str]) -> None:
        """Delete keys whose things are no longer in the room. If they return to the source, they are new."""
        if keys:
            with lock_sync(self._session, self._schema, sync):
                self._session.execute(statements.delete_keys(self.names, sync, keys))

    def delete_sync(self, sync: str) -> None:
        """Delete a sync's rows from the ledger, for example because its room was replaced. The runs are kept."""
        for table in (SYNC_LEDGER, SYNC_INTENTS, SYNC_OUTCOMES, KEY_SPELLINGS):
            self._session.execute(statements.delete_sync(self.names, table.name, sync))

    def clear(self) -> None:
        """Delete what the ledger knows about the room, for example because it was discarded. The runs are kept."""
        for table in (SYNC_LEDGER, SYNC_INTENTS, SYNC_OUTCOMES):
            self._state.clear(table)

    def entries(self, sync: str, keys: Collection[str]) -> dict[str, LedgerEntry]:
        """Return the ledger's entries for these keys."""
        names = [field.name for field in fields(LedgerEntry)]
        where = f"{statements.of_sync(self.names, sync)} AND key IN ({self.names.values(keys)})"
        found = (LedgerEntry(*row) for row in self._state.fetch(SYNC_LEDGER, names, where))
        return {entry.key: entry for entry in found}

    def delivered_sample(self, sync: str, before: datetime, limit: int) -> list[str]:
        """Return a random selection of the sync's keys that were delivered before a given moment."""
        query = statements.delivered_sample(self.names, sync, before, uuid.uuid4().hex, limit)
        return [key for (key,) in self._session.fetch_all(query)]

    def rows_by_status(self, sync: str, partition: str) -> dict[str, int]:
        """Return how many of the sync's source rows have each status."""
        return dict(self._session.fetch_all(statements.rows_by_status(self.names, sync, partition)))

    def dropped_rows(self, sync: str, partition: str) -> int:
        """Return how many rows of a sync were delivered with a bad value left out."""
        [(count,)] = self._session.fetch_all(statements.dropped_rows(self.names, sync, partition))
        return int(count)

    def rejected_rows(self, sync: str, partition: str, limit: int) -> list[tuple[str, str, str, str, str]]:
        """Return up to `limit` rows of the view: key, status, field, reason code, message."""
        return self._session.fetch_all(statements.rejected_rows(self.names, sync, partition, limit))


def _portions(counted: Iterable[tuple[str, str, int, int | None, int | None]], at_once: int) -> list[Portion]:
    """Divide the outcomes of runs, which `count_outcomes` returns, into portions of at most `at_once`."""
    portions: list[Portion] = []
    portion: list[OutcomesOfRun] = []
    room = at_once
    for run_id, partition, count, first, last in counted:
        if first is None or last is None:
            portion.append(OutcomesOfRun(run_id, partition, None))
            room -= count
        else:
            # A run's outcomes are numbered without gaps.
            while last - first >= room > 0:
                portions.append([*portion, OutcomesOfRun(run_id, partition, first + room - 1)])
                first, portion, room = first + room, [], at_once
            portion.append(OutcomesOfRun(run_id, partition, last))
            room -= last - first + 1
        if room <= 0 or len(portion) == _RUNS_AT_ONCE:
            portions.append(portion)
            portion, room = [], at_once
    return [*portions, portion] if portion else portions
