from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from cr_pipelines.warehouse.dialect import Dialect
from cr_pipelines.warehouse.errors import WarehouseError
from cr_pipelines.warehouse.relation import Relation


class BatchSink(Protocol):
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
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        """The whole answer of a query that is known to be small."""

    @abstractmethod
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        """Pour the answer of a query into a sink, batch by batch, never all in memory."""

    @abstractmethod
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        """Append rows to a table by column name, all or none of them."""

    def register_arrow(self, name: str, rows: pa.Table) -> None:
        """Let statements read the rows as a relation of this name, until the session ends.

        Raises WarehouseError where the engine offers no way to.
        """
        raise WarehouseError(
            f"{self.dialect.name} cannot read a data frame in passing; write it to a table, and name that as the source"
        )

    @abstractmethod
    def columns(self, relation: Relation) -> dict[str, str]:
        """The relation's column names and their types in the engine's words, in its order.

        Raises SourceMissing when the relation does not exist or its query does not run.
        """

    def tables(self, schema: str) -> set[str]:
        """The names, in lower case, of a schema's tables and views; none when there is no such schema."""
        return {name for (name,) in self.fetch_all(self.dialect.tables(schema))}

    def schema_columns(self, schema: str) -> dict[str, set[str]]:
        """Return the columns of a schema's tables and views, all in lower case; none when there is no such schema."""
        columns: dict[str, set[str]] = {}
        for table, column in self.fetch_all(self.dialect.schema_columns(schema)):
            columns.setdefault(table, set()).add(column)
        return columns

    def transaction(self, work: Callable[[], None]) -> None:
        """Do the work's statements together or not at all; all of them see one state of the warehouse.

        An engine that ran out of memory may do the work again, from its beginning.
        """
        with self._transaction():
            work()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.execute(self.dialect.begin)
        try:
            yield
        except BaseException:
            # A connection that broke has rolled back, and cannot say so.
            with suppress(WarehouseError):
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def snapshot(self) -> AbstractContextManager[None]:
        """See one state of the warehouse while the block lasts, where others can write meanwhile."""
        return nullcontext()

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep out, while the block lasts, every other session that asks for the same name."""
        return nullcontext()


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


_WAREHOUSES = {
    "duckdb": ("cr_pipelines.warehouse.duckdb", "DuckDBWarehouse", None),
    "postgresql": ("cr_pipelines.warehouse.postgresql", "PostgreSQLWarehouse", "postgres"),
    "snowflake": ("cr_pipelines.warehouse.snowflake", "SnowflakeWarehouse", "snowflake"),
    "bigquery": ("cr_pipelines.warehouse.bigquery", "BigQueryWarehouse", "bigquery"),
    "postgres": ("cr_pipelines.warehouse.postgresql", "PostgreSQLWarehouse", "postgres"),
}
"""By a URL's scheme: the module, its warehouse, and the extra with the driver. Drivers are imported late."""


def open_warehouse(url: str) -> Warehouse:
    """The warehouse that a URL names.

    Takes `duckdb:///relative.duckdb`, `duckdb:////absolute.duckdb`, `postgresql://user@host/database`,
    `snowflake://user:password@account/database/schema` or `bigquery://project/dataset`. Raises WarehouseError
    for a URL that it does not know, and for an engine whose driver is not installed.
    """
    scheme = url.partition(":")[0].lower()
    try:
        module, name, extra = _WAREHOUSES[scheme]
    except KeyError:
        raise WarehouseError(
            f"CR_WAREHOUSE_URL begins with {scheme!r}; it must name a DuckDB file, as duckdb:///relative.duckdb "
            f"or duckdb:////absolute.duckdb, or begin with {', '.join(f'{known}://' for known in _WAREHOUSES)}"
        ) from None
    try:
        found = import_module(module)
    except ImportError as error:
        if extra is None:
            raise
        raise WarehouseError(
            f"{scheme}:// needs the package {error.name}; install it with: pip install 'cr-pipelines[{extra}]'"
        ) from error
    warehouse: Warehouse = getattr(found, name)(url)
    return warehouse
