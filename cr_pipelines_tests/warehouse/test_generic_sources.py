"""Any database of SQLAlchemy as a source: rows are read once, with their types, and nothing is written."""

import itertools
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Partition, Report, SourceUnusable, Sync, rows_outside, run_sync
from cr_pipelines.warehouse import (
    Relation,
    SourceMissing,
    Warehouse,
    WarehouseError,
    open_warehouse,
    scratch_session,
)
from cr_pipelines.warehouse.column_kinds import LoadedRows
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.terminal import Terminal
from cr_pipelines_tests.support.warehouses import Apart, DuckDBFile, SQLiteFile


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Apart]:
    data = Apart(SQLiteFile(tmp_path), DuckDBFile(tmp_path))
    yield data
    data.remove()


@pytest.fixture
def warehouse(data: Apart) -> Warehouse:
    return open_warehouse(data.url, data.state_url)


def loaded(warehouse: Warehouse, source: str) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """The columns of a source, and its rows in the order of the first column."""
    with warehouse.source_session() as session:
        relation = Relation(source)
        return session.columns(relation), session.fetch_all(
            f"SELECT * FROM {session.dialect.relation(relation)} ORDER BY 1"
        )


def test_columns_have_the_narrowest_type_that_holds_every_value(data: Apart, warehouse: Warehouse):
    data.sql(
        "CREATE TABLE things (n, whole, real, mixed, late, big, blank, day DATE, moment DATETIME, odd DATETIME, raw)"
    )
    with closing(sqlite3.connect(data.source.path)) as connection:
        connection.executemany(
            "INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, NULL, '2026-01-02', '2026-01-02 03:04:05', ?, ?)",
            [
                (
                    i,
                    i,
                    i / 2,
                    i if i < 10_500 else "x",
                    None if i < 10_500 else 7,
                    i if i < 10_500 else 1.5,
                    "soon" if i == 3 else "2026-01-02",
                    b"\x00\xff",
                )
                for i in range(11_000)
            ],
        )
        connection.commit()
    types, rows = loaded(warehouse, "things")
    assert types == {
        "n": "BIGINT",
        "whole": "BIGINT",
        "real": "DOUBLE",
        "mixed": "VARCHAR",
        "late": "BIGINT",
        "big": "DOUBLE",
        "blank": "VARCHAR",
        "day": "DATE",
        "moment": "TIMESTAMP WITH TIME ZONE",
        "odd": "VARCHAR",
        "raw": "BLOB",
    }
    assert [row[3] for row in (rows[0], rows[-1])] == ["0", "x"]
    assert [row[5] for row in (rows[0], rows[-1])] == [0.0, 1.5]
    assert rows[0][10] == b"\x00\xff"


def test_whole_numbers_that_a_double_cannot_hold_become_text(data: Apart, warehouse: Warehouse):
    data.sql(f"CREATE TABLE ids AS SELECT {2**53 + 1} AS id UNION ALL SELECT 1.5")
    assert loaded(warehouse, "SELECT id FROM ids")[1] == [("1.5",), (str(2**53 + 1),)]


class Rows:
    """Rows of a driver, batch by batch, as a relation."""

    def __init__(self, *batches: list[Any]):
        self._batches = batches

    def read(self) -> tuple[str, list[Any]]:
        with scratch_session() as session:
            loaded = LoadedRows(session, "loaded", ["value", "place"])
            place = 0
            for batch in self._batches:
                loaded.append([(value, place := place + 1) for value in batch])
            loaded.end({})
            kind = session.columns(Relation("loaded"))["value"]
            return kind, [value for (value,) in session.fetch_all("SELECT value FROM loaded ORDER BY place")]


_UTC_MOMENT = datetime(2026, 1, 2, 3, 4, 5, 500_000, UTC)


