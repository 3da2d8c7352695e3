"""The heartbeat of a run, by which others see that it is alive.

Goes in: sessions that the run opens anyway. Comes out: a young heartbeat in `sync_runs`.
"""

import time

from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.warehouse import Session


class Heartbeat:
    """Notes that a run is alive, every `seconds`."""

    def __init__(self, run: RunKey, schema: str, seconds: float):
        self._run = run
        self._schema = schema
        self._seconds = seconds
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for the next heartbeat."""
        return time.monotonic() - self._last >= self._seconds

    def beat_if_due(self, session: Session) -> None:
        """Note that the run is alive, if it is time to."""
        if self.due:
            RunRegistry(session, self._schema).heartbeat(*self._run)
            self._last = time.monotonic()
