"""Every database that SQLAlchemy knows, as a source whose rows are read once.

Goes in: a SQLAlchemy URL. Comes out: a session that streams each relation, in bounded batches, into a private DuckDB
session, which then hashes and compares the rows. Even a view that returns different rows each time is therefore read
consistently, and an engine needs neither hash functions nor temporary tables.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from typing_extensions import override

from cr_pipelines.warehouse.column_kinds import LoadedRows
from cr_pipelines.warehouse.duckdb_dialect import DuckDBDialect
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseBusy, WarehouseError, without_quotes
from cr_pipelines.warehouse.generic_dialect import GenericDialect, ViewDialect, table_of
from cr_pipelines.warehouse.relation import Relation, same_but_for_case
from cr_pipelines.warehouse.session import BatchSink, Session, Source, SourceSession
from cr_pipelines.warehouse.staging import scratch_session
from cr_pipelines.warehouse.urls import kind_of

_ROWS_PER_BATCH = {"sqlite": 500, "mysql": 500, "mariadb": 500}
"""Rows that fit into the processor's cache take less time. With other servers, each batch may be a round trip."""

_ROWS_PER_BATCH_OF_SERVER = 2_000

_DRIVERS = {
    "mysql": "mysql+pymysql:// and pip install pymysql",
    "mariadb": "mariadb+pymysql:// and pip install pymysql",
    "mssql": "mssql+pymssql:// and pip install pymssql",
    "oracle": "oracle+oracledb:// and pip install oracledb",
    "redshift": "redshift+redshift_connector:// and pip install sqlalchemy-redshift redshift_connector",
    "trino": "trino:// and pip install 'trino[sqlalchemy]'",
    "clickhouse": "clickhousedb:// and pip install 'clickhouse-connect[sqlalchemy]'",
    "clickhousedb": "clickhousedb:// and pip install 'clickhouse-connect[sqlalchemy]'",
}
"""The URL and the packages for an engine, from its dialect's documentation."""

_ON_CONNECT = {
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": ("SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"),
    "mariadb": ("SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"),
    "oracle": ("ALTER SESSION SET TIME_ZONE = 'UTC'",),
    "redshift": ("SET timezone TO 'UTC'",),
    "cockroachdb": ("SET TIME ZONE 'UTC'", "SET default_transaction_read_only = on"),
}
"""The text of a moment must not depend on the server's time zone, and nothing is written."""

_CONNECT_TIMEOUT = {
    "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout",
    "psycopg2": "connect_timeout",
    "psycopg": "connect_timeout",
    "pymssql": "login_timeout",
    "pyodbc": "timeout",
    "oracledb": "tcp_connect_timeout",
    "pysqlite": "timeout",
}
"""By driver: the argument that limits how long it waits for a connection or, with SQLite, for a lock."""

_CONNECT_SECONDS = 30.0

_SYNTAX_ERROR = re.compile(r'near "[^"\']*": syntax error|incomplete input')

_MISSING_CODES = {"1146", "1051", "42S02", "42P01", "208", "942"}
_MISSING_WORDS = ("no such table", "does not exist", "doesn't exist", "ORA-00942", "Invalid object name", "not found")


