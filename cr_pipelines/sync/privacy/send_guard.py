"""The last check before a request leaves.

Goes in: each request at the moment when it is sent, retries included. Comes out: it leaves and is counted as in flight,
or it is stopped because it is about a suppressed person, or because the list may be out of date.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cr_pipelines.sync.privacy.suppression import Suppressed
from cr_pipelines.sync.privacy.watch import SuppressionWatch


class Identity(NamedTuple):
    """By what a row may be about a person: its key, the person's id, hashes of its addresses."""

    key: str
    person: str | None
    address_hashes: Sequence[str]


class RowSuppressed(Exception):
    """A request that must not be sent, as it is about a suppressed person.

    Attributes:
        email_hash: the hash of the address for which it is suppressed.
    """

    def __init__(self, email_hash: str):
        super().__init__("the request is about a suppressed person")
        self.email_hash = email_hash


class LeaseExpired(Exception):
    """A request that was not sent, as the last look at the suppression list is too old."""


class InFlight:
    """The send hook of one request and its retries.

    Attributes:
        attempts: how often the request left.
        in_doubt: whether one of them is in flight or was given up, so that it may arrive without a response.
    """

    __slots__ = ("_body", "_rows", "_watch", "attempts", "in_doubt")

    def __init__(self, watch: SuppressionWatch, rows: Sequence[Identity]):
        self._watch = watch
        self._rows = rows
        self._body = b""
        self.attempts = 0
        self.in_doubt = False

    def enter(self, body: bytes) -> None:
        """Let the request leave. Raises RowSuppressed or LeaseExpired."""
        self._body = body
        if self._watch.expired:
            raise LeaseExpired
        found = self.address_in(self._watch.suppressed)
        if found is not None:
            raise RowSuppressed(found)
        self._watch.in_flight.add(self)
        self.attempts += 1
        self.in_doubt = True

    def leave(self, settled: bool) -> None:
        """Note that the request was settled, by its response or as it was never sent, or else was given up."""
        self.in_doubt = not settled
        self._watch.in_flight.remove(self, responded=settled)

    def address_in(self, suppressed: Suppressed) -> str | None:
        """Return the hash of the address for which the request must not be sent, or None."""
        for row in self._rows:
            found = suppressed.address_of(*row)
            if found is not None:
                return found
        return suppressed.address_in(self._body)


class SendGuard:
    """What every request of a run passes last."""

    def __init__(self, watch: SuppressionWatch):
        self._watch = watch

    @property
    def expired(self) -> bool:
        """Whether the run must look at the suppression list before it may send."""
        return self._watch.expired

    def hook(self, rows: Iterable[Identity]) -> InFlight:
        """Return the send hook for the request that these rows become."""
        return InFlight(self._watch, tuple(rows))

    def suppressed_among(self, rows: Iterable[Identity]) -> dict[str, str]:
        """Return the keys of the rows that are suppressed, each with the hash of the address."""
        suppressed = self._watch.suppressed
        found = ((row.key, suppressed.address_of(*row)) for row in rows)
        return {key: email_hash for key, email_hash in found if email_hash is not None}
