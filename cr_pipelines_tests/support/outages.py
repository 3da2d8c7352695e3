"""A warehouse that goes out of reach during a run, at a moment of the test's choice.

Goes in: a warehouse of a test. Comes out: a context in which nobody else can write to its state.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cr_pipelines_tests.support.warehouses import Apart, DuckDBFile, EmptyWarehouse, PostgreSQLDatabase

_KEEP_OPEN = Path(__file__).with_name("keep_open.py")


@contextmanager
def prepared_outage(data: EmptyWarehouse) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Yield what puts the state out of reach at once; the process that takes a DuckDB file has started by then."""
    state = data.state if isinstance(data, Apart) else data
    if isinstance(state, PostgreSQLDatabase):

        @contextmanager
        def forbid() -> Iterator[None]:
            state.forbid_connections()
            try:
                yield
            finally:
                state.allow_connections()

        yield forbid
        return
    assert isinstance(state, DuckDBFile)
    command = [sys.executable, str(_KEEP_OPEN), state.url]
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
