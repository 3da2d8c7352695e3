"""The last check before a request leaves.

Goes in: each request at the moment when it is sent, retries included. Comes out: it leaves and is counted as in flight,
or it is stopped because it is about a suppressed person, or because the list may be out of date.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from cr_pipelines.sync.privacy.address_search import hashes_in
from cr_pipelines.sync.privacy.suppression import Suppressed
from cr_pipelines.sync.privacy.watch import SuppressionWatch


class Identity(NamedTuple):
    """What may tie a row to a person: its key, the person's id, hashes of its addresses and accounts."""

    key: str
    person: str | None
    address_hashes: Sequence[str]
    handle_hashes: Collection[str] = ()


class RowSuppressed(Exception):
    """A request that must not be sent, because it is about a suppressed person.

    Attributes:
        email_hash: the hash of the address because of which it is suppressed.
    """

    def __init__(self, email_hash: str):
        super().__init__("the request is about a suppressed person")
        self.email_hash = email_hash


class LeaseExpired(Exception):
    """A request that was not sent, because the copy of the suppression list is too old."""


class InFlight:
    """The send hook of one request and its retries.

    Attributes:
        attempts: how often the request has left.
        in_doubt: whether an attempt is in flight or was given up, so that it may arrive without a response.
    """

    __slots__ = ("_body", "_in_body", "_on_sent", "_rows", "_watch", "attempts", "in_doubt")

    def __init__(
        self, watch: SuppressionWatch, rows: Sequence[Identity], on_sent: Callable[[Iterable[str]], None] | None = None
    ):
        self._watch = watch
        self._rows = rows
        self._on_sent = on_sent
        self._body = b""
        self._in_body: frozenset[str] | None = None
        self.attempts = 0
        self.in_doubt = False

    def enter(self, body: bytes) -> None:
        """Let the request leave. Raises RowSuppressed or LeaseExpired."""
        if body != self._body:
            self._body, self._in_body = body, None
        # The search takes time. Afterwards, the list must still be the same one, and recent enough.
        while True:
            suppressed = self._watch.suppressed
            found = self.address_in(suppressed)
            if suppressed is self._watch.suppressed:
                break
        if self._watch.expired:
            raise LeaseExpired
        if found is not None:
            raise RowSuppressed(found)
        self._watch.in_flight.add(self)
        if self._on_sent is not None and not self.attempts:
            self._on_sent(row.key for row in self._rows)
        self.attempts += 1
        self.in_doubt = True

    def leave(self, settled: bool) -> None:
        """Note that the request was settled (it got a response or was never sent), or was given up."""
        self.in_doubt = not settled
        self._watch.in_flight.remove(self, responded=settled)

    def address_in(self, suppressed: Suppressed) -> str | None:
        """Return the hash of the address because of which the request must not be sent, or None."""
        for row in self._rows:
            found = suppressed.address_of(*row)
            if found is not None:
                return found
        if not suppressed.addresses:
            return None
        if self._in_body is None:
            self._in_body = hashes_in(self._body)
        return suppressed.address_among(self._in_body)


class SendGuard:
    """The last check that every request of a run passes.

    Args:
        watch: who is suppressed.
        on_sent: called with the keys of the rows of each request as it leaves.
    """

    def __init__(self, watch: SuppressionWatch, on_sent: Callable[[Iterable[str]], None] | None = None):
        self._watch = watch
        self._on_sent = on_sent

    @property
    def expired(self) -> bool:
        """Whether the run must read the suppression list before it may send."""
        return self._watch.expired

    def hook(self, rows: Iterable[Identity]) -> InFlight:
        """Return the send hook for the request made from these rows."""
        return InFlight(self._watch, tuple(rows), self._on_sent)

    def reason_code(self, email_hash: str) -> str:
        """Return why rows with a suppressed address are not sent."""
        return self._watch.suppressed.reason_code(email_hash)

    def suppressed_among(self, rows: Iterable[Identity]) -> dict[str, str]:
        """Return the keys of the rows that are suppressed, each with the hash of the address."""
        suppressed = self._watch.suppressed
        found = ((row.key, suppressed.address_of(*row)) for row in rows)
        return {key: email_hash for key, email_hash in found if email_hash is not None}
