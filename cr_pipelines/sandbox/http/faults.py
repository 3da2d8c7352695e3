"""Faults on demand.

Goes in: a plan of how often which fault happens. Comes out: for each request the fault to inject, if any, and how
long to delay the response.
"""

import random
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from typing import Any, Literal

from pydantic import ConfigDict, FiniteFloat, ValidationError
from pydantic.dataclasses import dataclass

from cr_pipelines.sandbox.explain import explain

Fault = Literal["error", "drop_before", "drop_after", "error_after", "rate_limited"]


@dataclass(frozen=True, slots=True, config=ConfigDict(strict=True))
class FaultPlan:
    """How often which fault happens.

    Attributes:
        latency_seconds: delay of every response.
        latency_jitter_seconds: upper bound of a random addition to it.
        error_rate: probability (0 to 1) of a server error that stores nothing.
        error_after_rate: probability of a server error after the record was stored.
        error_statuses: the statuses of server errors, from 500 to 599.
        drop_before_rate: probability that the connection is cut before the write.
        drop_after_rate: probability that the connection is cut after the write.
        burst_rate: probability that a burst begins, in which every response is a 429.
        burst_seconds: length of a burst.
        lose_every: never store every Nth accepted user, though the response was a 202; None for none.
        change_every: store every Nth accepted user with a changed value; None for none.
        operations: ids of the operations that the plan is for; None for all.
        max_faults: how many faults happen at most; None for no limit.
        seed: makes the faults come in the same order each time.
    """

    latency_seconds: FiniteFloat = 0.0
    latency_jitter_seconds: FiniteFloat = 0.0
    error_rate: FiniteFloat = 0.0
    error_after_rate: FiniteFloat = 0.0
    error_statuses: tuple[int, ...] = (500, 502, 503)
    drop_before_rate: FiniteFloat = 0.0
    drop_after_rate: FiniteFloat = 0.0
    burst_rate: FiniteFloat = 0.0
    burst_seconds: FiniteFloat = 1.0
    lose_every: int | None = None
    change_every: int | None = None
    operations: tuple[str, ...] | None = None
    max_faults: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        rates = [
            self.error_rate,
            self.error_after_rate,
            self.drop_before_rate,
            self.drop_after_rate,
            self.burst_rate,
        ]
        if not all(rate >= 0 for rate in rates) or sum(rates) > 1:
            raise ValueError("fault rates are probabilities: each at least 0, together at most 1")
        if not all(
            0 <= each <= 3600 for each in (self.latency_seconds, self.latency_jitter_seconds, self.burst_seconds)
        ):
            raise ValueError("fault latencies and the length of a burst must be 0 to 3600 seconds")
        if not self.error_statuses or any(not 500 <= status <= 599 for status in self.error_statuses):
            raise ValueError("error_statuses must be HTTP statuses from 500 to 599")
        if any(each is not None and each < 1 for each in (self.lose_every, self.change_every)):
            raise ValueError("lose_every and change_every must be 1 or more")
        if self.operations is not None and not self.operations:
            raise ValueError("operations must name at least one; leave it out for all of them")
        if self.max_faults is not None and self.max_faults < 0:
            raise ValueError("max_faults must be 0 or more faults")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "FaultPlan":
        """Make a plan from JSON-like values. Raises ValueError for an unknown name or a value that is not allowed."""
        names = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(f"unknown fault setting {', '.join(unknown)}; choose from {', '.join(names)}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
        }
        try:
            return cls(**values)
        except ValidationError as error:
            raise ValueError(f"a fault setting is wrong: {explain(error)}") from None

    def described(self) -> dict[str, Any]:
        """Return the settings, by name."""
        return asdict(self)


class Faults:
    """Draws the fault of each request from a plan. `operations` are the ids that a plan may name."""

    def __init__(self, plan: FaultPlan, operations: Collection[str]):
        self._operations = operations
        self.set(plan)

    def set(self, plan: FaultPlan) -> None:
        """Start a plan; its random numbers, count and burst start over. Raises ValueError for an unknown operation."""
        unknown = sorted(set(plan.operations or ()) - {*self._operations, "unknown"})
        if unknown:
            known = ", ".join(sorted(self._operations))
            raise ValueError(f"faults name operations that do not exist: {', '.join(unknown)}; choose from {known}")
        self.plan = plan
        self.active = plan != FaultPlan(seed=plan.seed)
        self.drawn = 0
        self._random = random.Random(plan.seed)
        self._burst_ends = 0.0
        self._rates: list[tuple[Fault | Literal["burst"], float]] = [
            ("error", plan.error_rate),
            ("error_after", plan.error_after_rate),
            ("drop_before", plan.drop_before_rate),
            ("drop_after", plan.drop_after_rate),
            ("burst", plan.burst_rate),
        ]

    def concerns(self, operation: str) -> bool:
        """Return whether the plan is for requests of this operation."""
        return self.plan.operations is None or operation in self.plan.operations

    def latency(self) -> float:
        """Return how many seconds to delay this request."""
        return self.plan.latency_seconds + self._random.random() * self.plan.latency_jitter_seconds

    def draw(self) -> Fault | None:
        """Return what goes wrong with this request, if anything."""
        if self.burst_left() > 0:
            return "rate_limited"
        if self.plan.max_faults is not None and self.drawn >= self.plan.max_faults:
            return None
        chance = self._random.random()
        for fault, rate in self._rates:
            if chance < rate:
                self.drawn += 1
                if fault == "burst":
                    self._burst_ends = time.monotonic() + self.plan.burst_seconds
                    return "rate_limited"
                return fault
            chance -= rate
        return None

    def burst_left(self) -> float:
        """Return the seconds until the burst of 429 is over, 0 or less when there is none."""
        return self._burst_ends - time.monotonic()

    def error_status(self) -> int:
        """Return the status of an injected server error."""
        return self._random.choice(self.plan.error_statuses)
