"""DuckDB: a warehouse in one file, which only one process at a time may open.

Goes in: a `duckdb:///` URL and SQL. Comes out: a session that waits for the file, starts with little memory, and takes
more only if a statement needs it.
"""

import fcntl
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
from typing_extensions import override

from cr_pipelines.warehouse.deadline import ended_after
from cr_pipelines.warehouse.duckdb_dialect import DuckDBDialect
from cr_pipelines.warehouse.duckdb_errors import DuckDBError, is_disk_full, without_values
from cr_pipelines.warehouse.duckdb_instance import Instance, instance
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseBusy, WarehouseError, our_table
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import ArrowRows, BatchSink, Session, Warehouse
from cr_pipelines.warehouse.spill import spill_folder, sweep_default
from cr_pipelines.warehouse.urls import UrlParts

_log = logging.getLogger(__name__)

_MEGABYTE = 1_000_000

FIRST_MEMORY = 64 * _MEGABYTE
"""How many bytes DuckDB may use before it spills to disk; enough for plans of ten million rows, few of them changed."""

_LOG_SECONDS = 5.0

_WAIT_SECONDS = 600.0

_SAY_AFTER_SECONDS = 3.0
"""A longer wait for the file is logged."""


@dataclass
class _File:
    """A file as this process uses it: its sessions take turns, like those of several processes."""

    turn: threading.RLock = field(default_factory=threading.RLock)
    instance: Instance | None = None


_files: dict[Path, _File] = {}


