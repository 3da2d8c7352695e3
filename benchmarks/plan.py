"""What a plan costs: finding the rows that differ from the ledger and writing them to disk, ready to send.

Goes in: sizes of the source, and an engine. Comes out: a table. The ledger has all contacts as delivered, and 0, 1 or
100% of them have changed since. The same run measures, over the same tables, a bare scan that reads every value of the
same columns and returns one row, and two ways without a plan in the warehouse: pandas and polars joins of the whole
source with keys and hashes.

Each measurement is a separate process. Its peak memory is its largest resident set, which includes DuckDB but not the
server of PostgreSQL.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from benchmarks import machine as _machine
from benchmarks import sources
from benchmarks.programs import run_here
from benchmarks.table import Table
from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Ledger, Options, StateSchema, Sync, run_sync
from cr_pipelines.sync.plan.planner import Planner
from cr_pipelines.sync.plan.source import row_hash_version
from cr_pipelines.sync.plan.spool import Section
from cr_pipelines.warehouse import Session, open_warehouse

CONTACTS = Sync("contacts", "contact", "common_room_contacts")

CHANGED = {
    "0 %": "common_room_contacts",
    "1 %": "one_percent_changed",
    "100 %": "all_changed",
}
"""The source for each share of changed rows: views, so that neither table grows between measurements."""

_CHANGED_NAME = {
    "one_percent_changed": "CASE WHEN id LIKE '%00' THEN full_name || '!' ELSE full_name END",
    "all_changed": "full_name || '!'",
}

FREE_SHARE = 0.6
"""A peer is measured only if it is expected to use at most this share of the free memory."""


class Took(NamedTuple):
    """One measurement: seconds, seconds to the first row (0 without one), rows offered, peak MB."""

    seconds: float
    first: float
    rows: int
    megabytes: float


def prepare(url: str, rows: int) -> None:
    """Fill an empty warehouse with contacts and a ledger that has them as delivered."""
    sources.fill(url, rows)
    prepare_ledger(url)


def prepare_ledger(url: str) -> None:
    """Write the ledger as a full delivery would leave it, and the views of changed contacts."""
    with open_warehouse(url).session() as session:
        StateSchema(session, "common_room").prepare()
        _mark_delivered(session)
        others = [name for name in session.columns(CONTACTS.relation) if name != "full_name"]
        for view, name in _CHANGED_NAME.items():
            columns = f"{', '.join(others)}, {name} AS full_name"
            session.execute(f"CREATE VIEW {view} AS SELECT {columns} FROM common_room_contacts")
        if session.dialect.name == "postgresql":
            session.execute("VACUUM ANALYZE common_room_contacts")
            session.execute("VACUUM ANALYZE common_room.sync_ledger")


def _mark_delivered(session: Session) -> None:
    ledger, dialect = Ledger(session, "common_room").names.table("sync_ledger"), session.dialect
    types = session.columns(CONTACTS.relation)
    types = {column.name: types[column.name] for column in CONTACTS.contract.match(list(types)).columns}
    fingerprint = dialect.fingerprint(types)
    values = {
        "sync": "'contacts'",
        "key": dialect.key(["id"], types),
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
        "run_id": "'0123456789abcdef0123456789abcdef'",
    }
    with _without_indexes(session):
        session.execute(
            f"INSERT INTO {ledger} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM common_room_contacts"
        )


@contextmanager
def _without_indexes(session: Session) -> Iterator[None]:
    """Drop the indexes of PostgreSQL's ledger while the block fills it, and create them afterwards."""
    if session.dialect.name != "postgresql":
        yield
        return
    session.execute("ALTER TABLE common_room.sync_ledger SET UNLOGGED")
    indexes = session.fetch_all("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'sync_ledger'")
    for name, _ in indexes:
        session.execute(f"DROP INDEX common_room.{session.dialect.identifier(name)}")
    yield
    for _, definition in indexes:
        session.execute(definition)


def plan(url: str, source: str) -> Took:
    """Make the plan."""
    writes: list[float] = []
    write = Section.write

    def timed(section: Section, batch: pa.RecordBatch) -> None:
        writes.append(time.perf_counter())
        write(section, batch)

    Section.write = timed  # type: ignore[method-assign]
    warehouse, began = open_warehouse(url), time.perf_counter()
    with warehouse.session() as session:
        made = Planner(session, "common_room", Sync("contacts", "contact", source), Options(), None)
        found = made.plan()
    took = time.perf_counter() - began
    first = writes[0] - began if writes else 0.0
    return Took(took, first, found.offered, _machine.peak_megabytes())


def whole_run(url: str, source: str) -> Took:
    """Run a sync that finds nothing to do."""
    warehouse, began = open_warehouse(url), time.perf_counter()
    report = run_sync(CONTACTS, warehouse, Destination(lambda: CommonRoomClient(token="not-used"), 1))
    took = time.perf_counter() - began
    if report.unchanged != report.source_rows:
        raise SystemExit(f"not a run that finds nothing to do: {report.summary()}")
    return Took(took, 0, 0, _machine.peak_megabytes())


