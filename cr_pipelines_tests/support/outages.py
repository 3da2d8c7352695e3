"""A warehouse that goes out of reach while a run goes on, at a moment of the test's choice.

Goes in: a warehouse of a test. Comes out: a context in which nobody else can open it.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cr_pipelines_tests.support.warehouses import DuckDBFile, EmptyWarehouse, PostgreSQLDatabase

_KEEP_OPEN = Path(__file__).with_name("keep_open.py")


@contextmanager
def prepared_outage(data: EmptyWarehouse) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Yield what begins an outage at once; the process that takes a DuckDB file has started by then."""
    if isinstance(data, PostgreSQLDatabase):

        @contextmanager
        def forbid() -> Iterator[None]:
            data.forbid_connections()
            try:
                yield
            finally:
                data.allow_connections()

        yield forbid
        return
    assert isinstance(data, DuckDBFile)
    command = [sys.executable, str(_KEEP_OPEN), data.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as keeper:
        stdin, stdout = keeper.stdin, keeper.stdout
        assert stdin is not None
        assert stdout is not None
        assert stdout.readline() == "ready\n"

        @contextmanager
        def take() -> Iterator[None]:
            stdin.write("\n")
            assert stdout.readline() == "open\n"
            try:
                yield
            finally:
                keeper.kill()
                keeper.wait()

        try:
            yield take
        finally:
            keeper.kill()
