"""Progress: how far along a run is, reported every few seconds at first, and less often the longer the run takes.

Goes in: how many rows have an outcome. Comes out: calls of the caller's `on_progress`.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync.report import Progress, duration
from cr_pipelines.sync.timing import Timing

_log = logging.getLogger(__name__)

_MEAN_SECONDS = 60.0
"""The speed is averaged over this long, because a rate limit makes rows arrive in bursts."""

_SILENT_SECONDS = 3.0
"""If a response takes longer than this, progress says that the run is waiting for it."""


class ProgressReporter:
    """Counts the rows that have an outcome, and reports them."""

    def __init__(self, sync: str, total: int, on_progress: Callable[[Progress], None] | None, timing: Timing):
        self._sync = sync
        self._total = total
        self._on_progress = on_progress
        self._pause = timing.progress_seconds
        self._longest_pause = max(timing.longest_progress_seconds, timing.progress_seconds)
        self._done = 0
        self._seen: deque[tuple[float, int]] = deque()

    @property
    def done(self) -> int:
        """How many rows have an outcome."""
        return self._done

    def advance(self, rows: int) -> None:
        """Count rows that have an outcome."""
        self._done += rows

    async def keep_reporting(self, client: CommonRoomClient) -> None:
        """Report until cancelled."""
        self._seen.append((time.monotonic(), self._done))
        while True:
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, self._longest_pause)
            self._report(self._progress(client, time.monotonic()))

    def _progress(self, client: CommonRoomClient, now: float) -> Progress:
        self._seen.append((now, self._done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _MEAN_SECONDS:
            self._seen.popleft()
        begun, done = self._seen[0]
        per_second = (self._done - done) / (now - begun)
        left = (self._total - self._done) / per_second if per_second else None
        stats = client.stats
        if stats.limit and stats.interval_seconds and self._done:
            requests_left = (self._total - self._done) * stats.requests / self._done
            left = max(left or 0.0, requests_left / stats.limit * stats.interval_seconds)
        waiting_for = _waiting_for(client)
        return Progress(self._sync, self._done, self._total, per_second, left, stats.rate_limited, waiting_for)

    def _report(self, progress: Progress) -> None:
        if self._on_progress is None:
            return
        try:
            self._on_progress(progress)
        except Exception as error:
            _log.warning("progress could not be reported: %s", type(error).__name__)


def _waiting_for(client: CommonRoomClient) -> str | None:
    closed, silent = client.seconds_rate_limited, client.seconds_without_response
    if closed > 0:
        more = f", {duration(closed)} more" if math.isfinite(closed) else ""
        limit = f" of {client.stats.limit:,} requests" if client.stats.limit else ""
        return f"the rate limit{limit}{more}"
    return f"a response, for {duration(silent)} now" if silent > _SILENT_SECONDS else None
