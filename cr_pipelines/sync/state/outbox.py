import time
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.privacy.lease import lease_clock
from cr_pipelines.sync.privacy.suppression import Suppressed
from cr_pipelines.sync.state.ledger import OUTCOME_SCHEMA, Ledger
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.warehouse import Session, Warehouse

FLUSH_ROWS = 500
FLUSH_SECONDS = 1.0
FLUSH_PAUSE = 0.5
"""At thousands of rows a second, opening the warehouse at every 500th would cost a fifth of a core."""

MOST_UNRECORDED = 4_000
"""Sending waits for the ledger beyond so many outcomes, as when another process has the warehouse."""

_HEARTBEAT_SECONDS = 20.0


class Outbox:
    """Outcomes of a run on their way to the ledger.

    They are gathered in memory and appended to the warehouse in short sessions. A kill costs what was not yet
    appended: those rows are sent again.

    Attributes:
        row_hash_version: the plan's, written beside every row hash.
        suppressed: who is withheld, as of the last look.
        seen_at: when that look began, by `lease_clock`.
        clear_of: the version of the list whose people are neither sent nor on the wire any more, to be confirmed.
        in_doubt: keys whose request is under way: if the run ends now, it may have arrived.
    """

    def __init__(
        self, warehouse: Warehouse, schema: str, sync: str, partition: str, run_id: str, source_id: int | None = None
    ):
        self._warehouse = warehouse
        self._schema = schema
        self._sync = sync
        self._partition = partition
        self._run_id = run_id
        self._source_id = source_id
        self._pending: list[tuple[Any, ...]] = []
        self._last_flush = self._last_heartbeat = time.monotonic()
        self.row_hash_version = ""
        self.suppressed = Suppressed()
        self.seen_at = float("-inf")
        self.clear_of = self._confirmed = -1
        self.in_doubt: set[str] = set()

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def due(self) -> bool:
        """Whether it is time to write outcomes, to look who is withheld, or to confirm that."""
        waited = time.monotonic() - self._last_flush
        pause = FLUSH_PAUSE if len(self._pending) >= FLUSH_ROWS else FLUSH_SECONDS
        return waited >= pause or self.clear_of > self._confirmed

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
        withheld_for: str | None = None,
    ) -> None:
        """Take down what became of a row."""
        now = datetime.now(UTC)
        self._pending.append((
            self._sync, row.key, self._partition, row.fingerprint, row.row_hash, self.row_hash_version, status,
            attempts, http_status, reason_code, field, message, email_hash, withheld_for,
            now if attempts else None, now, self._run_id,
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
            RunRegistry(session, self._schema).heartbeat(self._run_id, self._sync, self._partition)
            self._last_heartbeat = time.monotonic()
        self.look(session)
        self._last_flush = time.monotonic()

    def look(self, session: Session) -> None:
        """Learn who is withheld, and confirm what was learnt before once nothing on the wire is against it."""
        begun = lease_clock()
        ledger = Ledger(session, self._schema)
        if ledger.suppression_version() != self.suppressed.version:
            self.suppressed = ledger.suppressed(self._sync, self._source_id)
        self.seen_at = begun
        if self.clear_of > self._confirmed:
            RunRegistry(session, self._schema).confirm(self._run_id, self._sync, self._partition, self.clear_of)
            self._confirmed = self.clear_of
