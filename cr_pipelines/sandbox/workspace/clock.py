"""The room's time: real time that can be moved forward."""

import time
from datetime import UTC, datetime


class Clock:
    """Epoch seconds that run with the machine, plus whatever they were moved forward by.

    It never goes back, even when the machine's own clock is set.
    """

    def __init__(self, moved_seconds: float = 0.0):
        self._origin = time.time() - time.monotonic()
        self.moved_seconds = moved_seconds

    def now(self) -> float:
        """Epoch seconds in the room."""
        return self._origin + time.monotonic() + self.moved_seconds

    def advance(self, seconds: float) -> None:
        """Moves the clock forward. Raises `ValueError` for a negative number of seconds."""
        if seconds < 0:
            raise ValueError("The clock only moves forward: send advance_seconds of 0 or more.")
        self.moved_seconds += seconds


def iso(epoch: float) -> str:
    """Epoch seconds as the API writes a date-time: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_of(text: str) -> float:
    """An ISO 8601 date-time with an offset, as epoch seconds. Raises `ValueError` when it is none."""
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError("a date-time needs an offset")
    return moment.timestamp()
