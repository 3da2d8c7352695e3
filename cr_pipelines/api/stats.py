"""Counts of what a client has done so far.

The requester counts each operation; `CommonRoomClient.stats` returns a copy.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class OperationStats:
    """The counts of one operation.

    Attributes:
        requests: requests sent, including retries and those that got a 429.
        rate_limited: 429 responses.
        retries: requests sent again after a failure; those after a 429 do not count.
        items_omitted: unreadable list items that were left out.
    """

    requests: int = 0
    rate_limited: int = 0
    retries: int = 0
    items_omitted: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """The counts of a client at one moment.

    Attributes:
        by_operation: the same counts for each operation that was used, by the client's method name.
        limit: requests that the token may send per interval; None until a response reports it.
        interval_seconds: length of that interval; None until a 429 reports it.
        rate_used: our share of the limit, 0 to 1, between the first and the last time that it was used up: the requests
            that went through, out of those that the limit allows in that time. None until it has been used up twice and
            the interval is known; until then, something else was the bottleneck, or it is unknown.
    """

    by_operation: dict[str, OperationStats] = field(default_factory=dict)
    limit: int | None = None
    interval_seconds: float | None = None
    rate_used: float | None = None

    @property
    def requests(self) -> int:
        """Return the number of requests sent."""
        return sum(operation.requests for operation in self.by_operation.values())

    @property
    def rate_limited(self) -> int:
        """Return the number of 429s."""
        return sum(operation.rate_limited for operation in self.by_operation.values())

    @property
    def retries(self) -> int:
        """Return the number of requests sent again after a failure."""
        return sum(operation.retries for operation in self.by_operation.values())

    @property
    def items_omitted(self) -> int:
        """Return the number of unreadable list items that were left out."""
        return sum(operation.items_omitted for operation in self.by_operation.values())
