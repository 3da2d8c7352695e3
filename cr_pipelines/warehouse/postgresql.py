"""PostgreSQL 15 and later, through ADBC: rows arrive as Arrow through COPY.

Goes in: a libpq URL and SQL. Comes out: a session whose settings do not depend on the role or the server, and errors
without any value of a row.
"""

import hashlib
import random
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import adbc_driver_manager
import adbc_driver_manager.dbapi
import adbc_driver_postgresql.dbapi  # type: ignore[import-untyped]
import pyarrow as pa
from typing_extensions import override

from cr_pipelines.secret_text import HiddenText
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseBusy, WarehouseError
from cr_pipelines.warehouse.postgresql_dialect import OLDEST, PostgreSQLDialect
from cr_pipelines.warehouse.postgresql_errors import (
    Failed,
    refused_connection,
    transient_refusal,
    without_values,
)
from cr_pipelines.warehouse.postgresql_locks import LockedSource
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import ArrowRows, BatchSink, Session, Warehouse
from cr_pipelines.warehouse.urls import hidden

_BATCH_BYTES = 1 << 20
"""How many bytes ADBC gathers before it returns a batch; its default of 16 MB would take client memory."""

_WAIT_SECONDS = 600.0

_CONNECT_SECONDS = 30.0
"""How long one attempt to connect may take if nobody waits for it."""

_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""A host that disappears is noticed within half a minute."""

_DESCRIBE_ATTEMPTS = 5
_CONFLICTS = {"40001", "40P01"}
"""PostgreSQL gave a transaction up in favor of another one and expects it to be run again."""

_CONFLICT_PAUSES = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)

_ABSENT = {"42P01", "3F000"}
_SWAPPED = {"42P01", "XX000"}

_TYPE_NAME = "format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL)"
"""A type in pg_type without its parameters; for a domain, the underlying type."""

_PROCESS = (
    "pg_backend_pid(), (SELECT CAST(extract(epoch FROM clock_timestamp() - backend_start) AS double precision) "
    "FROM pg_stat_activity WHERE pid = pg_backend_pid())"
)
"""The server process of this session, and its age in seconds."""

_SETTINGS = {
    # A value's text, and so its fingerprint, must not depend on a role's or a server's settings.
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    # Our literals use no backslash escapes.
    "standard_conforming_strings": "on",
    "application_name": "cr-pipelines",
}

_DURABLE = (
    "CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END"
)
"""A server may commit without waiting for its disk. Our commits must survive a crash: requests depend on them."""

_MEMORY = ", ".join(
    f"CASE WHEN pg_size_bytes(current_setting('{name}')) < {64 << 20}{if_allowed} "
    f"THEN set_config('{name}', '64MB', false) END"
    for name, if_allowed in (("work_mem", ""), ("temp_buffers", " AND pg_my_temp_schema() = 0"))
)
"""Keys by the million are sorted, joined and kept in temporary tables. A role may have more memory, but not less.

