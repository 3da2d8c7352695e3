"""The circuit breaker: when there is no point in continuing a run.

Goes in: whether requests succeed. Comes out: a reason to send nothing more, and whether the room was reached at all.
"""

from cr_pipelines.api import (
    BadToken,
    CommonRoomError,
    FailureReported,
    NotTheApi,
    OperationGone,
    UnexpectedResponse,
    UnknownSource,
)

_FIRST_ROWS = 50
"""If the API rejects this many rows from the start, the rows are not at fault."""

_FIRST_REFUSALS = 20
"""As above, for responses that say nothing about a row: a proxy's, or about the token, the source or the operation."""

_FAILURES_IN_A_ROW = 100
"""If this many requests in a row fail after all retries, the server is down."""

_LOST_IN_A_ROW = 50
"""As above, for requests that cannot be repeated: each one leaves a row that somebody has to look into."""

_COMMON = (BadToken, UnknownSource, OperationGone)
"""Errors that concern all rows if no row was accepted."""


class CircuitBreaker:
    """Ends the sending of a run.

    Attributes:
        reason: the first reason to stop; None while it is closed.
        rejects_everything: whether the API has rejected every row so far, and too many rows for them to be at fault.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self.rejects_everything = False
        self._accepted = False
        self._rejections = 0
        self._failures_in_a_row = 0
        self._last_failure: CommonRoomError | None = None
        self._reached = False

    @property
    def is_open(self) -> bool:
        """Whether sending has stopped."""
        return self.reason is not None

    @property
    def has_accepted(self) -> bool:
        """Whether the API has accepted any row."""
        return self._accepted

    @property
    def unreachable(self) -> str | None:
        """Why no row reached the room, if requests were sent and none got a response from the API."""
        return None if self._reached or self._last_failure is None else str(self._last_failure)

    def stop(self, reason: str) -> None:
        """Stop sending."""
        self.reason = self.reason or reason

    def count_accepted(self) -> None:
        """Note that the API accepted a request."""
        self._accepted = self._reached = True
        self._failures_in_a_row = 0

    def count_not_found(self) -> None:
        """Note a response that says nothing about later requests."""
        self._reached = True
        self._failures_in_a_row = 0

    def count_rejected(self, error: CommonRoomError) -> None:
        """Note that the API rejected a row."""
        self._reached = True
        self._failures_in_a_row = 0
        self._rejections += 1
        if not self._accepted and self._rejections >= _FIRST_ROWS:
            self.rejects_everything = True
            self.stop(
                f"Common Room refused each of the first {self._rejections} rows ({error.reason_code}); they share a "
                "problem, so nothing more was sent. Compare a request of a dry run with the API's description"
            )

    def count_failed(self, error: CommonRoomError) -> None:
        """Note a request that has used up its retries, or whose response says nothing about its row."""
        self._count_failure(error, _FAILURES_IN_A_ROW)

    def count_lost(self, error: CommonRoomError) -> None:
        """Note a request that got no response and must not be repeated."""
        self._count_failure(error, _LOST_IN_A_ROW)

    def close(self) -> None:
        """Stop at the end of a run in which no row was accepted, because of an error that concerned all rows."""
        if not self._accepted and isinstance(self._last_failure, _COMMON):
            self.stop(str(self._last_failure))

    def _count_failure(self, error: CommonRoomError, limit: int) -> None:
        self._failures_in_a_row += 1
        self._last_failure = error
        named = isinstance(error, (*_COMMON, FailureReported, UnexpectedResponse))
        self._reached = self._reached or (named and not isinstance(error, NotTheApi | OperationGone))
        if named and not self._accepted:
            limit = min(limit, _FIRST_REFUSALS)
        if self._failures_in_a_row >= limit:
            self.stop(f"the last {self._failures_in_a_row} requests failed: {error}")
