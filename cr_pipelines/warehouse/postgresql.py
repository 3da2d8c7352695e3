"""PostgreSQL 15 and later, through ADBC: rows arrive as Arrow by COPY.

Goes in: a libpq URL and SQL. Comes out: a session whose settings do not depend on the role or the server, and errors
without any value of a row.
"""

import hashlib
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import adbc_driver_manager
import adbc_driver_manager.dbapi
import adbc_driver_postgresql.dbapi  # type: ignore[import-untyped]
import pyarrow as pa
from typing_extensions import override

from cr_pipelines.warehouse.dialect import Dialect
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseBusy, WarehouseError
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import BatchSink, Session, Warehouse

_OLDEST = 15
"""The first major version with MERGE."""

_BATCH_BYTES = 1 << 20
"""What ADBC gathers before it hands over a batch; its default of 16 MB is the client's memory."""

_WAIT_SECONDS = 600.0

_TEXTS = {"text", "character varying", "character"}
_PLAIN = _TEXTS | {
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "uuid", "jsonb", "bytea",
    "date", "timestamp without time zone", "timestamp with time zone",
}  # fmt: skip

_SETTINGS = {
    # A value's text, and so its fingerprint, must not depend on a role's or a server's settings.
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    # Our literals escape nothing by backslash.
    "standard_conforming_strings": "on",
    "application_name": "cr-pipelines",
}

_CONNECT_LATER = re.compile(
    r"too many (clients|connections)|remaining connection slots|starting up|shutting down|in recovery mode"
)


class PostgreSQLDialect(Dialect):
    """PostgreSQL of one major version."""

    name = "postgresql"
    types: ClassVar = {
        "text": "text",
        "integer": "integer",
        "bigint": "bigint",
        "double": "double precision",
        "timestamp": "timestamp with time zone",
        "boolean": "boolean",
    }
    zoneless_types: ClassVar = dict.fromkeys(("timestamp without time zone", "date"), "timestamp without time zone")
    begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ"

    def __init__(self, major_version: int = _OLDEST):
        self._major_version = major_version

    @property
    @override
    def row_hash_version(self) -> str:
        return f"postgresql {self._major_version}"

    @override
    def row_hash(self, columns: Mapping[str, str]) -> str:
        values = ", ".join(self._hashable(column, columns[column]) for column in sorted(columns))
        return f"hash_record_extended(ROW({values}), 0)"

    def _hashable(self, column: str, kind: str) -> str:
        name, element = self.identifier(column), kind.removesuffix("[]")
        if element in _TEXTS:
            # Under a collation that takes A for a, both would hash alike.
            return f'{name} COLLATE "C"'
        if element in _PLAIN:
            return name
        return f'CAST({name} AS text) COLLATE "C"'

    @override
    def text(self, expression: str) -> str:
        return f"CAST({expression} AS text)"

    @override
    def json_text(self, expression: str) -> str:
        return f"CAST(to_json({expression}) AS text)"

    @override
    def sha256(self, expression: str) -> str:
        return f"encode(sha256(convert_to({expression}, 'UTF8')), 'hex')"

    @override
    def readable(self, column: str, kind: str) -> str:
        name = self.identifier(column)
        if kind == "json" or (kind.removesuffix("[]") in _PLAIN and kind != "jsonb[]"):
            return name
        # Composites, hstore, lists of JSON or of composites as JSON text; enums, networks, ranges as their own.
        return f"to_json({name}) #>> '{{}}'"

    @override
    def create_schema(self, schema: str) -> str:
        # IF NOT EXISTS asks for the right to make schemas even where there is nothing to make.
        return (
            f"DO $do$ BEGIN IF to_regnamespace({self.literal(self.identifier(schema))}) IS NULL "
            f"THEN CREATE SCHEMA {self.identifier(schema)}; END IF; END $do$"
        )

    @override
    def create_index(self, table: str, columns: Sequence[str]) -> str:
        return f"CREATE INDEX ON {table} ({', '.join(map(self.identifier, columns))})"

    @override
    def analyze(self, table: str) -> str:
        return f"ANALYZE {table}"


