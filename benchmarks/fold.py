"""What a fold costs, and a plan of a source whose keys are doubled.

Goes in: a number of outcomes, and the engines. Comes out: a table. The fold is that of a first run, whose outcomes are
all in the outbox; nobody has analyzed the tables. The plan reads twice as many rows as there are doubled keys.
"""

import tempfile
import time
from pathlib import Path

from benchmarks import machine as _machine
from benchmarks import sources
from benchmarks.plan import Took
from benchmarks.programs import run_here
from benchmarks.table import Table
from cr_pipelines.sync import Ledger, Options, StateSchema, Sync
from cr_pipelines.sync.plan import Planner
from cr_pipelines.warehouse import open_warehouse

DOUBLED_KEYS = 400_000


def prepare(url: str, outcomes: int) -> None:
    """Fill an empty warehouse with outcomes of one run, and with a source without and one with doubled keys."""
    if url.startswith("duckdb:///"):
        import duckdb

        duckdb.connect(url.removeprefix("duckdb:///")).close()
    with open_warehouse(url).session() as session:
        StateSchema(session, "common_room").prepare()
        names = Ledger(session, "common_room").names
        values = {
            "sync": "'contacts'",
            "key": "'customer-' || i",
            "partition": "''",
            "fingerprint": "md5('row ' || i)",
            "row_hash": "i",
            "row_hash_version": "'1'",
            "status": "'delivered'",
            "attempts": "1",
            "http_status": "202",
            "email_hash": "md5('address ' || i)",
            "sent_at": "now()",
            "recorded_at": "now()",
            "run_id": "'0123456789abcdef0123456789abcdef'",
            "run_order": "1",
            "sequence": "i",
        }
        session.execute(
            f"INSERT INTO {names.table('sync_outcomes')} ({names.columns(values)}) "
            f"SELECT {', '.join(values.values())} FROM generate_series(1, {outcomes}) AS numbers(i)"
        )
        for name, key in (("alone", "i"), ("doubled", "CAST(floor(i / 2.0) AS BIGINT)")):
            session.execute(
                f"CREATE TABLE {name} AS SELECT 'customer-' || {key} AS id, 'Name ' || i AS full_name "
                f"FROM generate_series(2, {2 * DOUBLED_KEYS + 1}) AS numbers(i)"
            )


def fold(url: str) -> Took:
    """Fold everything in the outbox."""
    began = time.perf_counter()
    with open_warehouse(url).session() as session:
        Ledger(session, "common_room").fold("contacts")
    return Took(time.perf_counter() - began, 0, 0, _machine.peak_megabytes())


def plan(url: str, source: str) -> Took:
    """Plan a source, without its rows being read again where all keys are doubled."""
    began = time.perf_counter()
    with open_warehouse(url).session() as session:
        found = Planner(session, "common_room", Sync(source, "contact", source), Options(), None).plan()
        found.spool.close()
    return Took(time.perf_counter() - began, 0, found.offered, _machine.peak_megabytes())


def measure(outcomes: int, engines: list[str]) -> str:
    """Return the section of the page."""
    table = Table("engine", "what", "seconds", "peak MB")
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            if engine == "duckdb":
                _add(table, engine, f"duckdb:///{Path(folder, 'fold.duckdb')}", outcomes)
            else:
                with sources.postgresql(Path(folder)) as url:
                    _add(table, engine, url, outcomes)
    return str(table)


def _add(table: Table, engine: str, url: str, outcomes: int) -> None:
    run_here("benchmarks.fold", "prepare", url, outcomes)
    rows = 2 * DOUBLED_KEYS
    for what, function, arguments in (
        (f"fold of {outcomes:,} outcomes", "fold", [url]),
        (f"plan of {rows:,} new rows, no doubled key", "plan", [url, "alone"]),
        (f"plan of {rows:,} new rows, {DOUBLED_KEYS:,} doubled keys", "plan", [url, "doubled"]),
    ):
        took = Took._make(run_here("benchmarks.fold", function, *arguments))  # type: ignore[arg-type]
        table.add(engine, what, f"{took.seconds:.1f}", f"{took.megabytes:,.0f}")
