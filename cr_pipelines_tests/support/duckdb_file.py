"""Statements over a DuckDB file, by an instance of DuckDB that all tests of a process share.

Goes in: a file and SQL. Comes out: rows, and a file that nobody has open. To start an instance takes as long as a run's
whole plan; to attach a file takes a tenth of that.
"""

import atexit
import threading
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

_turn = threading.Lock()


@cache
def _instance() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    # A connection that is left at the end of the process is reported as a leak.
    atexit.register(connection.close)
    atexit.register(_instance.cache_clear)
    return connection


def run_sql(path: Path, statements: str) -> list[tuple[Any, ...]]:
    """Return the rows of the last statement. Makes the file if there is none."""
    with _turn, _instance().cursor() as connection:
        # The name that the file has as a database of its own.
        connection.execute(f"ATTACH '{path}' AS \"{path.stem}\"")
        try:
            connection.execute(f'USE "{path.stem}"')
            return connection.execute(statements).fetchall()
        finally:
            connection.execute("USE memory")
            connection.execute(f'DETACH "{path.stem}"')