class PostgreSQLSession(Session):
    """A connection to the server."""

    def __init__(self, connection: adbc_driver_manager.dbapi.Connection):
        self._connection = connection
        settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
        [(version, *_)] = self.fetch_all(f"SELECT current_setting('server_version_num')::integer / 10000, {settings}")
        if version < _OLDEST:
            raise WarehouseError(f"the server is PostgreSQL {version}; cr-pipelines needs {_OLDEST} or later")
        self.dialect = PostgreSQLDialect(version)

    @override
    def execute(self, statement: str) -> None:
        with self._cursor() as cursor:
            cursor.execute(statement)

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        with self._cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
            cursor.execute(query)
            with cursor.fetch_record_batch() as reader:
                for batch in reader:
                    for start in range(0, batch.num_rows, rows_per_batch):
                        sink.write(batch.slice(start, rows_per_batch))

    @override
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        with self._cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="append", db_schema_name=schema)

    @override
    def register_arrow(self, name: str, rows: pa.Table) -> None:
        with self._cursor() as cursor:
            cursor.adbc_ingest(name, rows, mode="create", temporary=True)

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        # A view knows its columns' types without reading a row, for a table as for a query.
        view = "pg_temp.cr_described"
        source = f"SELECT * FROM {self.dialect.relation(relation)} AS source"
        try:
            self.execute(f"CREATE TEMPORARY VIEW cr_described AS {source}")
            # Whether we may read the source shows when it is read.
            self.fetch_all(f"SELECT 1 FROM {view} LIMIT 0")
            described = self.fetch_all(
                "SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) FROM pg_attribute AS a "
                f"JOIN pg_type AS t ON t.oid = a.atttypid WHERE a.attrelid = '{view}'::regclass "
                "AND a.attnum > 0 ORDER BY a.attnum"
            )
        except WarehouseError as error:
            raise SourceMissing(f"{relation} cannot be read: {error}") from None
        finally:
            self.execute(f"DROP VIEW IF EXISTS {view}")
        return dict(described)

    @override
    def interrupt(self) -> None:
        with suppress(adbc_driver_manager.Error):
            self._connection.adbc_cancel()

    @override
    def snapshot(self) -> Any:
        return self._transaction()

    @override
    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        number = int.from_bytes(hashlib.sha256(f"cr-pipelines {name}".encode()).digest()[:8], signed=True)
        self.fetch_all(f"SELECT 1 FROM pg_advisory_lock({number})")
        try:
            yield
        finally:
            # A connection that broke has released the lock, and cannot say so.
            with suppress(WarehouseError):
                self.fetch_all(f"SELECT 1 FROM pg_advisory_unlock({number})")

    @contextmanager
    def _cursor(self) -> Iterator[adbc_driver_manager.dbapi.Cursor]:
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except (adbc_driver_manager.Error, pa.ArrowException) as error:
            raise _without_values(error) from None


class PostgreSQLWarehouse(Warehouse):
    """A database of a PostgreSQL server.

    The URL is libpq's: `postgresql://user:password@host:5432/database?sslmode=require`. Temporary tables and
    advisory locks need a session of our own, so a pooler in between must pool by session.
    """

    dialect = PostgreSQLDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None):
        super().__init__(url)
        self._wait_seconds = _WAIT_SECONDS if wait_seconds is None else wait_seconds

    @override
    @contextmanager
    def session(self) -> Iterator[PostgreSQLSession]:
        """Connect, and wait while the server starts or has no connection left.

        Raises WarehouseBusy when that takes longer than `wait_seconds` (ten minutes by default), and WarehouseError
        when there is no such server, user or database.
        """
        connection = self._connect()
        try:
            yield PostgreSQLSession(connection)
        finally:
            with suppress(adbc_driver_manager.Error):
                connection.close()

    def _connect(self) -> adbc_driver_manager.dbapi.Connection:
        begun = time.monotonic()
        pause = 0.05
        while True:
            try:
                connection: adbc_driver_manager.dbapi.Connection = adbc_driver_postgresql.dbapi.connect(
                    self.url, autocommit=True
                )
            except adbc_driver_manager.Error as error:
                if not _CONNECT_LATER.search(str(error)):
                    raise WarehouseError(f"PostgreSQL cannot be reached: {_message(error)}") from None
                if time.monotonic() - begun > self._wait_seconds:
                    raise WarehouseBusy(
                        f"PostgreSQL accepted no connection for {self._wait_seconds:.0f} s: {_message(error)}"
                    ) from None
            else:
                return connection
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 5.0)


def _without_values(error: Exception) -> WarehouseError:
    """Return the error without the values that PostgreSQL quotes, which may be personal data."""
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith("P0"):
        return WarehouseError(f"PostgreSQL: a function of the warehouse raised an exception ({state})")
    message = _message(error)
    if state.startswith("42"):
        # Names in the query's own words may be shown.
        message = re.sub(r'"(?![\w.]+")[^"]*"', '"…"', message)
    else:
        message = re.sub(r'"[^"]*"', '"…"', message)
    message = re.sub(r"'[^']*'", "'…'", message)
    kind = WarehouseBusy if state.startswith(("40", "55P03")) else WarehouseError
    return kind(f"PostgreSQL: {message}" + (f" ({state})" if state else ""))


def _message(error: Exception) -> str:
    """Return the server's message without the detail, the context and the statement that follow."""
    said = re.search(r"(?:ERROR|FATAL):\s*(.*)", str(error)) or re.search(r"(?:\[libpq\]\s*)?(.*)", str(error))
    return said[1].strip() if said else ""
