"""When to send a request again after a failure, as rules that can be combined.

A rule takes a `Failure` and returns the seconds to wait before the next attempt, or None to leave the decision to the
next rule. `first_of` asks several rules in turn. A 429 never gets here: the rate limiter handles the wait.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cr_pipelines.api.operations import Operation


class FailureKind(Enum):
    """How far a failed request got."""

    NOT_SENT = "not sent"
    NO_RESPONSE = "no response"
    SERVER_FAULT = "server fault"
    NOT_PROCESSED = "not processed"
    NOT_DECODED = "not decoded"


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed; `attempt` counts from 1."""

    operation: Operation
    kind: FailureKind
    attempt: int


RetryRule = Callable[[Failure], float | None]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: before attempt n+1, anything from 0 to `base * 2**(n-1)` seconds.

    Attributes:
        attempts: the maximum number of attempts.
        base: the maximum length of the first wait, in seconds.
        cap: the maximum length of any wait, in seconds.
        jitter: a source of numbers from 0 to 1.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    jitter: Callable[[], float] = random.random

    def __call__(self, failure: Failure) -> float | None:
        """Return the seconds to wait, or None once the attempts have run out."""
        if failure.attempt >= self.attempts:
            return None
        doublings = min(failure.attempt - 1, 64)
        return self.jitter() * min(self.cap, self.base * 2.0**doublings)


def first_of(*rules: RetryRule) -> RetryRule:
    """Ask the rules in turn and return the first wait that is not None."""

    def ask(failure: Failure) -> float | None:
        return next((wait for rule in rules if (wait := rule(failure)) is not None), None)

    return ask


def when_not_sent(then: RetryRule) -> RetryRule:
    """Apply a rule to any operation if its request was certainly not sent."""
    return lambda failure: then(failure) if failure.kind is FailureKind.NOT_SENT else None


def when_repeatable(then: RetryRule) -> RetryRule:
    """Apply a rule to operations that can be repeated without harm."""
    return lambda failure: then(failure) if failure.operation.repeatable else None


def careful(backoff: RetryRule | None = None) -> RetryRule:
    """Repeat what is safe to repeat, and anything that was certainly not sent. This is the client's default."""
    rule = backoff or Backoff()
    return first_of(when_not_sent(rule), when_repeatable(rule))


def never(failure: Failure) -> float | None:
    """Treat every failure as final."""
    return None