class DuckDBSession(Session):
    """A connection to the file. Other processes wait while it lasts, so keep it short."""

    dialect = DuckDBDialect()

    def __init__(self, connection: duckdb.DuckDBPyConnection, most_memory: int):
        self._connection = connection
        self._most_memory = most_memory
        self._nested = False
        self._allow(FIRST_MEMORY)
        # A progress bar would end up in logs.
        connection.execute("SET enable_progress_bar = false")
        # The text of a timestamp, and so its fingerprint, must not depend on where the process runs.
        connection.execute("SET TimeZone = 'UTC'")

    @override
    def execute(self, statement: str) -> None:
        self._with_enough_memory(lambda: self._connection.execute(statement), statement)

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        self.execute(query)
        return self._connection.fetchall()

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        def write_all() -> None:
            sink.clear()
            for batch in _batches(self._connection.sql(query).to_arrow_reader(rows_per_batch)):
                sink.write(batch)

        self._with_enough_memory(write_all)

    @override
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        target = f"{self.dialect.identifier(schema)}.{self.dialect.identifier(table)}"
        columns = ", ".join(self.dialect.identifier(name) for name in rows.column_names)
        self._connection.register("appended_rows", rows)
        try:
            self.execute(f"INSERT INTO {target} ({columns}) SELECT {columns} FROM appended_rows")
        finally:
            self._connection.unregister("appended_rows")

    @override
    def append_temporary(self, name: str, rows: pa.Table, *, create: bool = False) -> None:
        self._connection.register("appended_rows", rows)
        made = f"CREATE TEMPORARY TABLE {name} AS" if create else f"INSERT INTO {name}"
        try:
            self.execute(f"{made} SELECT * FROM appended_rows")
        finally:
            self._connection.unregister("appended_rows")

    @override
    def make_temporary(self, name: str, *queries: str) -> None:
        super().make_temporary(name, *queries)
        # The statements after it need less. It fails if DuckDB cannot spill as much.
        if self._memory > FIRST_MEMORY and not self._nested:
            with suppress(duckdb.Error):
                self._allow(FIRST_MEMORY)

    @override
    def make_selection(self, name: str, query: str) -> None:
        self.execute(f"CREATE TEMPORARY VIEW {name} AS {query}")

    @override
    def transaction(self, work: Callable[[], None]) -> None:
        # When DuckDB runs out of memory, it aborts the transaction: all of it is repeated with more memory.
        def transaction() -> None:
            with self._transaction():
                work()

        self._with_enough_memory(transaction)

    def _with_enough_memory(self, work: Callable[[], object], statement: str = "") -> None:
        """Do the work, and repeat it with more memory as long as it fails for lack of memory.

        `statement` says what failed. Within a transaction, an error passes through unchanged if memory may be the
        cause.
        """
        if self._nested:
            try:
                work()
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                raise without_values(error, statement) from None
            return
        while True:
            self._nested = True
            try:
                work()
            except duckdb.OutOfMemoryException as error:
                lacking = error
            except duckdb.Error as error:
                raise without_values(error, statement) from None
            else:
                return
            finally:
                self._nested = False
            if self._memory >= self._most_memory:
                if is_disk_full(lacking):
                    raise without_values(lacking, statement) from None
                table = our_table(statement)
                raise WarehouseError(
                    f"DuckDB needs more than {self._most_memory // _MEGABYTE} MB for a statement"
                    f"{f' over {table}' if table else ''}; add ?memory={2 * self._most_memory // _MEGABYTE} to the "
                    "warehouse URL"
                )
            self._allow(min(2 * self._memory, self._most_memory))

    def _allow(self, memory: int) -> None:
        self._connection.execute(f"SET memory_limit = '{memory // _MEGABYTE}MB'")
        self._memory = memory

    @override
    def interrupt(self) -> None:
        with suppress(duckdb.ConnectionException):
            self._connection.interrupt()

    @override
    def register_arrow(self, name: str, rows: ArrowRows) -> None:
        self._connection.register(name, rows)

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        try:
            # In a subquery, DuckDB would rename the second of two columns with the same name.
            whole = "" if relation.is_query else "SELECT * FROM "
            described = self.fetch_all(f"DESCRIBE {whole}{self.dialect.relation(relation)}")
        except WarehouseError as error:
            kind = SourceMissing if self._is_missing(relation, error) else type(error)
            raise kind(f"{relation} cannot be read: {error}") from None
        names = [name for name, *_ in described]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise WarehouseError(f"{relation} has two columns {', '.join(repeated)}; rename one of them")
        return {name: kind for name, kind, *_ in described}

    def _is_missing(self, relation: Relation, error: WarehouseError) -> bool:
        """Return whether the source is absent; a view over an absent table is broken instead."""
        absent = error.absent if isinstance(error, DuckDBError) else None
        if absent is None:
            return False
        if relation.is_query:
            return relation.mentions(absent)
        *within, table = (self.dialect.literal(part.lower()) for part in relation.name)
        schema = "current_schema()"
        places = [f"lower(table_schema) = {schema} OR table_catalog = 'temp'"]
        if len(within) == 1:
            places = [f"lower(table_schema) = {within[0]} OR lower(table_catalog) = {within[0]}"]
        elif within:
            places = [f"lower(table_catalog) = {within[0]}", f"lower(table_schema) = {within[1]}"]
        where = " AND ".join(f"({place})" for place in (f"lower(table_name) = {table}", *places))
        return not self.fetch_all(f"SELECT 1 FROM information_schema.tables WHERE {where} LIMIT 1")


