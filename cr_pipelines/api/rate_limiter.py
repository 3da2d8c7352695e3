"""The queue of callers waiting to send a request.

Goes in: a caller that wants to send, and the outcome of its request. Comes out: a permit, in order of arrival, as soon
as the rate limit (`WindowModel`) and the concurrency limit (`ConcurrencyLimit`) allow it.
"""

import asyncio
import math
import time
from collections import deque

from cr_pipelines.api.concurrency_limit import ConcurrencyLimit
from cr_pipelines.api.window_model import Permit, RateLimitHit, WindowModel


class WaitedTooLong(Exception):  # never leaves the package: the client turns it into RateLimited
    """The rate limit would keep everyone waiting for longer than the client may wait."""


class RateLimiter:
    """Permit requests one by one, first come, first served.

    Attributes:
        window: what the server's responses say about the rate limit.
        unanswered_since: when the first request after the last response was sent, by the monotonic clock; None if there
            is no such request.
    """

    def __init__(self, concurrency: ConcurrencyLimit, max_wait: float, rate_share: float = 1.0) -> None:
        """Limit callers by `concurrency` and by a share of the rate limit; 429s make them wait `max_wait` seconds."""
        self.window = WindowModel(rate_share=rate_share)
        self.unanswered_since: float | None = None
        self._concurrency = concurrency
        self._max_wait = max_wait
        self._waiting: deque[asyncio.Future[Permit]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self) -> Permit:
        """Wait for a permit to send one request. Give it back through one of the methods below.

        Raises:
            WaitedTooLong: the rate limit would keep the caller waiting for longer than `max_wait`.
        """
        if not self._waiting:
            now = time.monotonic()
            if self._overdue(now):
                raise WaitedTooLong
            if self.window.in_flight < self._concurrency.now and self.window.wait(now) == 0:
                return self.window.acquire(now)
        turn: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            self._permit_next()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release(turn.result())
            else:
                self._permit_next()
            raise

    def on_send(self) -> None:
        """Note that a request is leaving: from now on, the server has something to respond to."""
        if self.unanswered_since is None:
            self.unanswered_since = time.monotonic()

    def on_response(self, permit: Permit, limit: int | None, left: int | None, *, fault: bool) -> None:
        """Note a response other than 429; `fault` for a 5xx."""
        now = time.monotonic()
        self.unanswered_since = None
        self.window.on_response(permit, now, limit, left)
        if fault:
            self._concurrency.on_fault()
        else:
            self._concurrency.on_response(now)
        self._permit_next()

    def pause(self, seconds: float) -> None:
        """Send nothing for some seconds, because a failed response's Retry-After asks for it."""
        self.window.pause(time.monotonic(), seconds)

    def on_429(self, permit: Permit, hit: RateLimitHit) -> None:
        """Note a 429: everyone waits."""
        self.unanswered_since = None
        self.window.on_429(permit, time.monotonic(), hit)
        self._permit_next()

    def on_no_response(self, permit: Permit) -> None:
        """Note that no response came."""
        self._concurrency.on_fault()
        self.release(permit)

    def release(self, permit: Permit) -> None:
        """Give back the permit of a request that was not sent, or whose caller gave up."""
        self.window.release(permit)
        self._permit_next()

    def _permit_next(self) -> None:
        while self._waiting:
            turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
                continue
            now = time.monotonic()
            if self._overdue(now):
                self._waiting.popleft()
                turn.set_exception(WaitedTooLong())
                continue
            if self.window.in_flight >= self._concurrency.now:
                self._concurrency.on_waiting()
                return
            wait = self.window.wait(now)
            if wait > 0:
                self._resume_after(now, wait)
                return
            self._waiting.popleft()
            turn.set_result(self.window.acquire(now))

    def _resume_after(self, now: float, wait: float) -> None:
        if self.window.closed_for(now) > 0:
            self._concurrency.on_interruption()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if math.isfinite(wait):
            self._timer = asyncio.get_running_loop().call_later(wait, self._permit_next)

    def _overdue(self, now: float) -> bool:
        since, ahead = self.window.limited_since, self.window.closed_for(now)
        return since is not None and ahead > 0 and now + ahead - since > self._max_wait