@pytest.mark.parametrize(
    ("first", "second", "kind", "expected"),
    [
        ([None], [1], "BIGINT", [None, 1]),
        ([1], [None], "BIGINT", [1, None]),
        ([1], [2.5], "DOUBLE", [1.0, 2.5]),
        ([2.5], [1], "DOUBLE", [2.5, 1.0]),
        ([2**53 + 1], [2.5], "VARCHAR", [str(2**53 + 1), "2.5"]),
        ([2.5, 1e20, float("nan")], ["x"], "VARCHAR", ["2.5", "1" + "0" * 20, "\x1anan", "x"]),
        ([float("inf"), Decimal("-Infinity")], ["x"], "VARCHAR", ["\x1ainf", "\x1a-infinity", "x"]),
        ([2**63], [1], "DECIMAL(38,0)", [Decimal(2**63), Decimal(1)]),
        ([1], [2**200], "VARCHAR", ["1", str(2**200)]),
        ([Decimal("1.50")], [1], "DECIMAL(38,2)", [Decimal("1.50"), Decimal(1)]),
        ([Decimal("1.50")], [Decimal("0.125")], "DECIMAL(38,3)", [Decimal("1.5"), Decimal("0.125")]),
        ([Decimal(10**37)], [Decimal("0.125")], "VARCHAR", [str(10**37), "0.125"]),
        ([True], ["x"], "VARCHAR", ["true", "x"]),
        ([b"\xff"], ["x"], "VARCHAR", ["\x1aff", "x"]),
        (["x"], [b"\xff"], "VARCHAR", ["x", "\x1aff"]),
        (["x"], ["a\0b"], "VARCHAR", ["x", "a\x1ab"]),
        ([_UTC_MOMENT], ["x"], "VARCHAR", ["2026-01-02 03:04:05.5+00", "x"]),
        ([_UTC_MOMENT.replace(tzinfo=None)], ["x"], "VARCHAR", ["2026-01-02 03:04:05.5", "x"]),
        ([_UTC_MOMENT.date()], ["x"], "VARCHAR", ["2026-01-02", "x"]),
        ([_UTC_MOMENT.time()], ["x"], "VARCHAR", ["03:04:05.5", "x"]),
        ([timedelta(hours=-25, seconds=-1.5)], ["x"], "VARCHAR", ["-25:00:01.5", "x"]),
        ([{"a": [1]}], [None], "VARCHAR", ['{"a": [1]}', None]),
    ],
)
def test_a_value_is_the_same_in_whatever_batch_it_comes(
    first: list[Any], second: list[Any], kind: str, expected: list[Any]
):
    assert Rows(first, second).read() == (kind, expected)
    if kind == "VARCHAR":
        # All in one batch, or the other way round, they are spelled the same.
        assert Rows(first + second).read() == (kind, expected)
        assert sorted(map(str, Rows(second, first).read()[1])) == sorted(map(str, expected))


_VALUES = [
    *(None, True, "x", "7", b"\xff", b"ab", bytearray(b"ab"), memoryview(b"ab")),
    *(1, 2**53 + 1, 2**63, 2**200, 2.5, 1e20, float("inf")),
    *(Decimal("1.50"), Decimal(10**37), Decimal("9" * 38), Decimal("-0.0"), Decimal("0.12345678901234567890")),
    *(_UTC_MOMENT, _UTC_MOMENT.replace(tzinfo=None), _UTC_MOMENT.astimezone(timezone(timedelta(hours=2)))),
    *(_UTC_MOMENT.date(), _UTC_MOMENT.time(), _UTC_MOMENT.timetz(), timedelta(hours=1)),
    *(UUID(int=5), IPv4Address("10.0.0.1"), {"a": 1}, {"a": "\ud800"}, [1]),
]


def test_any_two_values_are_the_same_in_one_batch_or_in_two():
    pairs = list(itertools.product(_VALUES, repeat=2))
    names = [f"{one!r}, then {other!r}" for one, other in pairs]
    rows = [["1", *(one for one, _ in pairs)], ["2", *(other for _, other in pairs)]]

    def read(name: str, *batches: list[list[Any]]) -> tuple[dict[str, str], dict[str, str]]:
        loaded = LoadedRows(session, name, ["place", *names])
        for batch in batches:
            loaded.append(batch)
        loaded.end({})
        values = zip(*session.fetch_all(f"SELECT * FROM {name} ORDER BY place"), strict=True)
        return session.columns(Relation(name)), dict(zip(["place", *names], map(repr, values), strict=True))

    with scratch_session() as session:
        assert read("together", rows) == read("apart", rows[:1], rows[1:])


def test_many_batches_that_widen_now_and_then_are_few_files():
    batches: list[list[Any]] = [[None], [1], [2.5], ["x"]] * 300
    kind, values = Rows(*batches).read()
    assert (kind, values[-4:], len(values)) == ("VARCHAR", [None, "1", "2.5", "x"], 1200)


def test_a_source_that_gives_other_rows_each_time_is_read_once(data: Apart, sandbox: SandboxServer):
    flow = Flow(data, sandbox)
    data.sql("CREATE TABLE numbers AS SELECT i FROM generate_series(1, 50) AS n(i)")
    flow = flow.reading("SELECT 'r' || abs(random()) AS id, 'Ada' AS full_name FROM numbers")
    report = flow.run()
    assert (report.delivered, report.unread, report.changed_while_read) == (50, 0, 0)


