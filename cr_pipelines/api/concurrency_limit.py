"""How many requests to have in flight at once, so that the rate limit is the bound and not the latency.

`Width` only decides: it knows no clock and no asyncio. It climbs while callers wait for it and climbing pays, steps
back when it does not (then something else is the bound, such as the processor), and halves when a good part of what
is asked fails. A few failures, which any server has, are no reason.
"""

GAIN_WORTH_GROWING = 1.1
ROUNDS_BEFORE_TRYING_AGAIN = 16
SHORTEST_ROUND = 0.1
SMALLEST_ROUND = 32


class Width:
    """A number of requests in flight that follows what throughput shows.

    Attributes:
        now: how many may be in flight.
    """

    def __init__(self, start: int = 8, most: int = 128) -> None:
        """Begin at `start`, never go above `most`."""
        self.now = min(start, most)
        self._most = most
        self._round_began: float | None = None
        self._answers = 0
        self._faults = 0
        self._wanted_more = False
        self._suffered = False
        self._rate_before: float | None = None
        self._width_before = self.now
        self._resting = 0

    def callers_wait(self) -> None:
        """A caller had to wait only because the width is used up."""
        self._wanted_more = True

    def interrupted(self) -> None:
        """The rate limit stopped everything: what this round would show is not the width's doing."""
        self._round_began = None

    def answer(self, now: float) -> None:
        """A request was answered at `now`, in seconds of a monotonic clock."""
        if self._round_began is None:
            self._begin_round(now)
            return
        self._answers += 1
        elapsed = now - self._round_began
        if self._answers + self._faults >= self._round_length() and elapsed >= SHORTEST_ROUND:
            self._end_round(self._answers / elapsed)
            self._begin_round(now)

    def fault(self) -> None:
        """The server failed (5xx) or did not answer in time: halve, once a round, if a quarter does."""
        self._faults += 1
        if self._suffered or self._faults <= self._round_length() / 4:
            return
        self._suffered = True
        self.now = max(1, self.now // 2)
        self._rate_before = None

    def _round_length(self) -> int:
        return max(SMALLEST_ROUND, 2 * self.now)

    def _begin_round(self, now: float) -> None:
        self._round_began = now
        self._answers = 0
        self._faults = 0
        self._wanted_more = False
        self._suffered = False

    def _end_round(self, rate: float) -> None:
        if self._suffered or not self._wanted_more:
            return
        if self._resting > 0:
            self._resting -= 1
            return
        if self._rate_before is not None and rate < self._rate_before * GAIN_WORTH_GROWING:
            self.now = self._width_before
            self._rate_before = None
            self._resting = ROUNDS_BEFORE_TRYING_AGAIN
            return
        self._width_before = self.now
        self._rate_before = rate
        self.now = min(self._most, self.now * 2)
        if self.now == self._width_before:
            self._rate_before = None
