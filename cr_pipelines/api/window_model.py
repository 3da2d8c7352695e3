"""A model of the server's rate limit windows: when may the next request go?

Goes in: the rate limit headers of every response, and every 429. Comes out: the seconds to wait. `WindowModel` only
decides. It uses no clock, no asyncio and no HTTP, so its rules can be tested against a simulated server. Times are
seconds of one monotonic clock, passed by the caller.

The server counts requests in windows of fixed length. Every response shows the limit and how many requests the
window has left; only a 429 shows how long a window is and when it ends. So:

* The first request of a window goes alone: it shows what is left, and if the window was opened too early it costs
  one 429 and not one per caller.
* Requests in flight are counted as if the server had not seen them yet, so the limit is never overrun by
  concurrency. What other users of the token take shows in the responses, and only our share of the rest is used.
* Requests in flight cannot be recalled when the server asks everyone to wait. Once the limit and the interval are
  known, two go at once, and further ones leave one by one, fast enough to use up a window in a third of it.
* A 429 is believed more than other responses: if its limit is lower than the one in their headers, those are about
  something else, such as a day, and our own requests are counted instead. A wait that it announces is kept.
* When nothing is left, all wait for the end of the window: announced by a 429, or predicted. Windows may follow
  each other without a gap, or begin with the first request after the last one's end. The first is assumed, until a
  429 right after a predicted end proves the second.
"""

import math
from dataclasses import dataclass

FOREVER = math.inf
LONGEST_MARGIN = 0.05
SHORTEST_MARGIN = 0.005
SHARE_INERTIA = 0.5
LAG_STEP = 0.5
NEARLY_ALONE = 0.9
CAUTION = 0.6
LATE_TURN = 0.02
FEW_IN_FLIGHT = 2
BURST = 3.0
LATE_BURST = 0.05


@dataclass(slots=True, eq=False)
class Permit:
    """Permission to send one request.

    Attributes:
        window: number of the window it was given in.
        ceiling: how many requests were known to be left then. The same window can only show fewer.
    """

    window: int
    ceiling: float


@dataclass(frozen=True, slots=True)
class RateLimitHit:
    """What a 429 says; None for what it does not say.

    Attributes:
        wait: seconds until the window ends.
        interval: length of a window in seconds.
        limit: requests that a window allows.
    """

    wait: float | None = None
    interval: float | None = None
    limit: int | None = None


