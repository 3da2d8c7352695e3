"""What a plan costs when the state is in another engine than the source.

Goes in: a number of contacts. Comes out: a table of plans with both in PostgreSQL, with a PostgreSQL source and a
DuckDB state, and with a SQLite source (by way of SQLAlchemy) and a DuckDB state. The ledger has all contacts as
delivered, and 0, 1 or 100% of them have changed since. What leaves the source is counted as Arrow; SQLite is read
whole, so the time that its driver takes for that is in the table too.

Each measurement is a separate process. Its peak memory is its largest resident set, without the server of PostgreSQL.
"""

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from benchmarks import machine as _machine
from benchmarks import sources
from benchmarks.programs import run_here
from benchmarks.table import Table
from cr_pipelines.sync import Options, StateSchema, Sync
from cr_pipelines.sync.plan.planner import Planner
from cr_pipelines.sync.plan.source import row_hash_version
from cr_pipelines.sync.state.ledger import SYNC_LEDGER
from cr_pipelines.warehouse import BatchSink, SourceSession, open_warehouse

CONTACTS = Sync("contacts", "contact", "common_room_contacts")

CHANGED = {"0 %": "common_room_contacts", "1 %": "one_percent_changed", "100 %": "all_changed"}

_NAMES = {
    "one_percent_changed": "CASE WHEN id LIKE '%00' THEN full_name || '!' ELSE full_name END",
    "all_changed": "full_name || '!'",
}


class Took(NamedTuple):
    """One measurement: seconds, rows offered, megabytes out of the source, peak MB."""

    seconds: float
    rows: int
    read: float
    megabytes: float


class _Counted:
    """A sink that counts the bytes that it passes on."""

    def __init__(self, sink: BatchSink, read: list[int]):
        self._sink, self._read = sink, read

    def write(self, batch: pa.RecordBatch) -> None:
        self._read[0] += batch.nbytes
        self._sink.write(batch)

    def clear(self) -> None:
        self._sink.clear()


class _ToLedger:
    """A sink that records keys, fingerprints and hashes as a full delivery would have."""

    def __init__(self, state: StateSchema, version: str):
        self._state, self._version = state, version

    def write(self, batch: pa.RecordBatch) -> None:
        key, fingerprint, row_hash = batch.columns
        fixed = {
            "sync": "contacts",
            "partition": "",
            "status": "delivered",
            "row_hash_version": self._version,
            "run_id": "0123456789abcdef0123456789abcdef",
        }
        rows = {name: pa.repeat(pa.scalar(value), len(batch)) for name, value in fixed.items()}
        rows |= {"key": key, "fingerprint": fingerprint, "row_hash": row_hash}
        self._state.append_arrow(SYNC_LEDGER, pa.table(rows))

    def clear(self) -> None:
        self._state.clear(SYNC_LEDGER)


def prepare(url: str, rows: int) -> None:
    """Make contacts, and the views with changed ones."""
    sources.fill(url, rows)
    with open_warehouse(url).session() as session:
        for statement in _views(list(session.columns(CONTACTS.relation))):
            session.execute(statement)


def prepare_sqlite(url: str, file: str) -> None:
    """Copy the contacts of a warehouse to a SQLite file, with nested values as JSON text."""
    with open_warehouse(url).session() as session, sqlite3.connect(file) as connection:
        names = list(session.columns(CONTACTS.relation))
        connection.execute(f"CREATE TABLE common_room_contacts ({', '.join(names)})")
        inserted = f"INSERT INTO common_room_contacts VALUES ({', '.join('?' * len(names))})"

        class Insert:
            def write(self, batch: pa.RecordBatch) -> None:
                connection.executemany(inserted, zip(*(column.to_pylist() for column in batch.columns), strict=True))

            def clear(self) -> None:
                connection.execute("DELETE FROM common_room_contacts")

        values = (session.dialect.json_text(name) if name in ("tags", "custom_fields") else name for name in names)
        session.fetch_batches(f"SELECT {', '.join(values)} FROM common_room_contacts", 20_000, Insert())
        for statement in _views(names):
            connection.execute(statement)


