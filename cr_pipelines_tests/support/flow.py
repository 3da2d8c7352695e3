"""A warehouse, a room, and a sync between them: what the tests of the engine start from."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Options, Report, Sync, run_sync
from cr_pipelines.warehouse import Dialect, Warehouse, open_warehouse
from cr_pipelines_tests.support.warehouses import EmptyWarehouse

CONTACTS = Sync("contacts", "contact", "common_room_contacts")


@lru_cache(maxsize=4)
def opened_once(url: str, state_url: str | None) -> Warehouse:
    """A warehouse that several runs share, as the first connection of each reads all types of a PostgreSQL server."""
    return open_warehouse(url, state_url)


@dataclass
class Flow:
    """A warehouse, a room, and a contacts sync between them. SQL is DuckDB's, in words that others know too."""

    data: EmptyWarehouse
    sandbox: SandboxServer
    sync: Sync = CONTACTS

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return self.data.sql(statement)

    def run(self, **options: Any) -> Report:
        return run_sync(self.sync, self.warehouse, self.destination(), options=Options(**options))

    @property
    def warehouse(self) -> Warehouse:
        return opened_once(self.data.url, self.data.state_url)

    @property
    def dialect(self) -> Dialect:
        return self.warehouse.dialect()

    def destination(self, **client: Any) -> Destination:
        client = {"token": self.sandbox.token, "base_url": self.sandbox.base_url} | client
        return Destination(lambda: CommonRoomClient(**client), self.sandbox.source_id)

    def reading(self, source: str, **changes: Any) -> "Flow":
        return replace(self, sync=replace(self.sync, source=self.data.dialect_of(source), **changes))

    @property
    def room(self) -> dict[str, dict[str, Any]]:
        return self.sandbox.control.users(source=self.sandbox.source_id)

    def posted(self) -> list[str]:
        """The key of every contact that was posted, in order, however it was answered."""
        requests = self.sandbox.control.requests(operation="addUpdateUserToSource")
        return [request["body"]["id"] for request in requests]

    def rejected(self) -> dict[str, tuple[str, str]]:
        rows = self.sql("SELECT key, field, message FROM common_room.rejected_rows")
        return {key: (field, message) for key, field, message in rows}

    def statuses(self) -> dict[str, str]:
        return dict(self.sql("SELECT key, status FROM common_room.sync_ledger WHERE absent_since IS NULL"))