A server process that has had a temporary table, as behind a pooler, refuses to change `temp_buffers`.
"""


class PostgreSQLSession(Session):
    """A connection to the server."""

    def __init__(
        self,
        connection: adbc_driver_manager.dbapi.Connection,
        wait_seconds: float = _WAIT_SECONDS,
        statement_seconds: float | None = None,
        *,
        read_only: bool = False,
    ):
        self._connection = connection
        timeouts = {"lock_timeout": f"{max(wait_seconds, 0.1):.3f}s"}
        if read_only:
            timeouts["default_transaction_read_only"] = "on"
        if statement_seconds is not None:
            timeouts["statement_timeout"] = f"{statement_seconds:.3f}s"
        settings = ", ".join(
            f"set_config('{name}', '{value}', false)" for name, value in (_SETTINGS | timeouts).items()
        )
        [(version, self.process, self.process_age, *_)] = self.fetch_all(
            f"SELECT current_setting('server_version_num')::integer / 10000, {_PROCESS}, {settings}, {_DURABLE}, "
            f"{_MEMORY}"
        )
        if version < OLDEST:
            raise WarehouseError(f"the server is PostgreSQL {version}; cr-pipelines needs {OLDEST} or later")
        self.dialect = PostgreSQLDialect(version)

    @override
    def execute(self, statement: str) -> None:
        with self._cursor(statement) as cursor:
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
            for batch in _batches(cursor):
                for start in range(0, batch.num_rows, rows_per_batch):
                    sink.write(batch.slice(start, rows_per_batch))

    @override
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        with self._cursor(f'INSERT INTO "{schema}"."{table}"') as cursor:
            cursor.adbc_ingest(table, rows, mode="append", db_schema_name=schema)

    @override
    def register_arrow(self, name: str, rows: ArrowRows) -> None:
        with self._cursor() as cursor:
            cursor.adbc_ingest(name, pa.RecordBatchReader.from_stream(rows), mode="create", temporary=True)

    @override
    def append_temporary(self, name: str, rows: pa.Table, *, create: bool = False) -> None:
        with self._cursor() as cursor:
            cursor.adbc_ingest(name, rows, mode="create" if create else "append", temporary=True)

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        source = f"SELECT * FROM {self.dialect.relation(relation)} AS source"
        for attempt in range(_DESCRIBE_ATTEMPTS):
            try:
                found = self._describe_query(source) if relation.is_query else self._describe_named(relation, source)
                # A table without any column was created after the statement's snapshot.
                if found or attempt == _DESCRIBE_ATTEMPTS - 1:
                    return found
            except Failed as error:
                if self._is_missing(relation, error):
                    raise SourceMissing(f"{relation} cannot be read: {error}") from None
                # The table was swapped after its name was looked up and before its columns were.
                swapped = error.state in _SWAPPED and attempt < _DESCRIBE_ATTEMPTS - 1
                if not swapped:
                    raise type(error)(f"{relation} cannot be read: {error}", state=error.state) from None
        raise AssertionError

    def _describe_named(self, relation: Relation, source: str) -> dict[str, str]:
        """Return the columns of a table or view, in one statement."""
        name = self.dialect.literal(self.dialect.relation(relation))
        # LIMIT 0 checks the right to read, and reads no row.
        return dict(
            self.fetch_all(
                "SELECT name, kind FROM (SELECT CAST(a.attname AS text) AS name, "
                f"{_TYPE_NAME} AS kind, a.attnum AS position FROM pg_attribute AS a JOIN pg_type AS t "
                f"ON t.oid = a.atttypid WHERE a.attrelid = to_regclass({name}) AND a.attnum > 0 AND NOT a.attisdropped "
                f"UNION ALL SELECT NULL, NULL, 0 FROM ({source} LIMIT 0) AS source) AS described ORDER BY position"
            )
        )

    def _describe_query(self, source: str) -> dict[str, str]:
        """Return the columns of a query by preparing it and reading up to its first row; no object is left behind."""
        with self._cursor() as cursor:
            names = cursor.adbc_execute_schema(source).names
        if not names:
            return {}
        oids = ", ".join(f"CAST(pg_typeof(source.{self.dialect.identifier(name)}) AS oid)" for name in names)
        # LIMIT 0 checks the right to read, and reads no row.
        described = self.fetch_all(
            f"SELECT {_TYPE_NAME} FROM (SELECT ARRAY[{oids}] AS oids "
            f"FROM (VALUES (1)) AS one LEFT JOIN ({source} LIMIT 0) AS source ON true) AS d, "
            "unnest(d.oids) WITH ORDINALITY AS u(oid, position) JOIN pg_type AS t ON t.oid = u.oid ORDER BY u.position"
        )
        return {name: kind for name, (kind,) in zip(names, described, strict=True)}

    def _is_missing(self, relation: Relation, error: Failed) -> bool:
        """Return whether the source is absent; a view or function over another absent table is broken."""
        if error.state not in _ABSENT or error.within_function:
            return False
        if relation.is_query:
            return True
        name = self.dialect.literal(self.dialect.relation(relation))
        return self.fetch_all(f"SELECT to_regclass({name}) IS NULL") == [(True,)]

    @override
    def interrupt(self) -> None:
        with suppress(adbc_driver_manager.Error):
            self._connection.adbc_cancel()

    @override
    @contextmanager
    def snapshot(self, relation: Relation | None = None) -> Iterator[None]:
        begin = None
        if relation is not None:
            begin = LockedSource(self, f"SELECT * FROM {self.dialect.relation(relation)} AS source LIMIT 0").begin
        with self._transaction(begin):
            yield

    @override
    def transaction(self, work: Callable[[], None]) -> None:
        for pause in [*_CONFLICT_PAUSES, None]:
            try:
                return super().transaction(work)
            except Failed as error:
                if pause is None or error.state not in _CONFLICTS or error.within_function:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.5))
        raise AssertionError

    @override
    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        number = int.from_bytes(hashlib.sha256(f"cr-pipelines {name}".encode()).digest()[:8], signed=True)
        self.fetch_all(f"SELECT 1 FROM pg_advisory_lock({number})")
        try:
            yield
        finally:
            # A broken connection has released the lock but cannot say so.
            with suppress(WarehouseError):
                self.fetch_all(f"SELECT 1 FROM pg_advisory_unlock({number})")

    @contextmanager
    def _cursor(self, statement: str = "") -> Iterator[adbc_driver_manager.dbapi.Cursor]:
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except (adbc_driver_manager.Error, pa.ArrowException) as error:
            raise without_values(error, statement) from None


def _batches(cursor: adbc_driver_manager.dbapi.Cursor) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a result. Arrow's own reader would raise OSError with the server's words, without its code.

    A query may fail only after many rows, or the server may end it.
    """
    try:
        yield from cursor._results.reader  # type: ignore[union-attr]
    except OSError as error:
        raise without_values(error) from None


