"""Progress: how far a run is, reported every few seconds.

Goes in: how many rows have their outcome. Comes out: calls of the caller's `on_progress`.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync.report import Progress

_log = logging.getLogger(__name__)


class ProgressReporter:
    """Counts the rows that have their outcome, and reports them."""

    def __init__(self, sync: str, total: int, on_progress: Callable[[Progress], None] | None, seconds: float):
        self._sync = sync
        self._total = total
        self._on_progress = on_progress
        self._seconds = seconds
        self._done = 0

    @property
    def done(self) -> int:
        """How many rows have their outcome."""
        return self._done

    def advance(self, rows: int) -> None:
        """Count rows that have their outcome."""
        self._done += rows

    async def keep_reporting(self, client: CommonRoomClient) -> None:
        """Report until cancelled."""
        done, moment = 0, time.monotonic()
        while True:
            await asyncio.sleep(self._seconds)
            now = time.monotonic()
            per_second = (self._done - done) / (now - moment)
            done, moment = self._done, now
            left = (self._total - done) / per_second if per_second else None
            self._report(Progress(self._sync, done, self._total, per_second, left, client.stats.rate_limited))

    def _report(self, progress: Progress) -> None:
        if self._on_progress is None:
            return
        try:
            self._on_progress(progress)
        except Exception as error:
            _log.warning("progress could not be reported: %s", type(error).__name__)
