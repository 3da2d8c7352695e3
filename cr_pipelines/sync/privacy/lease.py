"""The clock of leases: how long a run may send with its last copy of the suppression list.

Goes in: nothing. Comes out: seconds that can be compared within one host.
"""

import time


def lease_clock() -> float:
    """Return seconds from a clock that also runs while the machine sleeps, if the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
