"""What only DuckDB has: memory that grows when it must, errors that come by way of Arrow, a file that is let go."""

import contextlib
import multiprocessing
import resource
import warnings
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from cr_pipelines.warehouse import Warehouse, WarehouseError, open_warehouse
from cr_pipelines.warehouse.conformance_sinks import Collected
from cr_pipelines.warehouse.duckdb import DuckDBSession


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    return open_warehouse(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")


def test_an_answer_that_runs_out_of_memory_in_its_middle_is_read_again_with_more(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cr_pipelines.warehouse.duckdb.FIRST_MEMORY", 16_000_000)
    long = "array_to_string(list_transform(range(i - 4990), lambda x: repeat(md5((i + x)::VARCHAR), 400)), '')"
    sink = Collected()
    with warehouse.session() as session:
        session.fetch_batches(
            f"SELECT CASE WHEN i < 5000 THEN 'x' ELSE {long} END AS t FROM range(5100) AS r(i)", 2_000, sink
        )
    assert sum(batch.num_rows for batch in sink.batches) == 5_100


def test_a_temporary_table_that_needed_memory_does_not_keep_it(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cr_pipelines.warehouse.duckdb.FIRST_MEMORY", 16_000_000)
    needed: list[int] = []
    allow = DuckDBSession._allow

    def record(session: DuckDBSession, memory: int) -> None:
        needed.append(memory)
        allow(session, memory)

    monkeypatch.setattr(DuckDBSession, "_allow", record)
    with warehouse.session() as session:
        limit = "SELECT current_setting('memory_limit')"
        before = session.fetch_all(limit)
        texts = "SELECT md5(i::VARCHAR) AS t, count(*) AS n FROM range(1000000) AS r(i) GROUP BY t"
        session.make_temporary("counted", texts)
        assert max(needed) > 16_000_000
        assert session.fetch_all(limit) == before


def test_an_error_in_the_middle_of_an_answer_does_not_quote_the_row(warehouse: Warehouse):
    value = "CASE WHEN i = 400000 THEN CAST('ada@example.com' AS INTEGER) ELSE i END"
    with warehouse.session() as session, pytest.raises(WarehouseError, match="ConversionException on a row") as caught:
        session.fetch_batches(f"SELECT {value} AS n FROM range(500000) AS r(i)", 2_000, Collected())
    assert "ada" not in str(caught.value)


SPILLS = "SELECT md5(i::VARCHAR) AS t FROM range(1000000) AS r(i) ORDER BY t LIMIT 1 OFFSET 800000"


@pytest.mark.parametrize("ends", ["well", "with an error", "after a spill"])
def test_a_session_leaves_the_file_and_nothing_of_itself(warehouse: Warehouse, tmp_path: Path, ends: str):
    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(WarehouseError):
        patched.setattr("cr_pipelines.warehouse.duckdb.FIRST_MEMORY", 16_000_000)
        with warehouse.session() as session:
            session.execute("CREATE TABLE kept AS SELECT 1 AS n")
            session.execute("CREATE TEMPORARY TABLE mine AS SELECT 1 AS n")
            session.execute("SET TimeZone = 'Asia/Tokyo'")
            if ends == "after a spill":
                session.fetch_all(SPILLS)
                assert [file for folder in tmp_path.glob("*.spill/*") for file in folder.glob("duckdb_temp*")]
            if ends == "with an error":
                session.execute("BEGIN")
                session.execute("INSERT INTO kept VALUES (2)")
                session.fetch_all("SELECT * FROM absent")
    assert [file.name for file in tmp_path.iterdir()] == ["warehouse.duckdb"]
    # DuckDB allows this only once nobody in this process has the file.
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        assert connection.execute("SELECT * FROM kept").fetchall() == [(1,)]
        with pytest.raises(WarehouseError, match=r"already has .*; close that connection"), warehouse.session():
            pass
    with warehouse.session() as session:
        assert session.tables("main") == {"kept"}
        assert session.fetch_all("SELECT current_setting('TimeZone')") == [("UTC",)]
        with pytest.raises(WarehouseError, match="mine does not exist"):
            session.fetch_all("SELECT * FROM mine")


@pytest.mark.long
def test_a_list_of_many_keys_takes_little_memory(warehouse: Warehouse):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_megabytes_to_list, (warehouse, 50_000)) < 100


def _megabytes_to_list(warehouse: Warehouse, keys: int) -> float:
    """Look for the keys of a list. Return by how many megabytes that raises the peak of this process."""
    numbers = "(SELECT CAST(i AS VARCHAR) AS key FROM range(100000) AS r(i)) AS r"
    with warehouse.session() as session:
        session.fetch_all(f"SELECT count(*) FROM {numbers} JOIN {numbers.replace(' AS r', ' AS s')} USING (key)")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        listed = session.dialect.listed([str(key) for key in range(keys)])
        assert session.fetch_all(f"SELECT count(*) FROM {numbers} WHERE key IN {listed}") == [(keys,)]
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


@pytest.mark.parametrize("name", ["memory", "system", "temp", "main", "common_room", 'it\'s.a "file"'])
def test_a_database_is_called_as_duckdb_calls_it(tmp_path: Path, name: str):
    path = tmp_path / f"{name}.duckdb"
    with duckdb.connect(str(path)) as connection:
        called = connection.execute("SELECT current_database(), current_schema()").fetchall()
        quoted = '"' + called[0][0].replace('"', '""') + '"'
        connection.execute(f"CREATE TABLE t AS SELECT 1 AS n; CREATE VIEW v AS SELECT * FROM {quoted}.main.t")
    with open_warehouse(f"duckdb:///{quote(str(path))}").session() as session:
        assert session.fetch_all("SELECT current_database(), current_schema()") == called
        assert session.fetch_all("SELECT * FROM v") == [(1,)]


def test_a_session_within_a_session_shares_the_file(warehouse: Warehouse):
    with warehouse.session() as session:
        session.execute("CREATE TABLE t AS SELECT 1 AS n")
        with warehouse.session() as another:
            another.execute("INSERT INTO t VALUES (2)")
        assert session.fetch_all("SELECT count(*) FROM t") == [(2,)]


def test_a_forked_process_starts_an_instance_of_its_own(warehouse: Warehouse):
    with warehouse.session() as session:
        session.execute("CREATE TABLE t AS SELECT i FROM range(500000) AS r(i)")
    child = multiprocessing.get_context("fork").Process(target=_count, args=(warehouse,))
    with warnings.catch_warnings():
        # Python 3.12 warns of the threads that the child lacks.
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    child.join(60)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()


def _count(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        assert session.fetch_all("SELECT count(*), max(md5(i::VARCHAR)) IS NULL FROM t") == [(500_000, False)]
