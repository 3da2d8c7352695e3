"""The record of every request to the API.

Goes in: each request and how it ended. Comes out: the last requests with their bodies, as many as there is room for,
and counts by operation, status and second.
"""

import time
from collections import Counter, deque
from itertools import islice
from typing import Any, NamedTuple

import orjson

from cr_pipelines.sandbox.workspace.clock import iso


class Recorded(NamedTuple):
    """A request and how it ended.

    `status` is 0 when the connection was cut instead of a response; `why` says why the room refused the request.
    """

    seq: int
    at: float
    method: str
    path: str
    operation: str
    status: int
    body: bytes
    fault: str | None
    why: str | None

    @property
    def size(self) -> int:
        """The approximate size in memory, in bytes."""
        return len(self.body) + len(self.path) + len(self.why or "") + 400

    def described(self) -> dict[str, Any]:
        """Return the request as JSON-like values, its body decoded (or as text if it is not JSON)."""
        body: Any = None
        if self.body:
            try:
                body = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                body = self.body.decode("utf-8", "replace")
        return self._asdict() | {"at": self.at, "time": iso(self.at), "body": body}


class Recorder:
    """Keeps the last `keep` requests with their bodies as they came, in `keep_bytes` at most, and counts all."""

    chart_seconds = 300

    def __init__(self, keep: int, keep_bytes: int):
        self.keep = keep
        self.keep_bytes = keep_bytes
        self.clear()

    def clear(self) -> None:
        """Delete all requests and counts; sequence numbers start at 1 again."""
        self.last_seq = 0
        self._kept: deque[Recorded] = deque()
        self.size = 0
        self.counts: Counter[tuple[str, int]] = Counter()
        self._seconds: deque[list[int]] = deque(maxlen=self.chart_seconds + 1)

    def add(
        self,
        at: float,
        method: str,
        path: str,
        operation: str,
        status: int,
        body: bytes,
        fault: str | None,
        why: str | None = None,
    ) -> None:
        """Record a request; `at` is when it arrived, by the room's clock."""
        self.last_seq += 1
        added = Recorded(self.last_seq, at, method, path, operation, status, body, fault, why)
        self._kept.append(added)
        self.size += added.size
        while len(self._kept) > self.keep or (self.size > self.keep_bytes and len(self._kept) > 1):
            self.size -= self._kept.popleft().size
        self.counts[operation, status] += 1
        second = int(time.monotonic())
        seconds = self._seconds
        if seconds and seconds[-1][0] == second:
            seconds[-1][1] += 1
        else:
            seconds.append([second, 1])

    def after(self, seq: int = 0, operation: str | None = None) -> list[Recorded]:
        """Return the kept requests with a higher sequence number, oldest first."""
        oldest = self._kept[0].seq if self._kept else 0
        found = islice(self._kept, max(seq - oldest + 1, 0), None)
        return [request for request in found if operation is None or request.operation == operation]

    def latest(self, count: int) -> list[Recorded]:
        """Return the last requests, newest first."""
        return list(islice(reversed(self._kept), count))

    def per_second(self) -> list[int]:
        """Return the number of requests in each of the last seconds, oldest first, without the current one."""
        now = int(time.monotonic())
        counted = {second: count for second, count in self._seconds}  # noqa: C416 - pairs are lists
        return [counted.get(second, 0) for second in range(now - self.chart_seconds, now)]

    def by_operation(self) -> dict[str, dict[str, int]]:
        """Return the number of requests by operation and status."""
        counts: dict[str, dict[str, int]] = {}
        for (operation, status), count in sorted(self.counts.items()):
            counts.setdefault(operation, {})[str(status)] = count
        return counts