class PostgreSQLWarehouse(Warehouse):
    """A database of a PostgreSQL server.

    The URL is libpq's: `postgresql://user:password@host:5432/database?sslmode=require`. Temporary tables and advisory
    locks need a session of their own, so a pooler in between must pool by session.
    """

    dialect = PostgreSQLDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        self._busy_seconds = _WAIT_SECONDS if wait_seconds is None else wait_seconds
        self._first: adbc_driver_manager.dbapi.Connection | None = None

    @override
    @contextmanager
    def session(self) -> Iterator[PostgreSQLSession]:
        """Connect, and wait while the server is starting or has no free connection.

        Raises WarehouseBusy if that takes longer than `wait_seconds` (ten minutes by default), and WarehouseError if
        there is no such server, user or database.
        """
        begun = time.monotonic()
        connection = self._connect()
        try:
            session = PostgreSQLSession(
                connection, self._busy_seconds, self._statement_seconds, read_only=self.role == "source"
            )
            # A process that is older than the connection belongs to a pooler.
            if (session.process_age or 0) > time.monotonic() - begun + 1:
                self._check_pooler(session.process)
            yield session
        finally:
            with suppress(adbc_driver_manager.Error):
                connection.close()

    def _check_pooler(self, process: int) -> None:
        """Raise WarehouseError if a pooler gives another client the server process of an open session."""
        with closing(self._connect()) as another, another.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            if cursor.fetchall() == [(process,)]:
                raise WarehouseError(
                    "the URL leads to a connection pooler that pools by transaction or by statement, but a run needs "
                    "temporary tables and locks that belong to its session; set pool_mode = session for this database "
                    "(PgBouncer), or use the server's own port"
                )

    def _connect(self) -> adbc_driver_manager.dbapi.Connection:
        begun = time.monotonic()
        pause = 0.05
        while True:
            left = self._busy_seconds - (time.monotonic() - begun)
            try:
                return self._connect_once(left)
            except adbc_driver_manager.Error as error:
                self._first = None
                reason = transient_refusal(error)
                if reason is None:
                    raise WarehouseError(f"PostgreSQL cannot be reached: {refused_connection(error)}") from None
                if time.monotonic() - begun + pause > self._busy_seconds:
                    raise WarehouseBusy(
                        f"PostgreSQL accepted no connection for {self._busy_seconds:.0f} s: {reason}"
                    ) from None
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 5.0)

    def _connect_once(self, seconds: float) -> adbc_driver_manager.dbapi.Connection:
        """Connect, and share what ADBC knows of the server's types with the first connection.

        It reads all of them, over a connection of its own, which takes far longer than to connect.
        """
        first = self._first
        if first is None:
            first = adbc_driver_postgresql.dbapi.connect(self._with_time_limits(seconds), autocommit=True)
            first.adbc_connection.close()
            weakref.finalize(self, first.close)
            self._first = first
        connection = first.adbc_clone()
        connection.adbc_connection.set_autocommit(True)
        return connection

    def _with_time_limits(self, seconds: float) -> HiddenText:
        """Return the URL with limits for connecting and for a lost host, unless the user set them.

        A tick's limits take precedence over the user's, because it must end within seconds.
        """
        limits = {"connect_timeout": max(2, round(min(seconds, _CONNECT_SECONDS))), **_KEEPALIVES}
        added = "&".join(
            f"{name}={value}"
            for name, value in limits.items()
            if self._statement_seconds is not None or f"{name}=" not in self.url
        )
        return hidden(f"{self.url}{'&' if '?' in self.url else '?'}{added}" if added else self.url)
