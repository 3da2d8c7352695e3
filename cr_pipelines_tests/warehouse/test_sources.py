"""Broken is not absent, a swap is not an empty table, and looking leaves nothing behind: DuckDB and PostgreSQL."""

import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi
import pytest

from cr_pipelines.warehouse import Relation, SourceMissing, WarehouseBusy, WarehouseError, open_warehouse
from cr_pipelines.warehouse.conformance_sinks import Collected
from cr_pipelines_tests.support.warehouses import EmptyWarehouse, PostgreSQLDatabase, empty_warehouse

SWAP = (
    "BEGIN",
    "CREATE TABLE plan_new AS SELECT i AS id, 'pro' AS tier FROM generate_series(1, 200) AS r(i)",
    "ALTER TABLE plan RENAME TO plan_old",
    "ALTER TABLE plan_new RENAME TO plan",
    "COMMIT",
    "DROP TABLE plan_old",
)


@pytest.fixture(params=["duckdb", "postgresql"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmptyWarehouse]:
    with empty_warehouse(tmp_path, request.param) as warehouse:
        yield warehouse


@pytest.fixture
def server() -> Iterator[PostgreSQLDatabase]:
    database = PostgreSQLDatabase()
    yield database
    database.remove()


@pytest.mark.parametrize("source", ["nowhere", "no.where", "SELECT * FROM nowhere", "SELECT nothing FROM nowhere"])
def test_a_source_that_does_not_exist_is_missing(data: EmptyWarehouse, source: str):
    with open_warehouse(data.url).session() as session, pytest.raises(SourceMissing):
        session.columns(Relation(source))


@pytest.mark.parametrize("source", ["people", "SELECT * FROM people", "SELECT nothing FROM base"])
def test_a_source_that_fails_is_not_missing(data: EmptyWarehouse, source: str):
    data.sql("CREATE TABLE base AS SELECT 'u' AS id, 'x' AS full_name")
    if data.kind == "duckdb":
        data.sql("CREATE VIEW people AS SELECT id, full_name FROM base")
        data.sql("ALTER TABLE base RENAME COLUMN full_name TO name")
    else:
        # PostgreSQL evaluates an immutable function as soon as it plans the view.
        with open_warehouse(data.url).session() as session:
            session.execute(
                "CREATE FUNCTION broken() RETURNS text LANGUAGE plpgsql IMMUTABLE AS "
                "'BEGIN RETURN (SELECT x FROM gone); END'"
            )
        data.sql("CREATE VIEW people AS SELECT id FROM base WHERE broken() = 'x'")
    with open_warehouse(data.url).session() as session, pytest.raises(WarehouseError) as caught:
        session.columns(Relation(source))
    assert not isinstance(caught.value, SourceMissing)


def test_a_view_over_a_dropped_table_is_broken(tmp_path: Path):
    with empty_warehouse(tmp_path, "duckdb") as data:
        data.sql("CREATE TABLE base AS SELECT 1 AS id; CREATE VIEW people AS SELECT * FROM base; DROP TABLE base")
        for source in ("people", "SELECT * FROM people"):
            with open_warehouse(data.url).session() as session, pytest.raises(WarehouseError) as caught:
                session.columns(Relation(source))
            assert not isinstance(caught.value, SourceMissing)


def test_a_locked_source_is_busy_within_the_wait(server: PostgreSQLDatabase):
    server.sql("CREATE TABLE people AS SELECT 1 AS id")
    with adbc_driver_postgresql.dbapi.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        with (
            open_warehouse(server.url, wait_seconds=0.5).session() as session,
            pytest.raises(WarehouseBusy, match="locked"),
        ):
            session.columns(Relation("people"))
        assert time.monotonic() - begun < 5
        connection.rollback()


def test_describing_blocks_nobody_and_leaves_nothing(server: PostgreSQLDatabase):
    server.sql("CREATE TABLE people AS SELECT 1 AS id")
    stop = threading.Event()
    failures: list[Exception] = []

    def describe() -> None:
        with open_warehouse(server.url).session() as session:
            while not stop.is_set():
                try:
                    session.columns(Relation("SELECT * FROM people"))
                except SourceMissing:
                    pass
                except Exception as error:
                    failures.append(error)

    thread = threading.Thread(target=describe)
    thread.start()
    try:
        for _ in range(40):
            server.sql("DROP TABLE people; CREATE TABLE people AS SELECT 1 AS id")
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert server.sql("SELECT relname FROM pg_class WHERE relname LIKE 'cr_%'") == []


@pytest.mark.parametrize("view", [False, True])
def test_a_table_swapped_by_renaming_is_never_seen_empty(server: PostgreSQLDatabase, view: bool):
    server.sql("CREATE TABLE people AS SELECT i AS id FROM generate_series(1, 200) AS r(i)")
    server.sql("CREATE TABLE plan AS SELECT i AS id, 'pro' AS tier FROM generate_series(1, 200) AS r(i)")
    query = "SELECT p.id, plan.tier FROM people AS p LEFT JOIN plan USING (id)"
    if view:
        server.sql("CREATE VIEW everybody AS SELECT * FROM people")
        query = query.replace("FROM people", "FROM everybody")
    source, stop = Relation(query), threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        with adbc_driver_postgresql.dbapi.connect(server.url, autocommit=True) as connection:
            while not stop.is_set():
                for statement in SWAP:
                    with connection.cursor() as cursor:
                        cursor.execute(statement)
                swaps += 1

    thread = threading.Thread(target=swap)
    thread.start()
    found = []
    try:
        with open_warehouse(server.url).session() as session:
            end = time.monotonic() + 4
            while time.monotonic() < end:
                with session.snapshot(source):
                    found += session.fetch_all(f"SELECT count(tier) FROM {session.dialect.relation(source)} AS source")
    finally:
        stop.set()
        thread.join()
    assert swaps > 10
    assert set(found) == {(200,)}


@pytest.mark.parametrize("schema", ["Ünï", "a$do$b", 'quo"te', "o'clock", "x" * 70, "UPPER"])
def test_a_schema_name_of_any_legal_form_is_found_again(server: PostgreSQLDatabase, schema: str):
    with open_warehouse(server.url).session() as session:
        for _ in range(2):
            session.create_schema(schema)
        session.execute(f"CREATE TABLE {session.dialect.identifier(schema)}.listed (id text)")
        assert session.tables(schema) == {"listed"}
        assert session.schema_columns(schema) == {"listed": {"id"}}


@pytest.mark.parametrize("kind", ["integer", "date", "timestamptz", "uuid", "boolean", "inet", "interval", "jsonb"])
@pytest.mark.parametrize("value", ['"Ada" <ada@example.com>', "Ada\nada@example.com", 'x"y Ada z"w', "O'Ada"])
def test_no_error_quotes_a_value(server_session, kind: str, value: str):
    with pytest.raises(WarehouseError) as caught:
        server_session.fetch_all(
            f"SELECT CAST(x AS {kind}) FROM (SELECT {server_session.dialect.literal(value)} AS x) t"
        )
    assert "ada" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("value", "ending", "raised"),
    [
        ("CAST('Ada ' || i AS integer)", "", "invalid input syntax"),
        ("pg_sleep(60)", "SET statement_timeout = 500", "57014"),
    ],
)
def test_a_query_that_fails_after_many_rows_is_an_error_without_values(
    tmp_path: Path, value: str, ending: str, raised: str
):
    query = (
        f"SELECT CASE WHEN i = 200000 THEN CAST({value} AS text) ELSE repeat('x', 300) END AS a "
        "FROM generate_series(1, 200000) AS t(i)"
    )
    read = Collected()
    with empty_warehouse(tmp_path, "postgresql") as data, open_warehouse(data.url).session() as session:
        if ending:
            session.execute(ending)
        with pytest.raises(WarehouseError, match=raised) as caught:
            session.fetch_batches(query, 5_000, read)
        assert session.fetch_all("SELECT 1") == [(1,)]
    assert read.batches
    assert "Ada" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("code", ["check_violation", "42P01", "22012", "57014", "P0001", "XY123"])
