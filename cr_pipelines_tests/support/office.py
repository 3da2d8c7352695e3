"""A warehouse with contacts and privacy requests, a room, and the removals between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cr_pipelines.api import Backoff, CommonRoomClient, careful
from cr_pipelines.removal import RemovalRecord, Removals, Timing
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Options, Report, Sync, run_sync
from cr_pipelines.warehouse import Warehouse
from cr_pipelines_tests.support.flow import CONTACTS, opened_once
from cr_pipelines_tests.support.warehouses import DuckDBFile, EmptyWarehouse


@dataclass
class MovableClock:
    """Our own time, which a test moves; the sandbox's is moved along by `Office.pass_time`."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Office:
    """A warehouse with contacts and privacy requests, a room, and the removals between them."""

    data: EmptyWarehouse
    sandbox: SandboxServer
    clock: MovableClock = field(default_factory=MovableClock)
    timing: Timing = field(default_factory=Timing)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        if not isinstance(self.data, DuckDBFile):
            return self.data.sql(statement)
        # Waits while another process has the file.
        with self.warehouse.session() as session:
            return session.fetch_all(statement)

    @property
    def warehouse(self) -> Warehouse:
        return opened_once(self.data.url, self.data.state_url)

    @property
    def destination(self) -> Destination:
        retry = careful(Backoff(attempts=5, base=0.01))
        return Destination(
            lambda: CommonRoomClient(self.sandbox.token, self.sandbox.base_url, retry=retry), self.sandbox.source_id
        )

    @property
    def removals(self) -> Removals:
        return Removals(self.warehouse, timing=self.timing, clock=self.clock)

    def sync(self, sync: Sync = CONTACTS, **options: Any) -> Report:
        return run_sync(sync, self.warehouse, self.destination, options=Options(**options), timing=self.timing.engine)

    def settle(self, request_ids: Sequence[str] | None = None) -> Any:
        return self.removals.settle(self.destination, request_ids)

    def verify(self) -> Any:
        return self.removals.verify(self.destination)

    def ask(self, request_id: str, email: str, when: str = "2026-11-01") -> None:
        self.sql(f"INSERT INTO common_room_pii_requests VALUES ('{request_id}', '{email}', '{when}')")

    def pass_time(self, **span: float) -> None:
        """Move our clock and the room's."""
        self.clock.ahead += timedelta(**span)
        self.sandbox.control.advance(timedelta(**span).total_seconds())

    def record(self, request_id: str) -> RemovalRecord:
        [record] = self.removals.records([request_id])
        return record

    def statuses(self) -> dict[str, str]:
        return {record.request_id: record.status for record in self.removals.records()}

    def calls(self) -> list[str]:
        """The path of every DELETE that was received, in order."""
        return [request["path"] for request in self.sandbox.control.requests(operation="anonymizeContact")]

    def posted(self) -> list[str]:
        return [r["body"]["id"] for r in self.sandbox.control.requests(operation="addUpdateUserToSource")]

    @property
    def room(self) -> dict[str, dict[str, Any]]:
        return self.sandbox.control.users(source=self.sandbox.source_id)
