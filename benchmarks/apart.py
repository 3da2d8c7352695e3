"""What a plan costs when the state is in another engine than the source.

Goes in: numbers of contacts. Comes out: a table of plans with both in PostgreSQL, with a PostgreSQL source and a
DuckDB state, and with a SQLite or a MariaDB source (by way of SQLAlchemy) and a DuckDB state. The ledger has all
contacts as delivered, and 0, 1 or 100% of them have changed since. What leaves the source is counted as Arrow; SQLite
and MariaDB are read whole, so the time that their drivers take for that is in the table too.

Each measurement is a separate process, whose time begins after its imports. Its peak memory is its largest resident
set, without the servers of PostgreSQL and MariaDB.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from benchmarks import machine as _machine
from benchmarks import sources
from benchmarks.programs import run_here
from benchmarks.table import Table
from cr_pipelines.sync import Options, StateSchema, Sync
from cr_pipelines.sync.plan.planner import Planner
from cr_pipelines.sync.plan.source import row_hash_version
from cr_pipelines.sync.state.ledger import SYNC_LEDGER
from cr_pipelines.warehouse import BatchSink, SourceSession, column_kinds, open_warehouse
from cr_pipelines.warehouse.generic import rows_per_batch
from cr_pipelines.warehouse.urls import kind_of

_TURNS = 3
"""How often everything is measured, except for plans of all rows, which take long."""

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
        session.execute("VACUUM ANALYZE common_room_contacts")


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


def prepare_mariadb(url: str, mariadb_url: str, folder: str) -> None:
    """Copy the contacts of a warehouse to MariaDB, with nested values as JSON text, by way of a file."""
    file = Path(folder, "contacts.csv")
    with open_warehouse(url).session() as session, file.open("wb") as rows:
        names = list(session.columns(CONTACTS.relation))

        class Write:
            def write(self, batch: pa.RecordBatch) -> None:
                rows.write(
                    b"".join("\t".join(row).encode() + b"\n" for row in zip(*map(texts, batch.columns), strict=True))
                )

            def clear(self) -> None:
                rows.truncate(0)

        def texts(column: "pa.Array[Any]") -> list[str]:
            return [str(value).replace("\\", "\\\\") for value in column.to_pylist()]

        values = (session.dialect.json_text(name) if name in ("tags", "custom_fields") else name for name in names)
        session.fetch_batches(f"SELECT {', '.join(values)} FROM common_room_contacts", 20_000, Write())
    kinds = ", ".join(f"{name} {'VARCHAR(20) PRIMARY KEY' if name == 'id' else 'VARCHAR(300)'}" for name in names)
    with sources.mariadb_connection(mariadb_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE common_room_contacts ({kinds})")
        cursor.execute(f"LOAD DATA INFILE '{file}' INTO TABLE common_room_contacts")
        for statement in _views(names):
            # `||` is OR to MariaDB.
            cursor.execute(statement.replace("full_name || '!'", "concat(full_name, '!')"))
        connection.commit()
    file.unlink()


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
        if session.dialect.name == "postgresql":
            session.execute("VACUUM ANALYZE common_room.sync_ledger")


def _known(source: SourceSession) -> dict[str, str]:
    types = source.columns(CONTACTS.relation)
    return {column.name: types[column.name] for column in CONTACTS.contract.match(list(types)).columns}


def plan(url: str, state_url: str, source: str) -> Took:
    """Make the plan, and count what leaves the source."""
    # This imports the drivers.
    warehouse, read = open_warehouse(url, state_url), [0]
    # A source that is read in Python needs pandas: pyarrow imports it to look at the first value.
    pa.array(["x"])
    count_loaded(read)
    began = time.perf_counter()
    with warehouse.session() as session, warehouse.source_session(session) as reading:
        if reading is not session and warehouse.source.kind == "postgresql":
            fetch = reading.fetch_batches
            reading.fetch_batches = lambda query, rows, sink: fetch(query, rows, _Counted(sink, read))  # type: ignore[method-assign]
        made = Planner(session, "common_room", Sync("contacts", "contact", source), Options(), None, reading)
        found = made.plan()
    return Took(time.perf_counter() - began, found.offered, read[0] / 1e6, _machine.peak_megabytes())


def count_loaded(read: list[int]) -> None:
    """Count the rows that a source hands over in Python."""

    class Counting(column_kinds.RowFile):
        def write(self, batch: pa.RecordBatch) -> None:
            read[0] += batch.nbytes
            super().write(batch)

    column_kinds.RowFile = Counting  # type: ignore[misc]


def driver_alone(url: str) -> Took:
    """Read every row with the driver, in batches of the same size, and keep none."""
    rows = rows_per_batch(kind_of(url) or "")
    with _cursor(url) as cursor:
        began = time.perf_counter()
        cursor.execute("SELECT * FROM common_room_contacts")
        while cursor.fetchmany(rows):
            pass
        return Took(time.perf_counter() - began, 0, 0, _machine.peak_megabytes())


@contextmanager
def _cursor(url: str) -> Iterator[Any]:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            yield connection.cursor()
        return
    import pymysql.cursors

    with sources.mariadb_connection(url, cursorclass=pymysql.cursors.SSCursor) as connection:
        yield connection.cursor()


class Comparison:
    """The table, for sources of growing size."""

    def __init__(self) -> None:
        self._table = Table(
            "contacts", "source and state", "changed", "seconds", "ratio", "out of the source, MB", "peak MB"
        )

    def add(self, rows: int, folder: str, url: str, *, with_mariadb: bool) -> None:
        """Measure every way for a source of one size."""
        run_here("benchmarks.apart", "prepare", url, rows)
        apart = f"duckdb:///{folder}/postgresql_state.duckdb"
        self._compare(rows, {"PostgreSQL together": (url, url), "PostgreSQL, DuckDB": (url, apart)})
        generic = {"SQLite": f"sqlite:///{folder}/source.sqlite"}
        run_here("benchmarks.apart", "prepare_sqlite", url, f"{folder}/source.sqlite")
        with ExitStack() as stack:
            if with_mariadb and (server := stack.enter_context(sources.mariadb(Path(folder)))):
                generic["MariaDB"] = server
                run_here("benchmarks.apart", "prepare_mariadb", url, server, folder)
            for name, source in generic.items():
                ways = {f"{name}, DuckDB": (source, f"duckdb:///{folder}/{name.lower()}_state.duckdb")}
                self._compare(rows, ways, (f"{name}'s driver alone", source))

    def _compare(self, rows: int, ways: Mapping[str, tuple[str, str]], alone: tuple[str, str] | None = None) -> None:
        """Measure plans as a ratio of a driver alone or, if there is none, of the plans of the first way."""
        calls: dict[tuple[str, str], tuple[str, ...]] = {}
        if alone is not None:
            name, source = alone
            calls[name, ""] = ("driver_alone", source)
        for way, urls in ways.items():
            run_here("benchmarks.apart", "prepare_ledger", *urls)
            calls |= {(way, share): ("plan", *urls, view) for share, view in CHANGED.items()}
        fastest: dict[tuple[str, str], Took] = {}
        # In turns, so that a slow minute of the machine does not slow only one of those that are compared.
        for turn in range(_TURNS):
            for (way, share), call in calls.items():
                if turn == 0 or share != "100 %":
                    took = self._took(*call)
                    fastest[way, share] = min(fastest.get((way, share), took), took)
        first = next(iter(calls))
        for (way, share), took in fastest.items():
            of = fastest[first] if alone else fastest[first[0], share]
            ratio = f"{took.seconds / of.seconds:.2f}" if took is not of else ""
            read = f"{took.read:,.0f}" if took.read else ""
            self._table.add(f"{rows:,}", way, share, f"{took.seconds:.2f}", ratio, read, f"{took.megabytes:,.0f}")

    def _took(self, function: str, *arguments: str) -> Took:
        return Took._make(run_here("benchmarks.apart", function, *arguments))  # type: ignore[arg-type]

    def __str__(self) -> str:
        return str(self._table)


def measure(sizes: list[int]) -> str:
    """Return the section of the page. MariaDB has the smallest size alone: its driver is slow."""
    comparison = Comparison()
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder, sources.postgresql(Path(folder)) as url:
            comparison.add(rows, folder, url, with_mariadb=rows == sizes[0])
    return str(comparison)
