"""An adaptive limit on requests in flight, so that throughput depends on the rate limit and not on latency.

Goes in: responses, faults and waiting callers. Comes out: how many requests may be in flight. `ConcurrencyLimit` only
decides; it uses no clock and no asyncio. It grows while callers wait for it and throughput grows with it. It steps back
if throughput does not grow, because then the bottleneck is something else, such as the processor. It halves if a
quarter of a round's requests fail. A few failures are normal and do not count.
"""

GAIN_WORTH_GROWING = 1.1
ROUNDS_BEFORE_TRYING_AGAIN = 16
SHORTEST_ROUND = 0.1
SMALLEST_ROUND = 32


class ConcurrencyLimit:
    """Limit the requests in flight, based on throughput.

    Attributes:
        now: how many requests may be in flight.
    """

    def __init__(self, start: int = 8, most: int = 128) -> None:
        """Start at `start` and never exceed `most`."""
        self.now = min(start, most)
        self._most = most
        self._round_began: float | None = None
        self._responses = 0
        self._faults = 0
        self._wanted_more = False
        self._halved = False
        self._rate_before: float | None = None
        self._before = self.now
        self._rounds_at_rest = 0

    def on_waiting(self) -> None:
        """Note that this limit alone keeps a caller waiting."""
        self._wanted_more = True

    def on_interruption(self) -> None:
        """Drop the current round: the rate limit stopped everything, so its throughput means nothing."""
        self._round_began = None

    def on_response(self, now: float) -> None:
        """Note a response at `now`, in seconds of a monotonic clock."""
        if self._round_began is None:
            self._begin_round(now)
            return
        self._responses += 1
        elapsed = now - self._round_began
        if self._responses + self._faults >= self._round_length() and elapsed >= SHORTEST_ROUND:
            self._end_round(self._responses / elapsed)
            self._begin_round(now)

    def on_fault(self) -> None:
        """Note a 5xx or a missing response; halve, once per round, if a quarter of the requests end this way."""
        self._faults += 1
        if self._halved or self._faults <= self._round_length() / 4:
            return
        self._halved = True
        self.now = max(1, self.now // 2)
        self._rate_before = None

    def _round_length(self) -> int:
        return max(SMALLEST_ROUND, 2 * self.now)

    def _begin_round(self, now: float) -> None:
        self._round_began = now
        self._responses = 0
        self._faults = 0
        self._wanted_more = False
        self._halved = False

    def _end_round(self, rate: float) -> None:
        if self._halved or not self._wanted_more:
            return
        if self._rounds_at_rest > 0:
            self._rounds_at_rest -= 1
            return
        if self._rate_before is not None and rate < self._rate_before * GAIN_WORTH_GROWING:
            self.now = self._before
            self._rate_before = None
            self._rounds_at_rest = ROUNDS_BEFORE_TRYING_AGAIN
            return
        self._before = self.now
        self._rate_before = rate
        self.now = min(self._most, self.now * 2)
        if self.now == self._before:
            self._rate_before = None
