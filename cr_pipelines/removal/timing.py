"""When a removal is retried, and when it is looked up.

Goes in: nothing, or other durations in a test. Comes out: the times that follow from an attempt or a submission.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cr_pipelines.sync import PROMISED
from cr_pipelines.sync import Timing as EngineTiming

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timing:
    """When a removal is retried, and when it is looked up.

    Attributes:
        first_pause: the time between the first failure and the next attempt; it doubles with every further failure.
        longest_pause: the limit of the pause. A request is retried until it is settled.
        looks: how long after its submission a removal is looked up. It is also looked up at its due date, and daily
            after that. A person unknown to Common Room is looked up at the same times, and for the last time after 15
            days.
        shared: how long a removal, once seen to be done, also settles another request about the same person.
        just_sent: how long a contact may stay invisible after it was sent, so that a 404 settles nothing.
        engine: how to wait for running syncs, and how often to note that the run is alive.
    """

    first_pause: timedelta = timedelta(minutes=1)
    longest_pause: timedelta = timedelta(days=1)
    looks: tuple[timedelta, ...] = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
    shared: timedelta = timedelta(days=1)
    just_sent: timedelta = timedelta(minutes=10)
    engine: EngineTiming = field(default_factory=EngineTiming)

    def pause_after(self, attempts: int) -> timedelta:
        """Return the pause after this many failed attempts, 1 or more."""
        return min(self.first_pause * (1 << min(attempts - 1, 30)), self.longest_pause)

    def next_look(self, submitted_at: datetime, now: datetime) -> datetime:
        """Return when to look up a removal that has not been seen to be done."""
        for wait in (*self.looks, PROMISED):
            if submitted_at + wait > now:
                return submitted_at + wait
        return now + timedelta(days=1)