class GenericSession(SourceSession):
    """A connection to the database, and the private session with what was read from it."""

    def __init__(self, connection: sa.Connection, local: Session, kind: str, statement_seconds: float | None):
        self.dialect = GenericDialect(kind)
        self._connection = connection
        self._local = local
        self._kind = kind
        self._seconds = statement_seconds
        self._rows_per_batch = rows_per_batch(kind)
        self._loaded: set[Relation] = set()
        self._interrupted = False
        self._tolerant = False

    @property
    @override
    def view_dialect(self) -> ViewDialect:
        return ViewDialect(self._kind, self._connection.dialect.identifier_preparer.quote)

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        if relation not in self._loaded:
            self._read(relation)
            self._loaded.add(relation)
        return self._local.columns(Relation(table_of(relation)))

    @override
    def describe(self, relation: Relation) -> dict[str, str]:
        return self.columns(relation) if relation in self._loaded else self._read(relation, most_batches=1)

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        return self._local.fetch_all(query)

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        self._local.fetch_batches(query, rows_per_batch, sink)

    @override
    def interrupt(self) -> None:
        self._interrupted = True
        self._local.interrupt()
        # SQLite's driver can interrupt a statement from another thread.
        with suppress(Exception):
            getattr(self._connection.connection.dbapi_connection, "interrupt", lambda: None)()

    def _read(self, relation: Relation, most_batches: int | None = None) -> dict[str, str]:
        """Load a relation, or its first batches. Return its columns with their types."""
        try:
            self._load(relation, most_batches)
        except (SQLAlchemyError, self._connection.dialect.loaded_dbapi.Error) as error:
            if self._kind == "sqlite" and "decode to UTF-8" in str(error) and not self._tolerant:
                self._tolerate_bytes()
                return self._read(relation, most_batches)
            failed = _without_values(self._kind, error)
            kind = SourceMissing if self._is_missing(relation, error) else type(failed)
            raise kind(f"{relation} cannot be read: {failed}") from None
        return self._local.columns(Relation(table_of(relation)))

    def _load(self, relation: Relation, most_batches: int | None) -> None:
        with self._result(self._query(relation)) as result:
            names = list(result.keys())
            _check_names(relation, names)
            loaded = LoadedRows(self._local, table_of(relation), names)
            for rows in self._batches(result, most_batches):
                loaded.append(rows)
        loaded.end(self._declared_moments(relation))

    def _batches(self, result: Any, most_batches: int | None) -> Iterator[list[Any]]:
        begun = time.monotonic()
        # SQLAlchemy may have read one row. Then the driver's own cursor: SQLAlchemy's rows cost as much again.
        rows = [*self._fetched(result, 1)]
        for _ in range(sys.maxsize if most_batches is None else most_batches):
            if result.cursor is not None:
                rows.extend(self._fetched(result.cursor, self._rows_per_batch))
            if not rows:
                break
            if self._interrupted:
                raise WarehouseError(f"{self._kind}: reading was interrupted")
            if self._seconds is not None and time.monotonic() - begun > self._seconds:
                raise WarehouseBusy(f"{self._kind}: reading took longer than {self._seconds:.0f} s")
            yield rows
            rows = []

    def _fetched(self, cursor: Any, rows: int) -> Any:
        try:
            return cursor.fetchmany(rows)
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:
            raise WarehouseError(
                f"{self._kind}: the driver raised {type(error).__name__} on a row; its message is omitted because it "
                "may quote the row. Check the options of the warehouse URL, or cast the column to text in the view"
            ) from None

    def _tolerate_bytes(self) -> None:
        """Read even text that is not UTF-8: its row is invalid, and the others are sent."""
        driver: Any = self._connection.connection.dbapi_connection
        driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")
        self._tolerant = True

    @contextmanager
    def _result(self, query: str) -> Iterator[Any]:
        streaming = {"stream_results": True, "yield_per": self._rows_per_batch, "no_parameters": True}
        result = self._connection.exec_driver_sql(query, execution_options=streaming)
        try:
            yield result
        finally:
            with suppress(Exception):
                result.close()

    def _query(self, relation: Relation) -> str:
        if relation.is_query:
            return relation.query
        quote = self._connection.dialect.identifier_preparer.quote
        return f"SELECT * FROM {'.'.join(map(quote, relation.name))}"

    def _is_missing(self, relation: Relation, error: Exception) -> bool:
        """Return whether the source is absent; a view that fails over another table is broken."""
        if not relation.is_query:
            *within, table = relation.name
            inspector, schema = sa.inspect(self._connection), ".".join(within) or None
            with suppress(SQLAlchemyError, NotImplementedError):
                views = {name.lower() for name in inspector.get_view_names(schema=schema)}
                return table.lower() not in views and not inspector.has_table(table, schema=schema)
        original = getattr(error, "orig", None) or error
        words = str(original)
        codes = {str(part) for part in getattr(original, "args", ())}
        return bool(codes & _MISSING_CODES) or any(word in words for word in _MISSING_WORDS)

    def _declared_moments(self, relation: Relation) -> dict[str, str]:
        """Return the columns that SQLite declares as dates or times, which it stores as text."""
        if self._kind != "sqlite" or relation.is_query:
            return {}
        *within, table = relation.name
        with suppress(SQLAlchemyError):
            found = sa.inspect(self._connection).get_columns(table, schema=".".join(within) or None)
            kinds = {column["name"]: str(column["type"]).upper() for column in found}
            return {
                name: "DATE" if kind == "DATE" else "TIMESTAMP WITH TIME ZONE"
                for name, kind in kinds.items()
                if kind.startswith(("DATE", "TIMESTAMP"))
            }
        return {}


