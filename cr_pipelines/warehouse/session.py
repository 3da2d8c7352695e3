"""A connection in use, in the two roles that an engine can have, and the warehouse that it belongs to.

Goes in: SQL made by a dialect, and Arrow tables to keep. Comes out: rows, Arrow batches, and errors without any value
of a row.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, ClassVar, Literal, Protocol

import pyarrow as pa

from cr_pipelines.warehouse.dialect import Dialect, SourceDialect, SqlDialect, StateDialect
from cr_pipelines.warehouse.errors import WarehouseError
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.urls import hidden, shown_url


class BatchSink(Protocol):
    """Takes the rows of a query, batch by batch."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the next batch."""

    def clear(self) -> None:
        """Drop what was written: the rows start again from the beginning."""


class ArrowRows(Protocol):
    """An Arrow table, or another object that can stream its batches repeatedly."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the batches from the beginning."""


class SqlSession(ABC):
    """What both roles need from a connection."""

    dialect: SqlDialect

    @abstractmethod
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query that is known to return few."""


class SourceSession(SqlSession):
    """A connection that reads a source. It needs no write access."""

    dialect: SourceDialect

    @property
    def view_dialect(self) -> SourceDialect:
        """The SQL in which a view of the source is written; `dialect` unless rows are read before any SQL."""
        return self.dialect

    @abstractmethod
    def columns(self, relation: Relation) -> dict[str, str]:
        """Return the relation's column names and their types in the engine's words, in its order.

        Raises SourceMissing if the relation, or one that its query names, does not exist, WarehouseBusy if it stays
        locked, and WarehouseError with the engine's reason for everything else, such as a view that fails. Leaves no
        object and no lock in the warehouse.
        """

    def describe(self, relation: Relation) -> dict[str, str]:
        """Do the same as `columns` at little cost; types may be taken from the first rows. Raises the same errors."""
        return self.columns(relation)

    @abstractmethod
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        """Write the rows of a query to a sink, batch by batch, without holding all of them in memory."""

    def interrupt(self) -> None:
        """Interrupt the running statement, if any, with a WarehouseError. To be called from another thread.

        A session that has been closed in the meantime is left alone.
        """

    def snapshot(self, relation: Relation | None = None) -> AbstractContextManager[None]:
        """See one snapshot of the warehouse while the block lasts, if others can write in the meantime.

        If tables can be swapped by renaming, those of `relation` are locked against that before the snapshot is taken.
        """
        return nullcontext()


class StateSession(SqlSession):
    """A connection that keeps the state tables. Temporary tables live as long as the session."""

    dialect: StateDialect

    _in_transaction = False

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run a statement that returns nothing."""

    @abstractmethod
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        """Append rows to a table by column name: all of them or none."""

    def create_schema(self, schema: str) -> None:
        """Make a schema unless it exists. Names without a schema keep their meaning."""
        self.execute(self.dialect.create_schema(schema))

    def make_temporary(self, name: str, *queries: str) -> None:
        """Make a temporary table of the rows of these queries, at least one, in any order."""
        for number, query in enumerate(queries):
            self.execute(f"INSERT INTO {name} {query}" if number else f"CREATE TEMPORARY TABLE {name} AS {query}")
        if analyze := self.dialect.analyze(name):
            self.execute(analyze)

    def make_selection(self, name: str, query: str) -> None:
        """Make a temporary table or view of some rows of a temporary table, which must not change afterwards."""
        self.make_temporary(name, query)

    def register_arrow(self, name: str, rows: ArrowRows) -> None:
        """Let statements read the rows as a relation of this name, until the session ends.

        Raises WarehouseError if the engine does not support this.
        """
        raise WarehouseError(
            f"{self.dialect.name} does not support DataFrame sources; write the frame to a table and use that as the "
            "source"
        )

    def append_temporary(self, name: str, rows: pa.Table, *, create: bool = False) -> None:
        """Append rows by position to a temporary table, which `create` makes.

        Raises WarehouseError if the engine cannot keep the state for a source in another engine.
        """
        raise WarehouseError(
            f"{self.dialect.name} cannot hold the state of a source in another engine; use DuckDB or PostgreSQL as "
            "the state URL"
        )

    def tables(self, schema: str) -> set[str]:
        """Return the names, in lower case, of a schema's tables and views; none when there is no such schema."""
        return {name for (name,) in self.fetch_all(self.dialect.tables(schema))}

    def schema_columns(self, schema: str) -> dict[str, set[str]]:
        """Return the columns of a schema's tables and views, all in lower case; none when there is no such schema."""
        columns: dict[str, set[str]] = {}
        for table, column in self.fetch_all(self.dialect.schema_columns(schema)):
            columns.setdefault(table, set()).add(column)
        return columns

    def transaction(self, work: Callable[[], None]) -> None:
        """Run the work's statements together or not at all; all of them see one snapshot of the warehouse.

        An engine that runs out of memory, or that another session's changes get in the way of, runs the work again from
        the beginning.
        """
        with self._transaction():
            work()

    @contextmanager
    def _transaction(self, begin: Callable[[], None] | None = None) -> Iterator[None]:
        if begin is None:
            self.execute(self.dialect.begin)
        else:
            begin()
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self._in_transaction = False
            # A broken connection has rolled back but cannot say so.
            with suppress(WarehouseError):
                self.execute("ROLLBACK")
            raise
        self._in_transaction = False
        self.execute("COMMIT")

    def _in_pieces(self, rows: pa.Table, most: int, write: Callable[[pa.Table], None]) -> None:
        """Write rows in pieces of at most this many: all of them or none."""

        def write_all() -> None:
            for start in range(0, rows.num_rows, most):
                write(rows.slice(start, most))

        if rows.num_rows <= most or self._in_transaction:
            write_all()
        else:
            self.transaction(write_all)

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock of this name, against all other sessions, while the block lasts."""
        return nullcontext()


class Session(SourceSession, StateSession):
    """A connection in both roles: a plan joins the source and the state tables inside the engine."""

    dialect: Dialect


Role = Literal["both", "source", "state"]
"""What a database is used for: its tables are read, or it keeps ours, or both."""


class Source(ABC):
    """A database that is only read.

    Cheap to create: nothing connects before a session begins.
    """

    dialect: ClassVar[type[SourceDialect]]

    role: Role = "both"

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        self.url = hidden(url)
        self._wait_seconds = wait_seconds
        self._statement_seconds = statement_seconds

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {shown_url(self.url)}>"

    @abstractmethod
    def session(self) -> AbstractContextManager[SourceSession]:
        """Connect, for as long as the block lasts. Raises WarehouseBusy or WarehouseError."""

    @property
    def kind(self) -> str:
        """The engine's name in lower case, such as `duckdb`."""
        return self.dialect.name


