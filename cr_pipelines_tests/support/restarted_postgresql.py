"""A PostgreSQL server that a test may crash.

Goes in: settings. Comes out: a server of its own, and a context in which it is down.
"""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import psutil

from cr_pipelines_tests.support.warehouses import new_postgresql_server


class RestartedPostgreSQL:
    """A server that ends with the context."""

    def __init__(self, settings: Mapping[str, str]):
        self.server = new_postgresql_server(18, {"fsync": "off", "full_page_writes": "off", **settings})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.cleanup()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Crash, and start when the block ends."""
        process: psutil.Process = self.server.get_postmaster_info().process
        # An immediate shutdown: nothing is written that was not written before.
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        try:
            yield
        finally:
            self.server.ensure_postgres_running()