def test_text_that_is_no_text_makes_its_row_invalid_and_no_other(data: Apart, sandbox: SandboxServer):
    flow = Flow(data, sandbox)
    data.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c1' AS id, 'Ada' AS full_name UNION ALL "
        "SELECT 'c2', CAST(x'ff41' AS TEXT) UNION ALL SELECT 'c3', 'a' || char(0) || 'b'"
    )
    assert (flow.run().delivered, set(flow.rejected())) == (1, {"c2", "c3"})


def test_nothing_is_written_to_the_source(data: Apart, sandbox: SandboxServer):
    data.sql("CREATE TABLE common_room_contacts AS SELECT 'c1' AS id, 'Ada' AS full_name")
    before = data.source.path.read_bytes()
    assert Flow(data, sandbox).run().delivered == 1
    assert data.source.path.read_bytes() == before
    with (
        pytest.raises(WarehouseError, match="no SQLite file"),
        open_warehouse("sqlite:////nowhere.db", data.state_url).source_session(),
    ):
        pass
    assert not Path("/nowhere.db").exists()


def test_a_missing_source_and_one_that_fails_are_distinguished(data: Apart, warehouse: Warehouse):
    data.sql("CREATE VIEW broken AS SELECT * FROM gone")
    for source in ("nowhere", "SELECT * FROM nowhere"):
        with pytest.raises(SourceMissing):
            loaded(warehouse, source)
    with pytest.raises(WarehouseError) as caught:
        loaded(warehouse, "broken")
    assert not isinstance(caught.value, SourceMissing)
    with pytest.raises(WarehouseError, match="differ only in case"):
        loaded(warehouse, "SELECT 1 AS a, 2 AS A")