class WindowModel:
    """Decide when the next request may go.

    Attributes:
        limit: requests that a window allows; None until a response said so.
        interval: length of a window in seconds; None until a 429 said so.
        in_flight: permits given and not yet returned.
    """

    def __init__(self, probe_timeout: float = 2.0, rate_share: float = 1.0) -> None:
        """Start without knowledge.

        Args:
            probe_timeout: seconds that a window's first request may keep others waiting.
            rate_share: how much of the limit to use, above 0 and up to 1. Below 1, requests are spread evenly over the
                window, so that other clients of the token find room at any time. Both need the limit and the interval
                to be known.
        """
        self.limit: int | None = None
        self.interval: float | None = None
        self.in_flight = 0
        self.limited_since: float | None = None
        self._probe_timeout = probe_timeout
        self._window = 0
        self._left: int | None = None
        self._ends: float | None = None
        self._closed_until: float | None = None
        self._probe: Permit | None = None
        self._probe_wanted = True
        self._probe_sent = 0.0
        self._probe_ends = FOREVER
        self._predicted = False
        self._gapless = True
        self._lag = 0.0
        self._hits_in_a_row = 0
        self._share_before = 1.0
        self._left_at_first: int | None = None
        self._ours = 0
        self._usage = _Usage()
        self._rate_share = rate_share
        self._next_turn = -math.inf
        self._refuted: int | None = None
        self._shown: int | None = None
        self._paused_until = -math.inf

    def wait(self, now: float) -> float:
        """Return the seconds until a request may go: 0 for now, `FOREVER` for "not before the next response"."""
        return max(self._wait_for_window(now), self._wait_for_turn(now), self._paused_until - now)

    def pause(self, now: float, seconds: float) -> None:
        """Send nothing for some seconds, because a response other than 429 asked for it."""
        self._paused_until = max(self._paused_until, now + seconds)

    def _wait_for_turn(self, now: float) -> float:
        if self._turn() is None or (self._rate_share >= 1 and self.in_flight < FEW_IN_FLIGHT):
            return 0.0
        return max(0.0, self._next_turn - now)

    def _turn(self) -> float | None:
        """Return the seconds between two requests, unless few are in flight; None if the limit is unknown."""
        if self.interval is None or not self.limit:
            return None
        return self.interval / (self.limit * (self._rate_share if self._rate_share < 1 else BURST))

    def _take_turn(self, now: float) -> None:
        turn = self._turn()
        if turn is None:
            return
        # Catch up on turns that a late timer missed, but not on those of an idle client.
        if self._rate_share < 1:
            self._next_turn = max(self._next_turn, now - LATE_TURN) + turn
        else:
            self._next_turn = min(max(self._next_turn, now - LATE_BURST), now) + turn

    def _wait_for_window(self, now: float) -> float:
        if self._closed_until is not None:
            if now < self._closed_until:
                return self._closed_until - now
            self._open_next(now)
        if self._probe is not None:
            if now < self._probe_ends:
                return self._probe_ends - now
            self._probe = None
        if self._probe_wanted or self._left is None:
            return 0.0
        if self._left > 0 and self.in_flight < max(1, math.floor(self._left * self._share())):
            return 0.0
        if self._ends is None:
            return 0.0 if self.in_flight == 0 else FOREVER
        opens = self._ends + self._margin()
        if now >= opens:
            self._predicted = True
            self._open_next(now)
            return 0.0
        if self._left <= 0:
            self._close(self._ends, predicted=True)
        return opens - now

    def acquire(self, now: float) -> Permit:
        """Permit one request; call it only right after `wait` returned 0."""
        permit = Permit(self._window, math.inf if self._left is None else self._left)
        self.in_flight += 1
        self._take_turn(now)
        if self._probe_wanted:
            self._probe_wanted = False
            self._probe = permit
            self._probe_sent = now
            self._probe_ends = now + min(self._probe_timeout, max(0.5, (self.interval or FOREVER) / 4))
        return permit

    def release(self, permit: Permit) -> None:
        """Take back the permit of a request that was not sent, or that got no response."""
        self.in_flight -= 1
        if permit is self._probe:
            self._probe = None
            self._probe_wanted = True

    def on_response(self, permit: Permit, now: float, limit: int | None, left: int | None) -> None:
        """Note a response other than 429, with the limit and the remaining requests from its headers."""
        self.in_flight -= 1
        self._hits_in_a_row = 0
        self.limited_since = None
        self._usage.accepted += 1
        left = self._believed(permit, limit, left)
        began = now
        if permit is self._probe:
            self._probe = None
            began = self._probe_sent + self._lag * (now - self._probe_sent)
        if left is None:
            return
        if left >= permit.ceiling:
            self._counted_in_a_later_window(permit, now, left)
        elif permit.window == self._window:
            self._counted_in_this_window(began, now, left)

    def on_429(self, permit: Permit, now: float, hit: RateLimitHit) -> None:
        """Note a 429."""
        self.in_flight -= 1
        probed = permit is self._probe
        if probed:
            self._probe = None
        if hit.limit is not None:
            self.limit = hit.limit
            self._refuted = self._shown if self._shown is not None and hit.limit < self._shown else None
        self.interval = hit.interval or self.interval
        if self.limited_since is None:
            self.limited_since = now
        if permit.window != self._window and not self._outlasts_a_window(hit.wait):
            return
        wait = self._sane_wait(hit.wait, now)
        if not probed:
            self._usage.used_up(self._window, now + wait)
        else:
            self._hits_in_a_row += 1
            if self._predicted and self.interval is not None and wait < self.interval / 2:
                self._opened_too_early()
        if self._hits_in_a_row > 1:
            wait = max(wait, min(5.0, 0.05 * 2.0**self._hits_in_a_row))
        self._left = 0
        self._ends = now + wait
        self._close(self._ends, predicted=False)

    def closed_for(self, now: float) -> float:
        """Return the seconds until the end of the window that everyone waits for; 0 if nobody has to wait."""
        return max(0.0, (self._closed_until or 0.0) - now, self._paused_until - now)

    def rate_used(self) -> float | None:
        """Return our share of the limit, 0 to 1, between the first and the last time that a window was used up.

        None until two windows have been used up and the interval is known; until then, something else was the
        bottleneck, or it is unknown.
        """
        if self.interval is None or not self.limit:
            return None
        return self._usage.share(self.limit, self.interval)

    def _believed(self, permit: Permit, limit: int | None, left: int | None) -> int | None:
        """Take over the limit of a response's headers. Return the requests left, by our own count if need be."""
        self._shown = limit if limit is not None else self._shown
        if limit is not None and limit != self._refuted:
            self.limit, self._refuted = limit, None
        elif limit is not None or (left is not None and left > (self.limit or FOREVER)):
            left = None
        if left is None and self._left is not None and self.interval is not None and permit.window == self._window:
            return self._left - 1
        return left

    def _outlasts_a_window(self, wait: float | None) -> bool:
        return wait is not None and (self.interval is None or wait > self.interval)

    def _counted_in_this_window(self, began: float, now: float, left: int) -> None:
        if self._left_at_first is None:
            self._left_at_first = left
        else:
            self._ours += 1
        self._left = left if self._left is None else min(self._left, left)
        if self._ends is None and self.interval is not None:
            self._ends = began + self.interval
        if self._left <= 0 and self._ends is not None:
            self._usage.used_up(self._window, self._ends)

    def _counted_in_a_later_window(self, permit: Permit, now: float, left: int) -> None:
        blocked = self._closed_until is not None and not self._predicted
        if permit.window != self._window or blocked:
            self._left = left if self._left is None else min(self._left, left)
            return
        self._begin_window()
        self._left = self._left_at_first = left
        if self.interval is None:
            self._ends = None
        elif self._gapless and self._ends is not None and self._ends <= now:
            self._ends = _next_multiple(self._ends, self.interval, now)
        else:
            self._ends = now + self.interval

    def _open_next(self, now: float) -> None:
        self._begin_window()
        self._left = self._left_at_first = self.limit
        self._probe_wanted = True
        if self._gapless and self._ends is not None and self.interval is not None:
            self._ends = _next_multiple(self._ends, self.interval, now)
        else:
            self._ends = None

    def _opened_too_early(self) -> None:
        if self._gapless:
            self._gapless = False
        else:
            self._lag = min(1.0, self._lag + LAG_STEP)

    def _begin_window(self) -> None:
        self._share_before = self._share_at_end()
        self._window += 1
        self._ours = 0
        self._closed_until = None
        self._probe = None
        self._probe_wanted = False

    def _close(self, ends: float, *, predicted: bool) -> None:
        self._predicted = predicted
        self._closed_until = max(self._closed_until or 0.0, ends + self._margin())

    def _share(self) -> float:
        """Our share of current requests, from this window's responses weighted against the last window's."""
        inertia = max(4.0, (self.limit or 0) * SHARE_INERTIA)
        share = (self._ours + inertia * self._share_before) / (self._taken() + inertia)
        return 1.0 if share > NEARLY_ALONE else share * CAUTION

    def _share_at_end(self) -> float:
        """Our share of this window's requests; the last window's if this one shows too little."""
        taken = self._taken()
        return min(1.0, self._ours / taken) if 2 * taken >= (self.limit or FOREVER) else self._share_before

    def _taken(self) -> int:
        if self._left_at_first is None or self._left is None:
            return 0
        return self._left_at_first - self._left

    def _margin(self) -> float:
        if self.interval is None:
            return LONGEST_MARGIN
        return min(LONGEST_MARGIN, max(SHORTEST_MARGIN, self.interval / 100))

    def _sane_wait(self, announced: float | None, now: float) -> float:
        if announced is not None:
            return max(0.0, announced)
        if self._ends is not None and now < self._ends:
            return self._ends - now
        return self.interval or 1.0


class _Usage:
    """Count the accepted requests between the ends of the first and the last window that were used up."""

    def __init__(self) -> None:
        self.accepted = 0
        self._window: int | None = None
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None

    def used_up(self, window: int, ends: float) -> None:
        if window == self._window:
            return
        self._window = window
        self._last = (ends, self.accepted)
        self._first = self._first or self._last

    def share(self, limit: int, interval: float) -> float | None:
        if self._first is None or self._last is None or self._first is self._last:
            return None
        seconds = self._last[0] - self._first[0]
        return min(1.0, (self._last[1] - self._first[1]) / (limit * seconds / interval))


def _next_multiple(start: float, step: float, after: float) -> float:
    return start + step * (math.floor((after - start) / step) + 1) if after >= start else start