class Warehouse(Source):
    """A database that holds the state tables, and also the sources unless `source` is another database."""

    dialect: ClassVar[type[Dialect]]

    exclusive: bool = False
    """Whether nobody else can read while a session lasts."""

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """Connect to the state tables, for as long as the block lasts. Raises WarehouseBusy or WarehouseError."""

    @property
    def source(self) -> Source:
        """Where the sources are."""
        return self

    @property
    def is_apart(self) -> bool:
        """Whether the sources are in a different engine from the state tables."""
        return self.source is not self

    def source_session(self, session: Session | None = None) -> AbstractContextManager[SourceSession]:
        """Connect to the sources while the block lasts; reuse `session` if they are in its database."""
        return nullcontext(session) if session is not None and not self.is_apart else self.source.session()


class SplitWarehouse(Warehouse):
    """A source that is only read, and the state tables in another engine."""

    def __init__(self, source: Source, state: Warehouse):
        super().__init__(state.url)
        self._source = source
        self.state = state
        self.dialect = state.dialect  # type: ignore[misc]
        self.exclusive = state.exclusive

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._source!r} {self.state!r}>"

    def session(self) -> AbstractContextManager[Session]:
        """Connect to the state tables, for as long as the block lasts."""
        return self.state.session()

    @property
    def source(self) -> Source:
        """Where the sources are."""
        return self._source

    @property
    def kind(self) -> str:
        """The name of the source's engine."""
        return self._source.kind
