"""The heartbeat of a run: it shows other runs that this one is alive, and shows this one if it was taken over.

Goes in: sessions that the run opens anyway, and a thread's sessions during long statements. Comes out: a recent
heartbeat in `sync_runs`.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cr_pipelines.sync.errors import TakenOver
from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.warehouse import Session, Warehouse, WarehouseError

_JOIN_SECONDS = 5.0


class Heartbeat:
    """Notes that a run is alive, every `seconds` by `clock`."""

    def __init__(self, run: RunKey, schema: str, seconds: float, clock: Callable[[], float] = time.monotonic):
        self._run = run
        self._schema = schema
        self._seconds = seconds
        self._clock = clock
        self._last = clock()

    @property
    def due(self) -> bool:
        """Whether it is time for the next heartbeat."""
        return self._clock() - self._last >= self._seconds

    def beat_if_due(self, session: Session) -> None:
        """Note that the run is alive, if it is time to. Raises TakenOver if another run took over."""
        registry = RunRegistry(session, self._schema)
        if self.due:
            registry.heartbeat(*self._run)
            self._last = self._clock()
        else:
            registry.check(*self._run)

    @contextmanager
    def keep_beating(self, warehouse: Warehouse) -> Iterator[None]:
        """Note that the run is alive while the block lasts, over separate connections in a thread.

        If a session locks everyone else out, nobody can take over the run either, and no thread is needed.
        """
        if warehouse.exclusive:
            yield
            return
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(self._seconds):
                try:
                    with warehouse.session() as session:
                        RunRegistry(session, self._schema).heartbeat(*self._run)
                except TakenOver:
                    # The run notices this itself at its next heartbeat.
                    return
                except WarehouseError:
                    continue

        thread = threading.Thread(target=beat, name=f"heartbeat of {self._run.sync}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_JOIN_SECONDS)
