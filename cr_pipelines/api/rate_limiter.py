"""Where callers wait for leave to send: `Pace` and `Width` decide, this lets the callers through in order."""

import asyncio
import math
import time
from collections import deque

from cr_pipelines.api.concurrency_limit import Width
from cr_pipelines.api.window_model import Pace, Permit, Refusal


class WaitedTooLong(Exception):  # never leaves the package: the client turns it into RateLimited
    """The rate limit keeps everyone waiting longer than is allowed."""


class Gate:
    """Lets callers through one after the other, first come, first served.

    Attributes:
        pace: what the server's answers say about the rate limit.
        seconds_waited: time during which at least one caller waited for a window to end.
    """

    def __init__(self, width: Width, longest_wait: float) -> None:
        """Hold back callers by `width` and by the rate limit, for at most `longest_wait` seconds of refusals."""
        self.pace = Pace()
        self.seconds_waited = 0.0
        self._width = width
        self._longest_wait = longest_wait
        self._waiting: deque[asyncio.Future[Permit]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_since: float | None = None

    async def enter(self) -> Permit:
        """Wait for leave to send one request; every permit goes back through one of the methods below."""
        if not self._waiting:
            now = time.monotonic()
            if self._overdue(now):
                raise WaitedTooLong
            if self.pace.in_flight < self._width.now and self.pace.wait(now) == 0:
                return self.pace.give(now)
        turn: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            self._let_through()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.unused(turn.result())
            else:
                self._let_through()
            raise

    def answered(self, permit: Permit, limit: int | None, left: int | None, *, fault: bool) -> None:
        """An answer other than 429 came; `fault` for a 5xx."""
        now = time.monotonic()
        self.pace.answered(permit, now, limit, left)
        if fault:
            self._width.fault()
        else:
            self._width.answer(now)
        self._let_through()

    def refused(self, permit: Permit, refusal: Refusal) -> None:
        """A 429 came: everyone waits."""
        self.pace.refused(permit, time.monotonic(), refusal)
        self._let_through()

    def lost(self, permit: Permit) -> None:
        """No answer came."""
        self._width.fault()
        self.unused(permit)

    def unused(self, permit: Permit) -> None:
        """The request was not sent, or its caller gave up."""
        self.pace.take_back(permit)
        self._let_through()

    def _let_through(self) -> None:
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
            if self.pace.in_flight >= self._width.now:
                self._width.callers_wait()
                return
            wait = self.pace.wait(now)
            if wait > 0:
                self._come_back(now, wait)
                return
            if self._waiting_since is not None:
                self.seconds_waited += now - self._waiting_since
                self._waiting_since = None
            self._waiting.popleft()
            turn.set_result(self.pace.give(now))

    def _come_back(self, now: float, wait: float) -> None:
        if self.pace.shut_for(now) > 0:
            self._width.interrupted()
            if self._waiting_since is None:
                self._waiting_since = now
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if math.isfinite(wait):
            self._timer = asyncio.get_running_loop().call_later(wait, self._let_through)

    def _overdue(self, now: float) -> bool:
        since, ahead = self.pace.refused_since, self.pace.shut_for(now)
        return since is not None and ahead > 0 and now + ahead - since > self._longest_wait
