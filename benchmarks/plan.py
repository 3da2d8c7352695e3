"""What a plan costs: python -m benchmarks.plan [--engine duckdb|postgresql] [ROWS ...].

A source of so many contacts, a ledger that has them all as delivered, and 0, 1 or 100 % of them changed since. For
each the plan is made: which rows differ, and those rows read out to disk. Beside it, in the same run, over the same
file: a bare scan that touches every value of the same columns (`last(column)` of each), and on DuckDB two ways without
a ledger in the warehouse: pandas and polars joins of the whole source with a table of keys and hashes.

Each measurement is a process of its own, so that its peak memory is its own. The least of three runs is told.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from benchmarks import memory, sources
from cr_pipelines.sync import Ledger, Options
from cr_pipelines.sync._plan import Planner
from cr_pipelines.sync._spool import Section
from cr_pipelines.warehouse import open_warehouse

SHARES = {"0 %": "", "1 %": "key LIKE '%00'", "100 %": "true"}
RUNS = 3
FRAMES_UP_TO = 1_000_000
"""Frames of more rows than this do not fit beside anything else."""


def change(url: str, condition: str) -> None:
    """Make the ledger disagree with the rows for which the condition holds: as if they had changed since."""
    with open_warehouse(url).session() as session:
        session.execute(
            f"UPDATE common_room.sync_ledger SET row_hash = row_hash + 1, fingerprint = 'before' WHERE {condition}"
        )


def plan(url: str) -> None:
    """Seconds, seconds to the first row (0 without one), rows, and peak MB."""
    writes: list[float] = []
    write = Section.write

    def timed(section: Section, batch: pa.RecordBatch) -> None:
        writes.append(time.perf_counter())
        write(section, batch)

    Section.write = timed  # type: ignore[method-assign]
    began = time.perf_counter()
    with open_warehouse(url).session() as session:
        made = Planner(session, Ledger(session, "common_room"), memory.CONTACTS, Options(), None)
        found = made.plan()
    took = time.perf_counter() - began
    first = writes[0] - began if writes else 0.0
    print(took, first, found.offered, peak())


def scan(url: str) -> None:
    """The same for a query that touches every value of the contract's columns and gives one row."""
    began = time.perf_counter()
    with open_warehouse(url).session() as session:
        types = session.columns(memory.CONTACTS.relation)
        columns = [column.name for column in memory.CONTACTS.contract.match(list(types)).columns]
        touch = "last({})" if session.dialect.name == "duckdb" else "count({})"
        session.rows(f"SELECT {', '.join(touch.format(name) for name in columns)} FROM common_room_contacts")
    print(time.perf_counter() - began, 0, 0, peak())


def pandas_merge(url: str) -> None:
    """The same for pandas: the source as a frame, its rows hashed, merged with keys and hashes."""
    import pandas as pd

    began = time.perf_counter()
    with open_warehouse(url).session() as session:
        frame = session._connection.sql("FROM common_room_contacts").df()  # type: ignore[attr-defined]
        ledger = session._connection.sql(LEDGER).df()  # type: ignore[attr-defined]
    frame["hash"] = pd.util.hash_pandas_object(frame.astype(str), index=False)
    merged = frame.merge(ledger, left_on="id", right_on="key", how="left")
    offered = merged[merged["hash"].astype("int64") != merged["row_hash"]]
    print(time.perf_counter() - began, 0, len(offered), peak())


def polars_join(url: str) -> None:
    """The same for polars."""
    import polars as pl

    began = time.perf_counter()
    with open_warehouse(url).session() as session:
        arrow = session._connection.sql("FROM common_room_contacts").to_arrow_table()  # type: ignore[attr-defined]
        ledger = session._connection.sql(LEDGER).to_arrow_table()  # type: ignore[attr-defined]
    frame, known = pl.from_arrow(arrow), pl.from_arrow(ledger)
    frame = frame.with_columns(frame.hash_rows().alias("hash"))  # type: ignore[union-attr]
    merged = frame.join(known, left_on="id", right_on="key", how="left")  # type: ignore[arg-type]
    offered = merged.filter(pl.col("hash").cast(pl.Int64, strict=False) != pl.col("row_hash"))
    print(time.perf_counter() - began, 0, len(offered), peak())


LEDGER = "SELECT key, row_hash FROM common_room.sync_ledger"


def prepare(url: str, rows: str) -> None:
    """Fill an empty warehouse with contacts and a ledger that has them delivered."""
    sources.fill(url, int(rows))
    memory.mark_delivered(url)
    if url.startswith("postgresql"):
        with open_warehouse(url).session() as session:
            session.execute("VACUUM ANALYZE")


def peak() -> float:
    """This process's peak memory in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(function: str, url: str, runs: int = RUNS) -> tuple[float, float, int, float]:
    """The quickest of some runs of one of this module's functions, each in a process of its own."""
    found = []
    for _ in range(runs):
        code = f"from benchmarks import plan; plan.{function}({url!r})"
        said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        took, first, rows, megabytes = said.split()
        found.append((float(took), float(first), int(rows), float(megabytes)))
    return min(found)


def compare(url: str, rows: int) -> None:
    """Print the rows of the table for one size."""
    code = f"from benchmarks import plan; plan.prepare({url!r}, {str(rows)!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    bare, _, _, scan_memory = measured("scan", url)
    print(f"| {rows:,} | bare scan | {bare:.2f} | 1.0 | | {scan_memory:,.0f} |", flush=True)
    for share, condition in SHARES.items():
        if condition:
            code = f"from benchmarks import plan; plan.change({url!r}, {condition!r})"
            subprocess.run([sys.executable, "-c", code], check=True)
        took, first, offered, megabytes = measured("plan", url, 1 if condition == "true" else RUNS)
        told = f"{first:.2f}" if offered else ""
        print(
            f"| {rows:,} | plan, {share} changed | {took:.2f} | {took / bare:.1f} | {told} | {megabytes:,.0f} |",
            flush=True,
        )
    if url.startswith("duckdb") and rows <= FRAMES_UP_TO:
        for name, function in {"pandas merge": "pandas_merge", "polars join": "polars_join"}.items():
            took, _, _, megabytes = measured(function, url, 1)
            print(f"| {rows:,} | {name} | {took:.2f} | {took / bare:.1f} | | {megabytes:,.0f} |", flush=True)


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["duckdb", "postgresql"], default="duckdb")
    parser.add_argument("rows", type=int, nargs="*", default=[1_000_000, 5_000_000, 10_000_000])
    chosen = parser.parse_args()
    print(f"{chosen.engine}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| contacts | what | seconds | times the scan | first row after, s | client peak MB |")
    print("|---|---|---|---|---|---|")
    for rows in chosen.rows:
        with tempfile.TemporaryDirectory() as folder:
            if chosen.engine == "duckdb":
                compare(f"duckdb:///{Path(folder, 'plan.duckdb')}", rows)
            else:
                with sources.postgresql(Path(folder)) as url:
                    compare(url, rows)


if __name__ == "__main__":
    main()