class GenericSource(Source):
    """A database that SQLAlchemy can reach. It is only read."""

    dialect = DuckDBDialect
    drivers: ClassVar = _DRIVERS

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        self._kind = kind_of(url) or "sql"
        try:
            # No variable holds a SQLAlchemy URL: its repr shows the options, one of which may be a password.
            timeout = _CONNECT_TIMEOUT.get(sa.make_url(url).get_dialect().driver)
            seconds = _CONNECT_SECONDS if wait_seconds is None else max(1.0, min(wait_seconds, _CONNECT_SECONDS))
            arguments = {timeout: int(seconds)} if timeout and timeout not in sa.make_url(url).query else {}
            self._engine = sa.create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
        except (ArgumentError, ValueError):
            raise WarehouseError("the warehouse URL is not one that SQLAlchemy can read; correct it") from None
        except (NoSuchModuleError, ImportError):
            raise WarehouseError(
                f"the warehouse URL names {self._kind}, whose driver is not installed; use "
                f"{_DRIVERS.get(self._kind, 'a URL that names an installed SQLAlchemy dialect and its driver')}. "
                "These URLs need no driver from SQLAlchemy: duckdb://, postgresql://, snowflake:// and bigquery://"
            ) from None

    @property
    @override
    def kind(self) -> str:
        return self._kind

    @override
    @contextmanager
    def session(self) -> Iterator[GenericSession]:
        """Connect. Raises WarehouseError if there is no such server, user, database or file."""
        self._check_file()
        try:
            connection = self._engine.connect()
            for statement in _ON_CONNECT.get(self._kind, ()):
                connection.exec_driver_sql(statement)
            connection.rollback()
        except (SQLAlchemyError, OSError) as error:
            raise WarehouseError(f"the warehouse cannot be reached: {_without_values(self._kind, error)}") from None
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            # Its text may quote an option's value.
            raise WarehouseError(
                f"the warehouse cannot be reached: the driver of {self._kind} raised {type(error).__name__}; check the "
                "options of the warehouse URL"
            ) from None
        try:
            with scratch_session() as local:
                yield GenericSession(connection, local, self._kind, self._statement_seconds)
        finally:
            with suppress(Exception):
                connection.close()

    def _check_file(self) -> None:
        """Raise WarehouseError for a SQLite file that does not exist: the driver would create it."""
        file = self._engine.url.database
        if self._kind == "sqlite" and file and "uri" not in self._engine.url.query and not Path(file).is_file():
            raise WarehouseError(f"there is no SQLite file {file}; change the warehouse URL")


def rows_per_batch(kind: str) -> int:
    """Return how many rows are read at a time from an engine."""
    return _ROWS_PER_BATCH.get(kind, _ROWS_PER_BATCH_OF_SERVER)


def _check_names(relation: Relation, names: list[str]) -> None:
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise WarehouseError(f"{relation} has two columns {', '.join(repeated)}; rename one of them in the view")
    # DuckDB ignores case: two such columns would be one.
    if pairs := same_but_for_case(names):
        named = "; ".join(f"{one} and {other}" for one, other in pairs)
        raise WarehouseError(
            f"{relation} has columns that differ only in case: {named}; rename one of them in the view"
        )


def _without_values(kind: str, error: BaseException) -> WarehouseError:
    """Return our error for a driver's error, without any value of a row or part of the URL."""
    original = getattr(error, "orig", None) or error
    parts: list[Any] = list(getattr(original, "args", ()))
    has_code = len(parts) > 1 and isinstance(parts[0], int)
    message = str(parts[1] if has_code else original)
    number = f" {parts[0]}" if has_code else ""
    said = message if _SYNTAX_ERROR.fullmatch(message) else without_quotes(message)
    return WarehouseError(f"{kind}: {type(original).__name__}{number}: {said}")