def test_percent_signs_and_colons_are_the_query_s_own(warehouse: Warehouse):
    assert loaded(warehouse, "SELECT '100%' AS a, ':name %s %(x)s' AS b")[1] == [("100%", ":name %s %(x)s")]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////data/crm.db", "state URL"),
        ("oracle+oracledb://host/x", "pip install oracledb"),
        ("mssql+pymssql://u:secret@host/x", "pip install pymssql"),
        ("databricks://token:secret@host?http_path=/x", "pip install databricks-sql-connector"),
        ("nothing://host", "names no known engine"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_to_do(url: str, expected: str):
    with pytest.raises(WarehouseError, match=expected) as caught:
        open_warehouse(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("option", ["nope=1", "charset=nope", "read_timeout=-1"])
def test_an_option_that_a_driver_refuses_says_where_to_look(data: Apart, option: str):
    pytest.importorskip("pymysql", reason="there is no driver of MariaDB here: pip install pymysql")
    warehouse = open_warehouse(f"mysql+pymysql://reader:secret@127.0.0.1:1/crm?{option}", data.state_url)
    with pytest.raises(WarehouseError, match="check the options of the warehouse URL"), warehouse.source_session():
        pass


def test_a_value_that_a_driver_cannot_convert_is_not_shown(data: Apart):
    data.sql("CREATE TABLE people (seen TIMESTAMP)")
    data.sql("INSERT INTO people VALUES ('ada@example.com')")
    with pytest.raises(WarehouseError, match="the driver raised ValueError on a row") as caught:
        loaded(open_warehouse(f"{data.url}?detect_types=1", data.state_url), "people")
    assert "ada" not in str(caught.value)


def test_the_suggested_view_is_in_the_database_s_own_sql(data: Apart, sandbox: SandboxServer, tmp_path: Path):
    data.sql('CREATE TABLE users (id INTEGER, "full name" TEXT, email TEXT, created INTEGER, active BOOLEAN)')
    data.sql("INSERT INTO users VALUES (1, 'Ada Lovelace', 'ada@example.com', 1767322800, 1)")
    terminal = Terminal(tmp_path, sandbox)
    terminal.env |= {"CR_WAREHOUSE_URL": data.url, "CR_STATE_URL": data.state_url}
    for kind in ("contact", "activity"):
        result = terminal.types("suggest", kind, "users", "--view", f"seen_{kind}")
        assert result.exit_code == 0, result.output
        # Oracle would take a quoted name in its case, and has names in capitals.
        assert '"email"' not in result.stdout
        data.sql("".join(line.partition("--")[0] for line in result.stdout.splitlines(keepends=True)))
    [(key, name)] = data.sql("SELECT id, full_name FROM seen_contact")
    assert (str(key), name) == ("1", "Ada Lovelace")
    assert data.sql("SELECT timestamp FROM seen_activity") == [("2026-01-02 03:00:00",)]


def test_a_state_is_kept_in_duckdb_or_postgresql_only(data: Apart):
    with pytest.raises(WarehouseError, match="the state URL must name"):
        open_warehouse("duckdb:///a.duckdb", data.url)


def by_day(flow: Flow, day: int) -> Report:
    return run_sync(
        flow.sync, flow.warehouse, flow.destination(), partition=Partition.of_day("timestamp", date(2026, 1, day))
    )


def acts(data: Any, sandbox: SandboxServer) -> Flow:
    return Flow(data, sandbox, Sync("acts", "activity", "acts"))


@pytest.mark.parametrize("source", ["acts", "SELECT * FROM acts"])
def test_a_bad_moment_makes_its_row_invalid_and_no_other(data: Apart, sandbox: SandboxServer, source: str):
    data.sql(
        "CREATE TABLE acts (id, activity_type DEFAULT 'posted_message', user_id DEFAULT 'u1', timestamp TIMESTAMP)"
    )
    data.sql(
        "INSERT INTO acts (id, timestamp) VALUES ('a1', '2026-01-02 03:04:05'), "
        "('a2', '2026-01-02T01:04:05.25+02:00'), ('a3', '2026-01-02 04:04:05Z')"
    )
    flow = acts(data, sandbox).reading(source)
    assert [by_day(flow, day).delivered for day in (1, 2)] == [1, 2]
    bad = ["'soon'", "''", "'2026-02-30 00:00:00'", "1767225600", "1.5", "x'ff'", "9e999", "NULL", "'12026-01-01'"]
    rows = ", ".join(f"('b{number}', {value})" for number, value in enumerate(bad))
    data.sql(f"INSERT INTO acts (id, timestamp) VALUES {rows}")
    # The other rows were not changed by them.
    for day, others in ((1, 1), (2, 2)):
        report = by_day(flow, day)
        assert (report.unchanged, report.invalid) == (others, len(bad))
    said = flow.rejected()
    assert len(said) == len(bad)
    assert {field for field, _ in said.values()} == {"timestamp"}
    assert "is text, not a timestamp; write it as 2026-01-31 08:00:00" in said['["posted_message","b0"]'][1]
    data.sql("DELETE FROM acts WHERE id > 'b'")
    assert [by_day(flow, day).unchanged for day in (1, 2)] == [1, 2]


def test_rows_that_no_day_takes_are_counted_in_text_too(data: Apart, sandbox: SandboxServer):
    flow = acts(data, sandbox)
    days = [Partition.of_day("timestamp", date(2026, 1, day)) for day in (1, 2)]
    data.sql(
        "CREATE TABLE acts AS SELECT 'a' AS id, 'x' AS activity_type, 'u' AS user_id, column1 AS timestamp "
        "FROM (VALUES ('2025-01-01 00:00:00'), ('2027-01-01 00:00:00'), ('2026-01-01 00:00:00'), ('soon'), (NULL))"
    )
    assert rows_outside(flow.sync, flow.warehouse, *days) == (1, 1, 2)
    data.sql("UPDATE acts SET timestamp = 1767225600")
    advice = r"column timestamp of acts has the type BIGINT.*datetime\(timestamp, 'unixepoch'\)"
    for find in (lambda: rows_outside(flow.sync, flow.warehouse, *days), lambda: by_day(flow, 1)):
        with pytest.raises(SourceUnusable, match=advice):
            find()
    data.sql("UPDATE acts SET timestamp = 'soon'")
    with pytest.raises(SourceUnusable, match="column timestamp of acts has the type VARCHAR"):
        by_day(flow, 1)
    with pytest.raises(SourceUnusable, match="no column timestamp"):
        rows_outside(flow.reading("SELECT id FROM acts").sync, flow.warehouse, *days)


@pytest.mark.parametrize(
    ("declared", "kind", "good", "sent", "bad", "message"),
    [
        ("DATE", "date", "'2026-01-02'", "2026-01-02", "'soon'", "a date as YYYY-MM-DD"),
        ("DATE", "date", "'2026-01-02'", "2026-01-02", "'2026-01-03 10:00:00'", "a date as YYYY-MM-DD"),
        ("DATE", "date", "'2026-01-02'", "2026-01-02", "'0000-00-00'", "a date as YYYY-MM-DD"),
        ("DECIMAL(10,2)", "number", "12.5", 12.5, "'abc'", "a number"),
        ("DECIMAL(10,2)", "number", "12.5", 12.5, "9e999", "a finite number"),
        ("", "number", "'12.5'", 12.5, "-9e999", "a number"),
        ("INTEGER", "int", str(2**53 - 1), 2**53 - 1, "1.5", "a whole number"),
        ("BIGINT", "number", str(2**62 + 1), 2**62 + 1, "'1,5'", "a number"),
        ("BOOLEAN", "boolean", "'true'", True, "'yes'", "a boolean"),
        ("BOOLEAN", "boolean", "'true'", True, "1", "a boolean"),
        ("TEXT", "string", "'gold'", "gold", "x'416461'", "is not text"),
        ("", "string", "'gold'", "gold", "9e999", "is not text"),
        ("", "string", "7", "7", "x'00'", "is not text"),
    ],
)
def test_one_bad_value_makes_its_row_invalid_and_no_other(
    data: Apart, sandbox: SandboxServer, declared: str, kind: str, good: str, sent: Any, bad: str, message: str
):
    sandbox.control.add_custom_field("Field", kind)
    data.sql("CREATE TABLE common_room_contacts AS SELECT 'u' || i AS id FROM generate_series(1, 3) AS n(i)")
    assert Flow(data, sandbox).run().delivered == 3
    data.sql(f"CREATE TABLE field_values (user_id, field, field_value {declared})")
    data.sql(f"INSERT INTO field_values VALUES ('u1', 'Field', {good}), ('u2', 'Field', {good})")
    flow = Flow(data, sandbox, Sync("field_values", "custom_field_value", "field_values"))
    assert flow.run().delivered == 2
    data.sql(f"INSERT INTO field_values VALUES ('u3', 'Field', {bad})")
    report = flow.run()
    assert (report.unchanged, report.invalid) == (2, 1)
    [(field, said)] = flow.rejected().values()
    assert field.startswith("field_value")
    assert message in said
    sandbox.control.settle()
    values = {key: user["custom_fields"].get("Field") for key, user in flow.room.items()}
    assert values == {"u1": sent, "u2": sent, "u3": None}


def test_broken_json_makes_its_row_invalid_and_no_other(data: Apart, sandbox: SandboxServer):
    data.sql("CREATE TABLE common_room_contacts (id TEXT, custom_fields JSON)")
    rows = {"c1": '{"Seats": 3}', "c2": '{"Seats": 3', "c3": '{"Seats": NaN}', "c4": '["Seats"]'}
    for key, value in rows.items():
        data.sql(f"INSERT INTO common_room_contacts VALUES ('{key}', '{value}')")
    flow = Flow(data, sandbox)
    assert (flow.run().delivered, set(flow.rejected())) == (1, {"c2", "c3", "c4"})
    assert {field.partition(".")[0] for field, _ in flow.rejected().values()} == {"custom_fields"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("SELECT id FROM FROM x", 'contacts: the query cannot be read: .*near "FROM": syntax error'),
        ("SELECT 'ada@example.com", "contacts: the query cannot be read: .*OperationalError"),
        ("broken", "contacts: broken cannot be read: .*malformed JSON"),
    ],
)
def test_an_error_of_the_database_names_the_sync_and_its_source(
    data: Apart, sandbox: SandboxServer, source: str, expected: str
):
    data.sql("CREATE VIEW broken AS SELECT json_extract('ada@example.com', '$.a') AS id")
    flow = Flow(data, sandbox)
    with pytest.raises(WarehouseError, match=expected) as caught:
        replace(flow, sync=replace(flow.sync, source=source)).run()
    assert "ada" not in str(caught.value)


class MariaDB:
    """A server of its own, with a user who may only read."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cr_mariadb"))
        socket = self._folder / "socket"
        common = [f"--datadir={self._folder / 'data'}", "--user=root"]
        subprocess.run(
            ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            capture_output=True,
        )
        self._server = subprocess.Popen(
            [
                str(shutil.which("mariadbd")),
                *common,
                f"--socket={socket}",
                "--skip-networking",
                "--default-time-zone=+05:00",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._root = f"mysql+pymysql://root@localhost/mysql?unix_socket={socket}"
        self.url = f"mysql+pymysql://reader@localhost/crm?unix_socket={socket}&charset=utf8mb4"
        give_up = time.monotonic() + 60
        while not socket.exists() and time.monotonic() < give_up:
            time.sleep(0.1)
        self.sql(
            "CREATE DATABASE crm CHARACTER SET utf8mb4",
            "CREATE USER reader@localhost",
            "GRANT SELECT ON crm.* TO reader@localhost",
        )

    def sql(self, *statements: str) -> None:
        import sqlalchemy

        engine = sqlalchemy.create_engine(self._root)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
            connection.commit()
        engine.dispose()

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(60)
        shutil.rmtree(self._folder)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDB]:
    if shutil.which("mariadbd") is None:
        pytest.skip("there is no MariaDB here: apt-get install mariadb-server")
    pytest.importorskip("pymysql", reason="there is no driver of MariaDB here: pip install pymysql")
    server = MariaDB()
    yield server
    server.stop()


def test_mariadb_is_a_source(mariadb: MariaDB, tmp_path: Path, sandbox: SandboxServer):
    mariadb.sql(
        "CREATE TABLE crm.people (id BIGINT UNSIGNED PRIMARY KEY, full_name VARCHAR(100), email VARCHAR(100), "
        "title_at_company DECIMAL(20,4), bio JSON, joined TIMESTAMP NULL, seen DATETIME(6), born DATE, ratio DOUBLE, "
        "active BOOLEAN, photo BLOB, at TIME)",
        "INSERT INTO crm.people VALUES (18446744073709551615, 'Ada 王 😀', 'ada@example.com', 12.5000, "
        """'{"a": [1, "x"]}', '2026-01-02 08:00:00', '2026-01-02 03:04:05.123456', '1815-12-10', 0.1, true, x'00ff', """
        "'01:02:03'), (2, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    )
    warehouse = open_warehouse(mariadb.url, f"duckdb:///{tmp_path / 'state.duckdb'}")
    types, rows = loaded(warehouse, "people")
    assert (types["id"], types["title_at_company"]) == ("DECIMAL(38,0)", "DECIMAL(38,4)")
    [_, ada] = rows
    # The server's zone is +05:00, so 08:00 there is 03:00 in UTC.
    assert str(ada[5]) == "2026-01-02 03:00:00"
    assert str(ada[6]) == "2026-01-02 03:04:05.123456"
    assert ada[11] == "01:02:03"
    assert (ada[1], ada[4], str(ada[7])) == ("Ada 王 😀", '{"a": [1, "x"]}', "1815-12-10")

    state = DuckDBFile(tmp_path)
    flow = Flow(_Data(mariadb.url, state), sandbox, Sync("contacts", "contact", "people"))
    assert (flow.run().delivered, flow.run().unchanged) == (2, 2)
    assert set(flow.room) == {"18446744073709551615", "2"}
    mariadb.sql("UPDATE crm.people SET full_name = 'Bea' WHERE id = 2", "DELETE FROM crm.people WHERE id > 2")
    report = flow.run()
    assert (report.delivered, report.absent_from_source) == (1, 1)
    with warehouse.source_session() as session, pytest.raises(SourceMissing):
        session.columns(Relation("nowhere"))


def test_a_zero_date_of_mariadb_makes_its_row_invalid_and_no_other(
    mariadb: MariaDB, tmp_path: Path, sandbox: SandboxServer
):
    zero = "SET STATEMENT sql_mode = '' FOR INSERT INTO crm.acts VALUES "
    mariadb.sql(
        "CREATE TABLE crm.acts (id VARCHAR(9), activity_type VARCHAR(20), user_id VARCHAR(9), timestamp DATETIME(6))",
        "INSERT INTO crm.acts VALUES ('a1', 'posted_message', 'u1', '2026-01-02 03:04:05.25')",
    )
    flow = acts(_Data(mariadb.url, DuckDBFile(tmp_path)), sandbox)
    assert by_day(flow, 2).delivered == 1
    mariadb.sql(*(f"{zero} ('z{n}', 'posted_message', 'u1', '{n}000-00-00')" for n in (0, 2)))
    for day in (1, 2):
        report = by_day(flow, day)
        assert (report.unchanged, report.invalid) == (day - 1, 2)
    assert {field for field, _ in flow.rejected().values()} == {"timestamp"}


class _Data:
    kind = "mysql-duckdb"

    def __init__(self, url: str, state: DuckDBFile):
        self.url, self.state_url = url, state.url
        self.sql = state.sql

    def dialect_of(self, sql: str) -> str:
        return sql

    def remove(self) -> None: ...
