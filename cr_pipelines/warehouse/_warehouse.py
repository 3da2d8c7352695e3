from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from cr_pipelines.warehouse._dialect import Dialect
from cr_pipelines.warehouse._relation import Relation


class WarehouseError(Exception):
    """The warehouse cannot do what was asked; the message says what to change."""


class SourceMissing(WarehouseError):
    """A source's table, view or query does not exist or does not run."""


class WarehouseBusy(WarehouseError):
    """Another process kept the warehouse for longer than we wait."""


class Sink(Protocol):
    """What a query's answer is poured into."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""

    def clear(self) -> None:
        """Forget what was written: the answer comes again from its beginning."""


class Session(ABC):
    """A connection in use. Temporary tables live as long as the session."""

    dialect: Dialect

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run a statement that returns nothing."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The whole answer of a query that is known to be small."""

    @abstractmethod
    def stream(self, query: str, rows_per_batch: int, sink: Sink) -> None:
        """Pour the answer of a query into a sink, batch by batch, never all in memory."""

    @abstractmethod
    def append(self, table: str, rows: pa.Table) -> None:
        """Append rows to a table by column name, in one transaction. `table` is SQL, quoted."""

    @abstractmethod
    def columns(self, relation: Relation) -> dict[str, str]:
        """The relation's column names and their types in the engine's words, in its order.

        Raises SourceMissing when the relation does not exist or its query does not run.
        """


class Warehouse(ABC):
    """A database that holds the sources and our own tables.

    Cheap to make: nothing is connected before a session begins.
    """

    dialect: ClassVar[type[Dialect]]

    def __init__(self, url: str):
        self.url = url

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """Connect, for as long as the block lasts. Raises WarehouseBusy or WarehouseError."""

    @property
    def kind(self) -> str:
        """The engine's name in lower case, such as `duckdb`."""
        return self.dialect.name


def open_warehouse(url: str, **options: Any) -> Warehouse:
    """The warehouse that a URL names.

    Takes `duckdb:///relative.duckdb` or `duckdb:////absolute.duckdb`; options are those of the warehouse's
    own class. Raises WarehouseError for a URL that it does not know.
    """
    scheme = url.partition(":")[0].lower()
    if scheme == "duckdb":
        from cr_pipelines.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(url, **options)
    raise WarehouseError(
        f"CR_WAREHOUSE_URL begins with {scheme!r}; it must name a DuckDB file, as duckdb:///relative.duckdb "
        "or duckdb:////absolute.duckdb"
    )
