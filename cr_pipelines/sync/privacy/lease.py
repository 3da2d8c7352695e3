"""The clock of leases: how long a run may send by what it last knew of the suppression list.

Goes in: nothing. Comes out: seconds that can be compared within one host.
"""

import time


def lease_clock() -> float:
    """Return seconds that also count while the machine sleeps, where the system has such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
