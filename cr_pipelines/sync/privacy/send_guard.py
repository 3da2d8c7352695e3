import time
from collections.abc import Sequence
from typing import NamedTuple

from cr_pipelines.sync.privacy.lease import LEASE_SECONDS, lease_clock
from cr_pipelines.sync.privacy.suppression import Suppressed
from cr_pipelines.sync.state.outbox import Outbox

LINGER_SECONDS = 2.0
"""A request that was given up without an answer may still be on its way for so long."""


class Identity(NamedTuple):
    """By what a row may turn out to be about a person: its key, the person's id, hashes of its addresses."""

    key: str
    person: str | None
    hashes: Sequence[str]


class RowSuppressed(Exception):
    """The person of a row asked to be forgotten while it waited to be sent.

    Attributes:
        email_hash: on whose account.
    """

    def __init__(self, email_hash: str):
        super().__init__("the person asked to be forgotten")
        self.email_hash = email_hash


class LeaseExpired(Exception):
    """The last look at who is withheld is too old to send by. Nothing was sent."""


class SendGuard:
    """What every request of a run goes through last, so that nobody slips through who asked to be forgotten.

    A removal is sent only once every run has confirmed that it knows of the person and has nothing about them on the
    wire, or once it cannot have. This is the run's side of it: each request is checked at the moment of sending,
    repetitions too, what is on the wire is known, and nothing goes by an old list.
    """

    def __init__(self, outbox: Outbox):
        self._outbox = outbox
        self._on_the_wire: set[InFlight] = set()
        self._lingering: list[tuple[float, InFlight]] = []
        self._clear_of = -1

    def in_flight(self, *rows: Identity) -> "InFlight":
        """The guard for the request that these rows become."""
        return InFlight(self, rows)

    @property
    def lapsed(self) -> bool:
        """Whether the run must look who is withheld before it may send on."""
        return lease_clock() - self._outbox.seen_at > LEASE_SECONDS

    def clear_of(self) -> int:
        """The version of the list whose people the run neither sends nor has on the wire; -1 while it has some."""
        suppressed = self._outbox.suppressed
        now = time.monotonic()
        self._lingering = [(until, in_flight) for until, in_flight in self._lingering if until > now]
        if self._clear_of != suppressed.version:
            # Once it is clear it stays so: whatever was let go since was checked against that list.
            sent = [*self._on_the_wire, *(in_flight for _, in_flight in self._lingering)]
            if any(in_flight.held_by(suppressed) for in_flight in sent):
                return -1
            self._clear_of = suppressed.version
        return self._clear_of

    def admit(self, in_flight: "InFlight") -> None:
        """Count a request as on the wire. Raises RowSuppressed or LeaseExpired when it must not go."""
        if self.lapsed:
            raise LeaseExpired
        found = in_flight.held_by(self._outbox.suppressed)
        if found is not None:
            raise RowSuppressed(found)
        self._on_the_wire.add(in_flight)

    def release(self, in_flight: "InFlight", responded: bool) -> None:
        """Count a request as done, or as given up."""
        self._on_the_wire.discard(in_flight)
        if not responded:
            self._lingering.append((time.monotonic() + LINGER_SECONDS, in_flight))


class InFlight:
    """The guard of one request, and of its repetitions.

    Attributes:
        attempts: how often the request was let go.
    """

    __slots__ = ("_body", "_send_guard", "_rows", "attempts")

    def __init__(self, door: SendGuard, rows: Sequence[Identity]):
        self._send_guard = door
        self._rows = rows
        self._body = b""
        self.attempts = 0

    def enter(self, body: bytes) -> None:
        """Let the request go. Raises RowSuppressed or LeaseExpired."""
        self._body = body
        self._send_guard.admit(self)
        self.attempts += 1

    def leave(self, responded: bool) -> None:
        """The request has its answer, or was given up."""
        self._send_guard.release(self, responded)

    def held_by(self, suppressed: Suppressed) -> str | None:
        """The hash on whose account the request must not go, or None."""
        for row in self._rows:
            found = suppressed.address_of(*row)
            if found is not None:
                return found
        return suppressed.address_in(self._body)
