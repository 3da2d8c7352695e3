"""A sandbox: the room together with what stands around it, its limits, faults, record and data file."""

import logging
import time

from cr_pipelines.sandbox.http.faults import Faults
from cr_pipelines.sandbox.http.limits import RateLimiter
from cr_pipelines.sandbox.http.operations import OPERATIONS, Router
from cr_pipelines.sandbox.http.recorder import Recorder
from cr_pipelines.sandbox.settings import Settings
from cr_pipelines.sandbox.workspace.furnishing import furnish
from cr_pipelines.sandbox.workspace.room import Room
from cr_pipelines.sandbox.workspace.storage import Storage, StorageError

_SAVE_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Sandbox:
    """The state of a running sandbox. `origin` is the address it is reached at, without a path."""

    def __init__(self, settings: Settings, origin: str = ""):
        self.settings = settings
        self.origin = origin
        self.tokens = frozenset(settings.tokens)
        self.router = Router(OPERATIONS)
        self.limiter = RateLimiter(settings.limit, settings.interval_seconds)
        self.faults = Faults(settings.faults)
        self.recorder = Recorder(settings.keep)
        self.started_at = time.time()
        self._storage = None if settings.data is None else Storage(settings.data)
        self._saved_at = time.monotonic()
        self.room = Room(settings.settle_seconds)
        if self._storage is None or not self._storage.load(self.room):
            furnish(self.room)

    def reset(self) -> None:
        """Back to a new room with the settings of the start: no people, no faults, no record, the clock unmoved."""
        self.room = Room(self.settings.settle_seconds)
        furnish(self.room)
        self.limiter.set(self.settings.limit, self.settings.interval_seconds)
        self.faults.set(self.settings.faults)
        self.recorder.clear()
        if self._storage is not None:
            self._storage.clear()

    def close(self) -> None:
        """Writes the room to the data file, with what is accepted and not stored yet, and closes the file."""
        if self._storage is not None:
            self.room.settle(everything=True)
            self._storage.save(self.room)
            self._storage.close()

    def save_now_and_then(self) -> None:
        """Writes what changed to the data file when the last time was a while ago."""
        if self._storage is None or time.monotonic() - self._saved_at < _SAVE_SECONDS:
            return
        try:
            self._storage.save(self.room)
        except StorageError as error:
            _log.error("%s It is tried again in a moment.", error)
        self._saved_at = time.monotonic()