def scan(url: str, source: str) -> Took:
    """Run a query that reads every value of the contract's columns and returns one row."""
    warehouse, began = open_warehouse(url), time.perf_counter()
    with warehouse.session() as session:
        types = session.columns(CONTACTS.relation)
        columns = [column.name for column in CONTACTS.contract.match(list(types)).columns]
        touch = "last({})" if session.dialect.name == "duckdb" else "count({})"
        session.fetch_all(f"SELECT {', '.join(touch.format(name) for name in columns)} FROM {source}")
    return Took(time.perf_counter() - began, 0, 0, _machine.peak_megabytes())


def pandas_merge(url: str, source: str) -> Took:
    """Read the source as a frame, hash its rows, and merge them with keys and hashes."""
    import pandas as pd

    warehouse, began = open_warehouse(url), time.perf_counter()
    with warehouse.session() as session:
        frame = _arrow(session, f"SELECT * FROM {source}").to_pandas()
        ledger = _arrow(session, LEDGER).to_pandas()
    for nested in ("tags", "custom_fields"):
        frame[nested] = frame[nested].astype(str)
    frame["hash"] = pd.util.hash_pandas_object(frame, index=False)
    merged = frame.merge(ledger, left_on="id", right_on="key", how="left")
    # The ledger's hashes come from another function. Comparing the remainders lets all of them match.
    offered = merged[merged["hash"] % 1 != merged["row_hash"] % 1]
    return Took(time.perf_counter() - began, 0, len(offered), _machine.peak_megabytes())


def polars_join(url: str, source: str) -> Took:
    """Do the same in polars."""
    import polars as pl

    warehouse, began = open_warehouse(url), time.perf_counter()
    with warehouse.session() as session:
        frame, known = (pl.from_arrow(_arrow(session, query)) for query in (f"SELECT * FROM {source}", LEDGER))
    frame = frame.with_columns(frame.hash_rows().alias("hash"))  # type: ignore[union-attr]
    merged = frame.join(known, left_on="id", right_on="key", how="left")  # type: ignore[arg-type]
    offered = merged.filter(pl.col("hash") % 1 != pl.col("row_hash") % 1)
    return Took(time.perf_counter() - began, 0, len(offered), _machine.peak_megabytes())


LEDGER = "SELECT key, row_hash FROM common_room.sync_ledger"


def _arrow(session: Any, query: str) -> pa.Table:
    """Return the whole result in memory, by the engine's fastest way to Arrow."""
    if session.dialect.name == "duckdb":
        session._connection.execute(f"SET memory_limit = '{_machine.free_megabytes() * 0.3:.0f}MB'")
        return session._connection.sql(query).to_arrow_table()
    with session._connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetch_arrow_table()


def measured(function: Callable[[str, str], Took], url: str, source: str, runs: int = 1) -> Took:
    """Return the fastest of several runs, each in a separate process."""
    found = (run_here("benchmarks.plan", function.__name__, url, source) for _ in range(runs))
    return min(Took._make(took) for took in found)  # type: ignore[arg-type]


class Comparison:
    """The table of one engine, for sources of growing size."""

    def __init__(self) -> None:
        self.table = Table("contacts", "what", "seconds", "times the scan", "first row after, s", "peak MB")
        self._megabytes_a_row: dict[str, float] = {}

    def add(self, url: str, rows: int, runs: int) -> None:
        """Measure everything for a source of one size."""
        run_here("benchmarks.plan", "prepare", url, rows)
        bare = measured(scan, url, "common_room_contacts", runs)
        self._add_row(rows, "bare scan", bare, bare)
        for share, source in CHANGED.items():
            took = measured(plan, url, source, 1 if share == "100 %" else runs)
            self._add_row(rows, f"plan, {share} changed", took, bare)
        self._add_row(rows, "whole run, nothing changed", measured(whole_run, url, "common_room_contacts"), bare)
        for name, function in {"polars join": polars_join, "pandas merge": pandas_merge}.items():
            expected = self._megabytes_a_row.get(name, 0) * rows
            if expected > FREE_SHARE * _machine.free_megabytes():
                self.table.add(f"{rows:,}", name, "", "", "", f"left out: it would take about {expected:,.0f}")
                continue
            took = measured(function, url, "common_room_contacts")
            self._megabytes_a_row[name] = took.megabytes / rows
            self._add_row(rows, name, took, bare)

    def _add_row(self, rows: int, what: str, took: Took, bare: Took) -> None:
        first = f"{took.first:.1f}" if took.rows and took.first else ""
        ratio = f"{took.seconds / bare.seconds:.1f}"
        self.table.add(f"{rows:,}", what, f"{took.seconds:.2f}", ratio, first, f"{took.megabytes:,.0f}")


def measure(sizes: list[int], engine: str, repeats: int) -> str:
    """Return the section of the page for one engine."""
    comparison = Comparison()
    for rows in sizes:
        runs = 1 if rows > 5_000_000 and engine == "postgresql" else repeats
        with tempfile.TemporaryDirectory() as folder:
            if engine == "duckdb":
                comparison.add(f"duckdb:///{Path(folder, 'plan.duckdb')}", rows, runs)
            else:
                with sources.postgresql(Path(folder)) as url:
                    comparison.add(url, rows, runs)
    return str(comparison.table)
