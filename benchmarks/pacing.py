"""How much of a rate limit each program uses, and how often it exceeds it.

Goes in: how long to send. Comes out: a table. Each program sends to a sandbox with a limit for every second. The share
is accepted requests divided by what the limit allowed, between the first and the last second.
"""

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import sources
from benchmarks.delivery import WAYS, Way, deliver
from benchmarks.table import Table
from cr_pipelines.sandbox import SandboxServer

LIMITS = (10, 100, 1000)
PACED = tuple(
    Way(way.name.partition(", httpx over")[0], way.program, way.parallel[1:2] or way.parallel, way.peer)
    for way in WAYS
    if way.program != "bare_posts" or way.parallel == (0,)
)


def share_used(requests: list[dict[str, Any]], limit: int, since: float) -> float | None:
    """Return accepted requests as a share of what the limit allowed; None if there is no whole second.

    `since` is when the first second began, on the clock of the requests.
    """
    seconds = Counter(int(request["at"] - since) for request in requests if request["status"] == 202)
    whole = range(min(seconds, default=0) + 1, max(seconds, default=0))
    return sum(seconds[second] for second in whole) / (limit * len(whole)) if whole else None


def measure(seconds: int) -> str:
    """Return the section of the page."""
    table = Table("requests/s allowed", "way", "share of the limit", "429 responses", "not delivered", "seconds")
    with tempfile.TemporaryDirectory() as folder:
        for limit in LIMITS:
            rows = limit * seconds
            path = Path(folder, f"{limit}.duckdb")
            sources.contacts(path, rows)
            for way in PACED:
                with SandboxServer() as sandbox:
                    since = time.time()
                    sandbox.control.set_limit(limit, 1)
                    took = deliver(way, way.parallel[0], path, rows, sandbox)
                    requests = sandbox.control.requests(operation="addUpdateUserToSource")
                share = share_used(requests, limit, since)
                delivered = len({r["body"]["id"] for r in requests if r["status"] == 202})
                refused = sum(request["status"] == 429 for request in requests)
                lost = f"{rows - delivered:,}" + (", broke off" if took["error"] else "")
                used = "" if share is None else f"{share:.0%}"
                table.add(f"{limit:,}", way.name, used, f"{refused:,}", lost, f"{took['wall']:.1f}")
    return f"Contacts for about {seconds} seconds at each limit:\n\n{table}"
