from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

PROMISED = timedelta(days=15)
"""Common Room anonymizes a person within so long of DELETE /user/{email}."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timing:
    """When a removal is tried again, and when it is looked up.

    Attributes:
        first_pause: from the first failure to the next attempt; it doubles with every further one.
        longest_pause: what the pause grows to. A request is offered again for ever.
        looks: how long after its submission a removal is looked up; besides at its due date, and daily from then on.
        shared: so long after a person was found gone, another request of theirs is answered by that.
        just_sent: so long after a contact was sent, Common Room may not know it yet, and its 404 settles nothing.
    """

    first_pause: timedelta = timedelta(minutes=1)
    longest_pause: timedelta = timedelta(days=1)
    looks: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
    shared: timedelta = timedelta(days=1)
    just_sent: timedelta = timedelta(minutes=10)

    def pause_after(self, attempts: int) -> timedelta:
        """The pause after so many failed attempts, 1 or more."""
        return min(self.first_pause * (1 << min(attempts - 1, 30)), self.longest_pause)

    def next_look(self, submitted_at: datetime, now: datetime) -> datetime:
        """When to look up a removal that was not seen done by now."""
        for wait in (*self.looks, PROMISED):
            if submitted_at + wait > now:
                return submitted_at + wait
        return now + timedelta(days=1)
