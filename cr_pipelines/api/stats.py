"""What a client has done so far, in numbers."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class OperationStats:
    """One operation's share of the work.

    Attributes:
        requests: requests sent, with retries and those that were answered by 429.
        rate_limited: answers of 429.
        retries: requests sent again after a failure; those after a 429 are not counted.

    """

    requests: int = 0
    rate_limited: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """A client's numbers at one moment.

    Attributes:
        by_operation: the same counts for each operation that was used, by the client's method name.
        limit: requests that the token may send per interval; None until an answer said so.
        interval_seconds: length of that interval; None until a 429 said so.
        limit_wait_seconds: time during which calls waited because the limit was used up.
        rate_used: our share of the limit, 0 to 1, between the first and the last time it was used up: how many
            requests went through, of those that the limit allows in that time. None until it was used up twice and
            the interval is known: then the limit was not what held us back, or it cannot be told.

    """

    by_operation: dict[str, OperationStats] = field(default_factory=dict)
    limit: int | None = None
    interval_seconds: float | None = None
    limit_wait_seconds: float = 0.0
    rate_used: float | None = None

    @property
    def requests(self) -> int:
        """Requests sent."""
        return sum(operation.requests for operation in self.by_operation.values())

    @property
    def rate_limited(self) -> int:
        """Answers of 429."""
        return sum(operation.rate_limited for operation in self.by_operation.values())

    @property
    def retries(self) -> int:
        """Requests sent again after a failure."""
        return sum(operation.retries for operation in self.by_operation.values())
