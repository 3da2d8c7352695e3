"""Outages of the warehouse: whether to retry a write that failed.

Goes in: each failure of a write. Comes out: the seconds until the next try, or the engine's own error if waiting cannot
help or has lasted too long.
"""

import random
import time

from cr_pipelines.warehouse import WarehouseError

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0

_FAILURES_IN_SESSION = 4
"""If the warehouse can be opened but fails a write this many times in a row without being busy, retrying ends."""


class Outage:
    """The failures of one write, from the first one until it succeeds.

    A warehouse that restarts breaks the open session, refuses the next ones, and then recovers. With a full disk or a
    dropped table, every write fails, no matter how often the warehouse is opened.

    Args:
        seconds: how long to wait in total.

    Attributes:
        in_session: whether the warehouse could be opened for the last try.
    """

    def __init__(self, seconds: float):
        self._ends = time.monotonic() + seconds
        self.in_session = False
        self._failures_in_session = 0
        self._pause = _FIRST_PAUSE

    def pause_after(self, error: WarehouseError) -> float:
        """Return the seconds to wait after a failure, before the next try.

        Raises:
            WarehouseError: `error`, if the write must not be retried.
        """
        if not self.in_session:
            self._failures_in_session = 0
        elif not error.transient:
            self._failures_in_session += 1
        if time.monotonic() >= self._ends or self._failures_in_session >= _FAILURES_IN_SESSION:
            raise error
        pause = self._pause * random.uniform(0.5, 1.0)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return min(pause, max(0.0, self._ends - time.monotonic()))
