"""The requests of a run that may reach Common Room: those in flight, and those that got no response.

Goes in: each request as it leaves and as it ends. Comes out: whether any of them is about a suppressed person.
"""

import time
from typing import Protocol

from cr_pipelines.sync.privacy.suppression import Suppressed


class SentRequest(Protocol):
    """A request that was sent."""

    def address_in(self, suppressed: Suppressed) -> str | None:
        """Return the hash of the address because of which the request must not be sent, or None."""


class RequestsInFlight:
    """The requests of one run that may still arrive. Not for use by several threads.

    Args:
        linger_seconds: how long a request without a response may still arrive.
    """

    def __init__(self, linger_seconds: float):
        self._linger_seconds = linger_seconds
        self._in_flight: set[SentRequest] = set()
        self._lingering: list[tuple[float, SentRequest]] = []

    def add(self, request: SentRequest) -> None:
        """Note that a request is leaving."""
        self._in_flight.add(request)

    def remove(self, request: SentRequest, *, responded: bool) -> None:
        """Note that a request got its response, or was given up."""
        self._in_flight.discard(request)
        if not responded:
            self._lingering.append((time.monotonic() + self._linger_seconds, request))

    def concern(self, suppressed: Suppressed) -> bool:
        """Return whether any request that may still arrive is about a suppressed person."""
        now = time.monotonic()
        self._lingering = [(until, request) for until, request in self._lingering if until > now]
        sent = [*self._in_flight, *(request for _, request in self._lingering)]
        return any(request.address_in(suppressed) is not None for request in sent)
