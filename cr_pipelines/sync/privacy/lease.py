"""How long a run may send by what it last knew of people who asked to be forgotten."""

import time

LEASE_SECONDS = 60.0
"""A run sends nothing more once its last look at who is withheld is older."""

LEASE_SURELY_OVER_SECONDS = 150.0
"""After so long without a sign of life, no request of a run by an older list can be on its way any more: the lease,
the longest time that the client gives a request, and some more."""


def lease_clock() -> float:
    """Seconds that go on while the machine sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
