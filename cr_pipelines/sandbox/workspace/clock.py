"""The room's time.

Goes in: real time, and how far to move it forward. Comes out: the room's time, as epoch seconds or ISO 8601.
"""

import time
from datetime import UTC, datetime


class Clock:
    """Real time plus whatever it was moved forward by.

    It never goes back, even when somebody sets the machine's clock.
    """

    def __init__(self, moved_seconds: float = 0.0):
        self._origin = time.time() - time.monotonic()
        self.moved_seconds = moved_seconds

    def now(self) -> float:
        """Return the room's time as epoch seconds."""
        return self._origin + time.monotonic() + self.moved_seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a negative number of seconds."""
        if seconds < 0:
            raise ValueError("the clock only moves forward: send advance_seconds of 0 or more")
        self.moved_seconds += seconds


def iso(epoch: float) -> str:
    """Format epoch seconds as the API writes a date-time: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_of(text: str) -> float:
    """Parse an ISO 8601 date-time with an offset into epoch seconds. Raises ValueError for anything else."""
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError("a date-time needs an offset")
    return moment.timestamp()