def test_what_a_function_raises_is_hidden_whatever_its_code(server_session, code: str):
    with pytest.raises(WarehouseError) as caught:
        server_session.execute(f"DO $$ BEGIN RAISE EXCEPTION 'bad row Ada' USING ERRCODE = '{code}'; END $$")
    assert "Ada" not in str(caught.value)


@pytest.fixture(scope="module")
def server_session():
    database = PostgreSQLDatabase()
    with open_warehouse(database.url).session() as session:
        yield session
    database.remove()


def test_an_error_over_our_own_table_names_the_table(data: EmptyWarehouse):
    data.sql("CREATE SCHEMA ours; CREATE TABLE ours.kept (id INTEGER)")
    with (
        open_warehouse(data.url).session() as session,
        pytest.raises(WarehouseError, match=r"over ours\.kept, not the"),
    ):
        session.execute('INSERT INTO "ours"."kept" (id) SELECT CAST(x AS INTEGER) FROM (SELECT \'Ada\' AS x) AS t')


def test_spill_files_are_private_and_end_with_the_session_or_the_next_one(tmp_path: Path):
    with empty_warehouse(tmp_path, "duckdb") as data:
        killed = (
            f"import os\nfrom cr_pipelines.warehouse import open_warehouse\n"
            f"with open_warehouse({data.url!r}).session() as s:\n"
            "    folder = s.fetch_all(\"SELECT current_setting('temp_directory')\")[0][0]\n"
            "    open(folder + '/duckdb_temp_storage', 'w').write('ada@example.com')\n"
            "    os._exit(9)"
        )
        subprocess.run([sys.executable, "-c", killed], check=False, cwd=Path.cwd())
        [left] = tmp_path.glob("*.spill/*/duckdb_temp_storage")
        assert left.parent.stat().st_mode & 0o077 == 0
        with open_warehouse(data.url).session() as session:
            assert not left.exists()
            [(folder,)] = session.fetch_all("SELECT current_setting('temp_directory')")
            assert Path(folder).stat().st_mode & 0o077 == 0
        assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]


def test_a_silent_host_is_busy_within_seconds():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u:hunter2@127.0.0.1:{silent.getsockname()[1]}/db"
        begun = time.monotonic()
        with (
            pytest.raises(WarehouseBusy, match="does not respond") as caught,
            open_warehouse(url, wait_seconds=2, statement_seconds=5).session(),
        ):
            pass
    assert time.monotonic() - begun < 10
    assert "hunter2" not in repr(caught.value)
