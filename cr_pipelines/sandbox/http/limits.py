"""Rate limits: fixed windows of a number of requests per token, in real time.

Goes in: the token of each request. Comes out: how many requests remain in the window, the rate limit headers, and the
body of a 429.
"""

import math
import time
from dataclasses import dataclass
from email.utils import formatdate

from cr_pipelines.sandbox.http.responses import RateLimited
from cr_pipelines.sandbox.workspace.behavior import Behavior
from cr_pipelines.sandbox.workspace.clock import iso

UNLIMITED = 1_000_000
UNLIMITED_INTERVAL = 60.0

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Window:
    number: int = -1
    used: int = 0


class RateLimiter:
    """Counts every request of a token in the current window. Windows begin when the limit is set.

    Without a limit, it counts against a number that nobody reaches, because every response has the headers.
    """

    def __init__(
        self, limit: int | None = None, interval_seconds: float | None = None, behavior: Behavior | None = None
    ):
        self._behavior = behavior or Behavior()
        self._prefix = self._behavior.limit_headers.encode()
        self.set(limit, interval_seconds)

    def set(self, limit: int | None, interval_seconds: float | None = None) -> None:
        """Allow `limit` requests per `interval_seconds` (60 when left out), or any number with None.

        Raises ValueError for a limit or interval that is not positive.
        """
        interval = interval_seconds if interval_seconds is not None else UNLIMITED_INTERVAL
        if not 0 < interval < math.inf or (limit is not None and limit <= 0):
            raise ValueError("a rate limit is a positive number of requests in a positive number of seconds")
        self.limited = limit is not None
        self.limit = limit if limit is not None else UNLIMITED
        self.interval_seconds = float(interval)
        self._limit_header = (self._prefix + b"-limit", b"%d" % self.limit)
        self._start = time.monotonic()
        self._windows: dict[str, _Window] = {}

    def count(self, token: str) -> int:
        """Count a request of the token. Return how many remain, or -1 when this one is over the limit."""
        number = int((time.monotonic() - self._start) / self.interval_seconds)
        window = self._windows.get(token)
        if window is None:
            window = self._windows[token] = _Window()
        if window.number != number:
            window.number, window.used = number, 0
        if window.used >= self.limit:
            return -1 if self.limited else 0
        window.used += 1
        return self.limit - window.used

    def headers(self, remaining: int) -> Headers:
        """Return the rate limit headers of any response but a 429."""
        if self._prefix == b"none":
            return []
        return [self._limit_header, (self._prefix + b"-remaining", b"%d" % max(remaining, 0))]

    def wait_seconds(self) -> float:
        """Return the seconds until the current window ends."""
        return self.interval_seconds - (time.monotonic() - self._start) % self.interval_seconds

    def refusal(self, wait_seconds: float) -> tuple[RateLimited, Headers]:
        """Return the body and headers of a 429 that asks the client to wait for `wait_seconds`."""
        reset = time.time() + wait_seconds
        body: RateLimited = {
            "reason": "rate-limited",
            "rateLimit": {
                "intervalLimit": self.limit,
                "intervalRemaining": 0,
                "intervalResetSeconds": self.interval_seconds,
                "waitMs": math.ceil(wait_seconds * 1000),
            },
        }
        forms = {
            "date_time": iso(math.ceil(reset * 1000) / 1000),
            "seconds": str(math.ceil(wait_seconds)),
            "http_date": formatdate(math.ceil(reset), usegmt=True),
        }
        if self._behavior.limit_body == "reason":
            del body["rateLimit"]
        headers = self.headers(0)
        if headers:
            headers.append((self._prefix + b"-reset", b"%d" % math.ceil(reset)))
        form = self._behavior.retry_after
        return body, headers + ([] if form == "none" else [(b"retry-after", forms[form].encode())])