@contextmanager
def open_in_memory(spill: Path, most_memory: int = 1000 * _MEGABYTE) -> Iterator[DuckDBSession]:
    """Open a session without a file, which spills to a folder."""
    with instance(spill) as ours, ours.connection() as connection:
        yield DuckDBSession(connection, most_memory)


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a reader. DuckDB's errors arrive wrapped in Arrow's and are turned back here."""
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowException, OSError) as error:
            kind = str(error).partition(" Error:")[0].title().replace(" ", "")
            raise getattr(duckdb, f"{kind}Exception", duckdb.Error)(str(error)) from None
        yield batch


class DuckDBWarehouse(Warehouse):
    """A DuckDB file.

    The URL may end in `?memory=MEGABYTES` (default 1000), the limit for a statement: DuckDB starts at 64 MB, spills to
    disk, and takes more only for what cannot spill. It may also end in `?busy_seconds=SECONDS` (default 600): how long
    to wait while another process has the file open; `wait_seconds` overrides this.
    """

    dialect = DuckDBDialect
    exclusive = True

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        parts = UrlParts(url)
        if parts.authority or parts.fragment or not parts.path.startswith("/") or not parts.path.strip("/"):
            raise WarehouseError(
                "the warehouse URL names no file; write duckdb:///relative.duckdb or duckdb:////absolute.duckdb"
            )
        options = parts.options
        self.path = Path(unquote(parts.path[1:]))
        try:
            busy_seconds = float(options.pop("busy_seconds", _WAIT_SECONDS))
            self._busy_seconds = busy_seconds if wait_seconds is None else wait_seconds
            self._most_memory = max(int(options.pop("memory", 1000)) * _MEGABYTE, FIRST_MEMORY)
        except ValueError:
            raise WarehouseError("memory (MB) and busy_seconds in the warehouse URL must be numbers") from None
        if options:
            raise WarehouseError(
                f"the warehouse URL has unknown options {', '.join(sorted(options))}; "
                "a DuckDB file takes memory (MB) and busy_seconds"
            )

    @override
    @contextmanager
    def session(self) -> Iterator[DuckDBSession]:
        """Open the file, and wait while another process has it open.

        Raises WarehouseBusy if that takes longer than `busy_seconds`, and WarehouseError if there is no such file or it
        is not a DuckDB database.
        """
        file = _files.setdefault(self.path.resolve(), _File())
        if not file.turn.acquire(timeout=min(self._busy_seconds, threading.TIMEOUT_MAX)):
            raise self._busy("another session of this process")
        try:
            if not self.path.is_file() and self.role != "state":
                raise WarehouseError(f"there is no DuckDB file {self.path}; create it, or change the warehouse URL")
            with spill_folder(self.path) as folder, self._opened(file, folder) as ours, ours.connection() as connection:
                sweep_default(self.path)
                with ended_after(connection.interrupt, self._statement_seconds):
                    yield DuckDBSession(connection, self._most_memory)
        finally:
            file.turn.release()

    @contextmanager
    def _opened(self, file: _File, spill: Path) -> Iterator[Instance]:
        if file.instance is not None:
            yield file.instance
            return
        with instance(spill) as file.instance:
            try:
                self._attach(file.instance)
                yield file.instance
            finally:
                file.instance = None

    def _busy(self, who: str) -> WarehouseBusy:
        return WarehouseBusy(
            f"{who} has had {self.path} open for {self._busy_seconds:.0f} s, and DuckDB allows one process at a time; "
            f"close the other, or wait longer with ?busy_seconds={max(2 * self._busy_seconds, 1):.0f} in the warehouse "
            "URL"
        )

    def _attach(self, ours: Instance) -> None:
        begun = time.monotonic()
        pause, said_after = 0.005, _SAY_AFTER_SECONDS
        while True:
            try:
                ours.attach(self.path, read_only=self.role == "source")
            except duckdb.IOException as error:
                if "Could not set lock on file" not in str(error):
                    raise WarehouseError(
                        f"{self.path} cannot be opened: it is not a DuckDB database that DuckDB {duckdb.__version__} "
                        "can read, or this process lacks permission"
                    ) from None
                waited, holder = time.monotonic() - begun, _holder(error)
                if waited > self._busy_seconds:
                    raise self._busy(holder) from None
                if waited > said_after:
                    _log.warning(
                        "waiting for %s, which %s has open; giving up after %.0f s",
                        self.path,
                        holder,
                        self._busy_seconds,
                    )
                    said_after = max(60.0, 2 * said_after)
            except duckdb.Error as error:
                if "Unique file handle conflict" not in str(error):
                    raise without_values(error) from None
                raise WarehouseError(f"this process already has {self.path} open; close that connection") from None
            else:
                _wait_for_log(self.path.with_name(f"{self.path.name}.wal"))
                return
            # The jitter keeps two waiting processes from colliding at every try.
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 0.25)


def _holder(error: duckdb.IOException) -> str:
    """Return which process has the file open, according to DuckDB's error."""
    found = re.match(r"(.*?) ?\(PID (\d+)\)", str(error).rpartition("held in ")[2])
    return f"another process ({Path(found[1]).name or 'unknown'}, PID {found[2]})" if found else "another process"


def _wait_for_log(log: Path) -> None:
    """Wait while a process that is ending still has the write-ahead log, which DuckDB releases after the file itself.

    Without the wait, the first commit would fail.
    """
    give_up = time.monotonic() + _LOG_SECONDS
    while time.monotonic() < give_up:
        try:
            with log.open("r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.002)
        else:
            return
