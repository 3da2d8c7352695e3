"""How fast contacts are delivered: rows per second, and CPU of the delivering process per row.

Goes in: a number of contacts and the programs in `ways/`. Comes out: a table. Every program sends the same rows to an
empty sandbox each, one after the other, on the same machine.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import sources
from benchmarks.programs import peers_python, run_way
from benchmarks.table import Table
from cr_pipelines.sandbox import SandboxServer

LATENCY_SECONDS = 0.05
DLT_PARALLEL = (8, 20, 40)
"""How many load jobs dlt runs at once; the table has the best."""


@dataclass(frozen=True)
class Way:
    """A program in `ways/`, with the concurrency to try; 0 leaves it to the program."""

    name: str
    program: str
    parallel: tuple[int, ...] = (0,)
    peer: bool = False


WAYS = (
    Way("contacts sync", "contacts_sync"),
    Way("bare posts, httpx over our transport", "bare_posts"),
    Way("bare posts, httpx's own transport, 8 in flight", "bare_posts", (8,)),
    Way("pandas loop, httpx.Client", "pandas_loop"),
    Way("dlt custom destination", "dlt_destination", DLT_PARALLEL, peer=True),
    Way("singer-sdk target", "singer_target", peer=True),
)


def deliver(way: Way, parallel: int, path: Path, rows: int, sandbox: SandboxServer) -> dict[str, Any]:
    """Send the rows one way. Return its seconds of wall time and CPU, and its error or None."""
    copy = shutil.copy(path, path.with_name("copy.duckdb"))
    job = {
        "path": str(copy),
        "address": f"{sandbox.base_url}/source/{sandbox.source_id}/user",
        "base_url": sandbox.base_url,
        "token": sandbox.token,
        "rows": rows,
        "parallel": parallel,
    }
    return run_way(way.program, job, peers_python() if way.peer else None)


def compare(rows: int, repeats: int, latency_seconds: float) -> Table:
    """Print and return a table of all ways, with the best of several runs of each."""
    table = Table("way", "rows/s", "CPU, µs per row", "the sync is")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "contacts.duckdb")
        sources.contacts(path, rows)
        sync_rate = 0.0
        for way in WAYS:
            found = []
            for parallel in way.parallel * repeats:
                with SandboxServer() as sandbox:
                    sandbox.control.set_faults(latency_seconds=latency_seconds)
                    took = deliver(way, parallel, path, rows, sandbox)
                if took["error"]:
                    raise RuntimeError(f"{way.name}: {took['error']}")
                found.append((took["wall"], took["cpu"], parallel))
            wall, cpu, parallel = min(found)
            sync_rate = sync_rate or rows / wall
            name = f"{way.name}, {parallel} jobs" if len(way.parallel) > 1 else way.name
            table.add(name, f"{rows / wall:,.0f}", f"{cpu / rows * 1e6:,.0f}", f"{sync_rate * wall / rows:.2f} x")
    return table


def measure(rows: int, repeats: int) -> str:
    """Return the section of the page."""
    few = max(rows // 10, 1)
    print(f"{rows:,} contacts, no latency")
    at_once = compare(rows, repeats, 0)
    print(f"{few:,} contacts, {LATENCY_SECONDS * 1000:.0f} ms latency")
    far_away = compare(few, 1, LATENCY_SECONDS)
    return (
        f"{rows:,} contacts, a sandbox without latency; the best of {repeats}:\n\n{at_once}\n\n"
        f"{few:,} contacts, a sandbox with {LATENCY_SECONDS * 1000:.0f} ms latency:\n\n{far_away}"
    )
