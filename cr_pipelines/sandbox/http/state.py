"""The state of a running sandbox: the room with its rate limiter, faults, request record and data file.

Goes in: the settings, and the address of the sandbox. Comes out: one object that the API, the control API and the pages
share.
"""

import logging
import time

from cr_pipelines.sandbox.http.faults import FaultPlan, Faults
from cr_pipelines.sandbox.http.limits import RateLimiter
from cr_pipelines.sandbox.http.operations import OPERATION_IDS, OPERATIONS
from cr_pipelines.sandbox.http.recorder import Recorder
from cr_pipelines.sandbox.http.routing import Router
from cr_pipelines.sandbox.http.scripts import Scripts
from cr_pipelines.sandbox.settings import Settings
from cr_pipelines.sandbox.workspace.presets import add_presets
from cr_pipelines.sandbox.workspace.room import Room
from cr_pipelines.sandbox.workspace.storage import Storage, StorageError

_SAVE_SECONDS = 1.0
_log = logging.getLogger(__name__)


class SandboxState:
    """The state of a running sandbox. `origin` is its address, without a path.

    Raises StorageError when the data file cannot be used, and ValueError for a fault or a retired operation that does
    not exist and for a room file that cannot be read.
    """

    def __init__(self, settings: Settings, origin: str = ""):
        self.settings = settings
        self.origin = origin
        self.tokens = frozenset(settings.tokens)
        self.router = Router(OPERATIONS)
        self.limiter = RateLimiter(settings.limit, settings.interval_seconds, settings.behavior)
        self.faults = Faults(settings.faults, OPERATION_IDS)
        self.scripts = Scripts(OPERATION_IDS)
        self.recorder = Recorder(settings.keep, settings.keep_bytes)
        unknown = sorted(set(settings.behavior.retired) - OPERATION_IDS)
        if unknown:
            raise ValueError(f"behavior retired names operations that do not exist: {', '.join(unknown)}")
        self.started_at = time.time()
        self._storage = None if settings.data is None else Storage(settings.data)
        self._saved_at = time.monotonic()
        self.room = Room(settings.settle_seconds, settings.behavior)
        if self._storage is None or not self._storage.load(self.room):
            self._furnish()
        self.set_faults(settings.faults)

    def set_faults(self, plan: FaultPlan) -> None:
        """Start a plan of faults. Raises ValueError for an operation that does not exist."""
        self.faults.set(plan)
        self.room.mishaps.set(plan.lose_every, plan.change_every)

    def _furnish(self) -> None:
        if self.settings.room is None:
            add_presets(self.room)
        else:
            from cr_pipelines.sandbox.room_file import declare

            declare(self.room, self.settings.room)

    def reset(self) -> None:
        """Start over with a new room, an empty record, the real time, and the settings of the start."""
        self.room = Room(self.settings.settle_seconds, self.settings.behavior)
        self._furnish()
        self.scripts.set(())
        self.limiter.set(self.settings.limit, self.settings.interval_seconds)
        self.set_faults(self.settings.faults)
        self.recorder.clear()
        if self._storage is not None:
            self._storage.clear()

    def close(self) -> None:
        """Store what was accepted, save the room in the data file, and close the file."""
        if self._storage is not None:
            try:
                self.room.settle(everything=True)
                self._storage.save(self.room)
            except StorageError as error:
                _log.error("%s; what changed since the last save is lost", error)
            finally:
                self._storage.close()

    def save_if_due(self) -> None:
        """Save what changed in the data file when the last save was a second ago or more."""
        if self._storage is None or time.monotonic() - self._saved_at < _SAVE_SECONDS:
            return
        try:
            self._storage.save(self.room)
        except StorageError as error:
            _log.error("%s; the next save will try again", error)
        self._saved_at = time.monotonic()
