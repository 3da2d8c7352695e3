"""The outbox: outcomes of rows on their way to the ledger.

Goes in: what became of each row, as it happens. Comes out: rows of `sync_outcomes`, appended in short sessions. A kill
loses what is not written yet, and those rows are sent again.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from itertools import count
from typing import Any, Protocol

import pyarrow as pa

from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.state.ledger import OUTCOME_SCHEMA, Ledger
from cr_pipelines.warehouse import Session


class HashedRow(Protocol):
    """The part of a source row that the ledger compares."""

    @property
    def key(self) -> str:
        """The row's key, as the ledger spells it."""

    @property
    def fingerprint(self) -> str:
        """The hash that is the same for equal content on every engine."""

    @property
    def row_hash(self) -> int:
        """The engine's own, faster hash."""


class Outbox:
    """Outcomes of a run that are not in the warehouse yet."""

    def __init__(self, run: RunKey, run_order: int, schema: str, row_hash_version: str):
        """`run_order` comes from the run's claim."""
        self._run = run
        self._run_order = run_order
        self._sequence = count(1)
        self._schema = schema
        self._row_hash_version = row_hash_version
        self._pending: list[tuple[Any, ...]] = []
        self._in_doubt: set[str] = set()

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def in_doubt(self) -> Collection[str]:
        """Keys whose request is in flight: if the run ends now, it may have arrived."""
        return self._in_doubt

    def mark_in_doubt(self, keys: Collection[str]) -> None:
        """Note that a request about these keys may be sent from this point on."""
        self._in_doubt.update(keys)

    def clear_doubt(self, keys: Collection[str]) -> None:
        """Note that the outcome of these keys is known."""
        self._in_doubt.difference_update(keys)

    def add(
        self,
        row: HashedRow,
        status: str,
        *,
        attempts: int = 0,
        http_status: int | None = None,
        reason_code: str | None = None,
        field: str | None = None,
        message: str | None = None,
        email_hash: str | None = None,
        suppressed_for: str | None = None,
    ) -> None:
        """Add what became of a row."""
        now = datetime.now(UTC)
        outcome = {
            "sync": self._run.sync,
            "key": row.key,
            "partition": self._run.partition,
            "fingerprint": row.fingerprint,
            "row_hash": row.row_hash,
            "row_hash_version": self._row_hash_version,
            "status": status,
            "attempts": attempts,
            "http_status": http_status,
            "reason_code": reason_code,
            "field": field,
            "message": message,
            "email_hash": email_hash,
            "suppressed_for": suppressed_for,
            "sent_at": now if attempts else None,
            "recorded_at": now,
            "run_id": self._run.run_id,
            "run_order": self._run_order,
            "sequence": next(self._sequence),
        }
        self._pending.append(tuple(outcome[name] for name in OUTCOME_SCHEMA.names))

    def write(self, session: Session) -> None:
        """Append what is pending. Another thread may add outcomes in the meantime."""
        pending = self._pending[:]
        if not pending:
            return
        columns = zip(*pending, strict=True)
        table = pa.Table.from_arrays(
            [pa.array(column, kind.type) for column, kind in zip(columns, OUTCOME_SCHEMA, strict=True)],
            schema=OUTCOME_SCHEMA,
        )
        Ledger(session, self._schema).record(table)
        del self._pending[: len(pending)]
