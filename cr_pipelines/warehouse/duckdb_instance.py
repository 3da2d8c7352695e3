"""An instance of DuckDB that outlives sessions: it attaches a file for a session, and then lets go of it.

Goes in: the folder for what a session spills. Comes out: an instance without a file, one that was idle if there is any.
To start one takes ten times as long as to attach a file.
"""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cr_pipelines.warehouse.duckdb_dialect import DuckDBDialect

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # Insertion order would have to be kept in memory.
    "preserve_insertion_order": False,
    # A sync must not download extensions.
    "autoinstall_known_extensions": False,
}

# A database has the name of its file, and no file has this one.
_NO_FILE = "cr_pipelines_no_file"

_SQL = DuckDBDialect()

_idle: list[duckdb.DuckDBPyConnection] = []
_turn = threading.Lock()
_of_the_parent: list[duckdb.DuckDBPyConnection] = []


class Instance:
    """A running DuckDB, with at most one file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self._connection = connection
        self._file: str | None = None

    def attach(self, file: Path, *, read_only: bool) -> None:
        """Open the file, as `duckdb.connect` does."""
        only = ", READ_ONLY" if read_only else ""
        self._connection.execute(f"ATTACH {_SQL.literal(str(file))} (TYPE duckdb{only})")
        [(self._file,)] = self._connection.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND path IS NOT NULL"
        ).fetchall()

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Connect to the file, or to no file if none is attached."""
        with self._connection.cursor() as connection:
            connection.execute(f"USE {_SQL.identifier(self._file or _NO_FILE)}")
            yield connection

    def release(self) -> bool:
        """Let go of the file and of all that a session set; return False if this instance cannot."""
        try:
            if self._file is not None:
                self._connection.execute(f"DETACH {_SQL.identifier(self._file)}")
            # DuckDB refuses once it has spilled.
            self._connection.execute("SET temp_directory = ''")
            self._connection.execute("SET memory_limit = '32MB'")
        except duckdb.Error:
            return False
        return True


@contextmanager
def instance(spill: Path) -> Iterator[Instance]:
    """Take the idle instance, or start one. Only one that nothing went wrong with is kept."""
    connection = _taken(spill)
    taken = Instance(connection)
    is_clean = False
    try:
        yield taken
        is_clean = taken.release()
    finally:
        with _turn:
            if is_kept := is_clean and not _idle:
                _idle.append(connection)
        if not is_kept:
            connection.close()


def _taken(spill: Path) -> duckdb.DuckDBPyConnection:
    with _turn:
        connection = _idle.pop() if _idle else None
    if connection is None:
        connection = duckdb.connect(":memory:", config={**CONFIG, "temp_directory": str(spill)})
        connection.execute(f"ATTACH ':memory:' AS {_NO_FILE}; USE {_NO_FILE}; DETACH memory")
    else:
        connection.execute(f"SET temp_directory = {_SQL.literal(str(spill))}")
    return connection


@atexit.register
def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


def _leave_to_the_parent() -> None:
    """Forget an instance whose threads a fork did not copy, without closing it, which would wait for them."""
    global _turn
    _turn = threading.Lock()
    _of_the_parent.extend(_idle)
    _idle.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)
