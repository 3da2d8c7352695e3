"""How well a limit is used, and how often it is run into.

Each way delivers for some twenty seconds against a sandbox with so many requests a second. The share is that of the
seconds between the first and the last, by the sandbox's own record: accepted requests, of those that it allowed.
"""

import math
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import sources
from benchmarks._table import Table
from benchmarks.delivery import WAYS, Way, deliver
from cr_pipelines.sandbox import SandboxServer

LIMITS = (10, 100, 1000)
PACED = tuple(
    Way(way.name.partition(", httpx over")[0], way.program, way.parallel[1:2] or way.parallel, way.peer)
    for way in WAYS
    if way.program != "bare_posts" or way.parallel == (0,)
)


def share_used(requests: list[dict[str, Any]], limit: int) -> float | None:
    """Accepted requests as a share of what the limit allowed, in the whole seconds within the time of sending."""
    accepted = [request["at"] for request in requests if request["status"] == 202]
    if not accepted:
        return None
    # The first and the last second are not whole.
    start = accepted[0] + 1
    seconds = math.floor(accepted[-1] - 1 - start)
    if seconds < 1:
        return None
    return sum(start <= at < start + seconds for at in accepted) / (limit * seconds)


def measure(seconds: int) -> str:
    """The section of the page."""
    table = Table("requests/s allowed", "way", "share of the limit", "answers of 429", "not delivered", "seconds")
    with tempfile.TemporaryDirectory() as folder:
        for limit in LIMITS:
            rows = limit * seconds
            path = Path(folder, f"{limit}.duckdb")
            sources.contacts(path, rows)
            for way in PACED:
                with SandboxServer() as sandbox:
                    sandbox.control.set_limit(limit, 1)
                    took = deliver(way, way.parallel[0], path, rows, sandbox)
                    requests = sandbox.control.requests(operation="addUpdateUserToSource")
                share = share_used(requests, limit)
                delivered = len({r["body"]["id"] for r in requests if r["status"] == 202})
                refused = sum(request["status"] == 429 for request in requests)
                lost = f"{rows - delivered:,}" + (", broke off" if took["error"] else "")
                used = "" if share is None else f"{share:.0%}"
                table.add(f"{limit:,}", way.name, used, f"{refused:,}", lost, f"{took['wall']:.1f}")
    return f"About {seconds} seconds' worth of contacts for each limit:\n\n{table}"