def _views(names: list[str]) -> list[str]:
    others = ", ".join(name for name in names if name != "full_name")
    return [
        f"CREATE VIEW {view} AS SELECT {others}, {name} AS full_name FROM common_room_contacts"
        for view, name in _NAMES.items()
    ]


def prepare_ledger(url: str, state_url: str) -> None:
    """Write the ledger as a full delivery would leave it."""
    warehouse = open_warehouse(url, state_url)
    with warehouse.session() as session, warehouse.source_session() as source:
        state = StateSchema(session, "common_room")
        state.prepare()
        types, dialect = _known(source), source.dialect
        query = (
            f"SELECT {dialect.key(('id',), types)}, {dialect.fingerprint(types)}, {dialect.row_hash(types)} "
            f"FROM {dialect.relation(CONTACTS.relation)}"
        )
        source.fetch_batches(query, 50_000, _ToLedger(state, row_hash_version(dialect, types)))


def _known(source: SourceSession) -> dict[str, str]:
    types = source.columns(CONTACTS.relation)
    return {column.name: types[column.name] for column in CONTACTS.contract.match(list(types)).columns}


def plan(url: str, state_url: str, source: str) -> Took:
    """Make the plan, and count what leaves the source."""
    warehouse, read, began = open_warehouse(url, state_url), [0], time.perf_counter()
    with warehouse.session() as session, warehouse.source_session(session) as reading:
        if reading is not session:
            fetch = reading.fetch_batches
            reading.fetch_batches = lambda query, rows, sink: fetch(query, rows, _Counted(sink, read))  # type: ignore[method-assign]
        made = Planner(session, "common_room", Sync("contacts", "contact", source), Options(), None, reading)
        found = made.plan()
    return Took(time.perf_counter() - began, found.offered, read[0] / 1e6, _machine.peak_megabytes())


def driver_alone(file: str) -> Took:
    """Read every row with SQLite's driver, and keep none."""
    began = time.perf_counter()
    with sqlite3.connect(file) as connection:
        cursor = connection.execute("SELECT * FROM common_room_contacts")
        while cursor.fetchmany(10_000):
            pass
    return Took(time.perf_counter() - began, 0, 0, _machine.peak_megabytes())


def measure(rows: int) -> str:
    """Return the section of the page."""
    table = Table("contacts", "source and state", "changed", "seconds", "out of the source, MB", "peak MB")
    with tempfile.TemporaryDirectory() as folder, sources.postgresql(Path(folder)) as url:
        file = str(Path(folder, "source.sqlite"))
        run_here("benchmarks.apart", "prepare", url, rows)
        run_here("benchmarks.apart", "prepare_sqlite", url, file)
        ways = {
            "PostgreSQL together": (url, url),
            "PostgreSQL, DuckDB": (url, f"duckdb:///{folder}/postgresql_state.duckdb"),
            "SQLite, DuckDB": (f"sqlite:///{file}", f"duckdb:///{folder}/sqlite_state.duckdb"),
        }
        for way, urls in ways.items():
            run_here("benchmarks.apart", "prepare_ledger", *urls)
            for share, source in CHANGED.items():
                took = Took._make(run_here("benchmarks.apart", "plan", *urls, source))  # type: ignore[arg-type]
                read = "" if "SQLite" in way or "together" in way else f"{took.read:,.0f}"
                table.add(f"{rows:,}", way, share, f"{took.seconds:.2f}", read, f"{took.megabytes:,.0f}")
        alone = Took._make(run_here("benchmarks.apart", "driver_alone", file))  # type: ignore[arg-type]
        table.add(f"{rows:,}", "SQLite's driver alone", "", f"{alone.seconds:.2f}", "", f"{alone.megabytes:,.0f}")
    return str(table)
