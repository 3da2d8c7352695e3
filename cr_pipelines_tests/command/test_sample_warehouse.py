from pathlib import Path

import duckdb

from cr_pipelines.demo import SAMPLE_SOURCES, build_sample_warehouse
from cr_pipelines.demo.sample.population import population
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.terminal import Terminal


def read(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path)) as connection:
        return connection.execute("FROM common_room_contacts ORDER BY id").fetchall()


def test_it_is_the_same_each_time_and_built_only_once(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "first.duckdb", tmp_path / "second.duckdb"
    assert build_sample_warehouse(first)
    assert build_sample_warehouse(second)
    assert len(read(first)) == 500
    assert read(first) == read(second)
    with duckdb.connect(str(first)) as connection:
        connection.execute("DELETE FROM common_room_contacts WHERE id > 'usr_1001'")
    assert not build_sample_warehouse(first)
    assert len(read(first)) == 1


def test_a_build_that_fails_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.with_name(path.name).mkdir()
    assert not build_sample_warehouse(path)
    assert list(tmp_path.iterdir()) == [path]


def test_every_row_fits_the_contract_and_the_sandboxs_room(tmp_path: Path, terminal: Terminal) -> None:
    terminal.path.unlink()
    build_sample_warehouse(terminal.path)
    introduce(terminal.sandbox, ((person.key, person.full_name, person.email) for person in population()))
    result = terminal.types("doctor")
    assert result.exit_code == 0, result.output
    assert "common_room_contacts has 23 columns of the contract" in result.output
    assert "500 rows: a run would send 500; 0 unchanged" in result.output
    assert "120 rows of the last 7 days: a run would send 120; 0 unchanged" in result.output
    assert result.output.count("a run would send") >= len(SAMPLE_SOURCES)


def test_nobody_in_it_could_exist_and_nobody_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    build_sample_warehouse(path)
    with duckdb.connect(str(path)) as connection:
        for column in ("id", "email", "username", "linkedin", "github", "twitter", "discord"):
            [(given, distinct)] = connection.execute(
                f"SELECT count({column}), count(DISTINCT lower({column})) FROM common_room_contacts"
            ).fetchall()
            assert given == distinct > 50, column
        [(elsewhere,)] = connection.execute(
            "SELECT count(*) FROM common_room_contacts WHERE email NOT LIKE '%.example'"
        ).fetchall()
        assert elsewhere == 0


def test_every_sample_source_is_in_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    build_sample_warehouse(path)
    with duckdb.connect(str(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert tables == {source.name for source in SAMPLE_SOURCES}
