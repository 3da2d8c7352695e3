import time
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from cr_pipelines.sync._ledger import OUTCOME_SCHEMA, Ledger, Suppressed
from cr_pipelines.sync._spool import PlannedRow
from cr_pipelines.warehouse import Session, Warehouse

FLUSH_ROWS = 500
FLUSH_SECONDS = 1.0
FLUSH_PAUSE = 0.5
"""At thousands of rows a second, opening the warehouse at every 500th would cost a fifth of a core."""

MOST_UNRECORDED = 4_000
"""Sending waits for the ledger beyond so many outcomes, as when another process has the warehouse."""

_HEARTBEAT_SECONDS = 20.0


class Journal:
    """Outcomes of a run on their way to the ledger.

    They are gathered in memory and appended to the warehouse in short sessions. A kill costs what was not yet
    appended: those rows are sent again.

    Attributes:
        row_hash_version: the plan's, written beside every row hash.
        suppressed: who is withheld, as of the last time that the ledger was seen.
        in_doubt: keys whose request is under way: if the run ends now, it may have arrived.
    """

    def __init__(self, warehouse: Warehouse, schema: str, sync: str, partition: str, run_id: str):
        self._warehouse = warehouse
        self._schema = schema
        self._sync = sync
        self._partition = partition
        self._run_id = run_id
        self._pending: list[tuple[Any, ...]] = []
        self._last_flush = self._last_heartbeat = time.monotonic()
        self.row_hash_version = ""
        self.suppressed = Suppressed()
        self.in_doubt: set[str] = set()

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def due(self) -> bool:
        """Whether outcomes have waited long enough, or are many enough, to be written."""
        waited = time.monotonic() - self._last_flush
        return bool(self._pending) and waited >= (FLUSH_PAUSE if len(self._pending) >= FLUSH_ROWS else FLUSH_SECONDS)

    @property
    def heartbeat_due(self) -> bool:
        """Whether the run should say that it still goes on."""
        return time.monotonic() - self._last_heartbeat >= _HEARTBEAT_SECONDS

    def add(
        self,
        row: PlannedRow,
        status: str,
        *,
        attempts: int = 0,
        http_status: int | None = None,
        reason_code: str | None = None,
        field: str | None = None,
        message: str | None = None,
        email_hash: str | None = None,
    ) -> None:
        """Take down what became of a row."""
        now = datetime.now(UTC)
        self._pending.append((
            self._sync, row.key, self._partition, row.fingerprint, row.row_hash, self.row_hash_version, status,
            attempts, http_status, reason_code, field, message, email_hash, now if attempts else None, now,
            self._run_id,
        ))  # fmt: skip

    def flush(self) -> None:
        """Append what is pending, and learn who was suppressed meanwhile. Blocks; holds no lock after."""
        with self._warehouse.session() as session:
            self.write(session)

    def write(self, session: Session) -> None:
        """As `flush`, in a session that the caller has."""
        ledger = Ledger(session, self._schema)
        # Another thread adds rows meanwhile: take those that are here, and drop them once they are recorded.
        pending = self._pending[:]
        if pending:
            columns = zip(*pending, strict=True)
            ledger.record(
                pa.Table.from_arrays(
                    [pa.array(column, kind.type) for column, kind in zip(columns, OUTCOME_SCHEMA, strict=True)],
                    schema=OUTCOME_SCHEMA,
                )
            )
            del self._pending[: len(pending)]
        if self.heartbeat_due:
            ledger.heartbeat(self._run_id, self._sync, self._partition)
            self._last_heartbeat = time.monotonic()
        self.suppressed = ledger.suppressed(self._sync)
        self._last_flush = time.monotonic()
