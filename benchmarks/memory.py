"""Peak memory of a run that finds nothing to do: python -m benchmarks.memory [ROWS ...].

Each size runs in a process of its own, over a source that the ledger has as delivered.
"""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import sources
from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Ledger, Sync, run_sync
from cr_pipelines.sync._plan import row_hash_version
from cr_pipelines.warehouse import open_warehouse

CONTACTS = Sync("contacts", "contact", "common_room_contacts")


def mark_delivered(url: str) -> None:
    """Write the ledger as a full delivery would have left it."""
    with open_warehouse(url).session() as session:
        ledger, dialect = Ledger(session, "common_room"), session.dialect
        ledger.prepare()
        types = session.columns(CONTACTS.relation)
        types = {column.name: types[column.name] for column in CONTACTS.contract.match(list(types)).columns}
        fingerprint = dialect.fingerprint(list(types))
        values = {
            "sync": "'contacts'",
            "key": dialect.key(["id"]),
            dialect.identifier("partition"): "''",
            "fingerprint": fingerprint,
            "delivered_fingerprint": fingerprint,
            "row_hash": dialect.row_hash(types),
            "row_hash_version": dialect.literal(row_hash_version(dialect, types)),
            "status": "'delivered'",
            "attempts": "1",
            "http_status": "202",
            "email_hash": dialect.sha256("email"),
            "first_sent_at": "now()",
            "last_sent_at": "now()",
        }
        session.execute(
            f"INSERT INTO {ledger.table('sync_ledger')} ({', '.join(values)}) "
            f"SELECT {', '.join(values.values())} FROM common_room_contacts"
        )


def prepare(path: str, rows: str) -> None:
    """Build the source and its ledger."""
    mark_delivered(sources.contacts(Path(path), int(rows)))


def run_unchanged(path: str) -> None:
    """One run, its seconds and peak memory in MB on standard output."""
    destination = Destination(lambda: CommonRoomClient(token="not-used"), 1)
    began = time.perf_counter()
    report = run_sync(CONTACTS, open_warehouse(f"duckdb:///{path}"), destination)
    took = time.perf_counter() - began
    if report.unchanged != report.source_rows:
        raise SystemExit(f"not a run that finds nothing to do: {report.summary()}")
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def in_a_process(function: str, *arguments: str) -> str:
    """Call one of this module's functions in a process of its own, which inherits no peak from this one."""
    code = f"from benchmarks import memory; memory.{function}(*{arguments!r})"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Measure each size and print a table."""
    sizes = sys.argv[1:] or ["10000", "100000", "1000000"]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| unchanged rows | seconds | peak MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = str(Path(folder, f"{size}.duckdb"))
            in_a_process("prepare", path, size)
            seconds, megabytes = map(float, in_a_process("run_unchanged", path).split())
            print(f"| {int(size):,} | {seconds:.2f} | {megabytes:,.0f} |")


if __name__ == "__main__":
    main()
