"""A key, a person's id and an address have one spelling, whatever the column's type or the path they came by."""

import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cr_pipelines.sync import Partition, SourceUnusable, Sync, run_sync
from cr_pipelines.sync.contract import address_hash, canonical_address, canonical_id
from cr_pipelines.sync.plan.dataframe import as_arrow
from cr_pipelines.warehouse import Relation, Session, open_warehouse
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES, DuckDBFile, PostgreSQLDatabase


@pytest.fixture(params=CORE_ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


TYPES = {
    "duckdb": ["BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(20,4)", "VARCHAR", "JSON"],
    "postgresql": [
        "bigint",
        "double precision",
        "numeric",
        "numeric(20,4)",
        "text",
        "varchar(40)",
        "char(40)",
        "jsonb",
    ],
}


def spellings(session: Session, select: str) -> tuple[str | None, ...]:
    types = session.columns(Relation(select))
    keys = ", ".join(session.dialect.key([name], types) for name in types)
    [row] = session.fetch_all(f"SELECT {keys} FROM ({select}) AS one")
    return row


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    database = PostgreSQLDatabase()
    urls = {"duckdb": DuckDBFile(tmp_path_factory.mktemp("spelled")).url, "postgresql": database.url}
    with open_warehouse(urls["duckdb"]).session() as duck, open_warehouse(urls["postgresql"]).session() as postgresql:
        yield {"duckdb": duck, "postgresql": postgresql}
    database.remove()


@given(number=st.integers(-(2**53), 2**53))
@settings(max_examples=60, deadline=None)
def test_a_whole_number_is_one_key_in_every_type_of_every_engine(sessions: dict[str, Session], number: int) -> None:
    for name, session in sessions.items():
        columns = ", ".join(f"CAST('{number}' AS {kind}) AS c{at}" for at, kind in enumerate(TYPES[name]))
        assert set(spellings(session, f"SELECT {columns}")) == {str(number)}, name
    assert {canonical_id(value) for value in (number, float(number), Decimal(number), str(number))} == {str(number)}


@given(number=st.floats(2.0**63, 7e34).map(float.__trunc__))
@settings(max_examples=30, deadline=None)
def test_a_large_whole_number_has_all_its_digits(sessions: dict[str, Session], number: int) -> None:
    for session in sessions.values():
        double = session.dialect.types["double"]
        assert spellings(session, f"SELECT CAST('{number}' AS {double}) AS a") == (str(int(float(number))),)
    assert canonical_id(float(number)) == str(int(float(number)))


@given(number=st.decimals(-(10**6), 10**6, places=3))
@settings(max_examples=60, deadline=None)
def test_a_fraction_is_one_key_in_every_type(sessions: dict[str, Session], number: Decimal) -> None:
    for name, session in sessions.items():
        kinds = (session.dialect.types["double"], "DECIMAL(20,4)", "DECIMAL(12,3)")
        columns = ", ".join(f"CAST('{number}' AS {kind}) AS c{at}" for at, kind in enumerate(kinds))
        assert set(spellings(session, f"SELECT {columns}")) == {canonical_id(number)}, name


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_names_nothing(sessions: dict[str, Session], value: str) -> None:
    for session in sessions.values():
        select = f"SELECT CAST('{value}' AS {session.dialect.types['double']}) AS a"
        assert spellings(session, select) == (None,)


AROUND = st.text("\u200b\ufeff\u00ad\u2060 \t\n\u00a0\u2028\u0085\x1f", max_size=3)
LOCAL = st.text("abcXYZéÅñΩ0_-+", min_size=1, max_size=12)
DOMAIN = st.text("abcdüßøč", min_size=1, max_size=8)


@given(before=AROUND, after=AROUND, local=LOCAL, domain=DOMAIN)
@settings(max_examples=200, deadline=None)
def test_spellings_of_an_address_meet(before: str, after: str, local: str, domain: str) -> None:
    address = f"{local}@{domain}.example"
    spelled = [
        address,
        before + address + after,
        unicodedata.normalize("NFD", address),
        f"{local}@{domain.lower().encode('idna').decode() if 'ß' not in domain else domain}.example",
        address.upper() if "ß" not in address else address,
    ]
    assert len({address_hash(text) for text in spelled}) == 1
    assert len({canonical_address(text) for text in spelled}) == 1


def test_a_key_that_becomes_a_double_sends_nothing_again(flow: Flow) -> None:
    double, bigint = ("DOUBLE", "BIGINT") if flow.warehouse.kind == "duckdb" else ("double precision", "bigint")
    flow.sql(f"CREATE TABLE people AS SELECT CAST(7 AS {bigint}) AS id, 'Ada' AS full_name")
    people = Sync("people", "contact", "people")
    assert run_sync(people, flow.warehouse, flow.destination()).delivered == 1
    for kind in (double, "numeric(10,2)", bigint):
        flow.sql(f"ALTER TABLE people ALTER COLUMN id TYPE {kind}")
        again = run_sync(people, flow.warehouse, flow.destination())
        assert (again.unchanged, again.delivered, again.absent_from_source) == (1, 0, 0), kind


def test_a_ledger_with_keys_in_a_former_spelling_sends_nothing_again(flow: Flow) -> None:
    flow.sql("CREATE TABLE people AS SELECT CAST(1 AS numeric(6,2)) AS id, 'Ada' AS full_name")
    people = Sync("people", "contact", "people")
    assert run_sync(people, flow.warehouse, flow.destination()).delivered == 1
    flow.sql("UPDATE common_room.sync_ledger SET key = '1.00'")
    again = run_sync(people, flow.warehouse, flow.destination())
    assert (again.offered, again.absent_from_source) == (0, 0)
    assert flow.sql("SELECT key FROM common_room.sync_ledger") == [("1",)]


def test_padding_that_goes_with_the_type_sends_nothing_again(flow: Flow) -> None:
    flow.sql("CREATE TABLE people (id CHAR(8), city CHAR(20))")
    flow.sql("INSERT INTO people VALUES ('ada', 'Prague')")
    people = Sync("people", "contact", "people")
    assert run_sync(people, flow.warehouse, flow.destination()).delivered == 1
    assert (flow.room["ada"]["id"], flow.room["ada"]["city"]) == ("ada", "Prague")
    for column in ("id", "city"):
        flow.sql(f"ALTER TABLE people ALTER COLUMN {column} TYPE VARCHAR(40)")
        again = run_sync(people, flow.warehouse, flow.destination())
        assert (again.unchanged, again.offered, again.absent_from_source) == (1, 0, 0), column


def test_text_is_an_id_letter_by_letter(sessions: dict[str, Session]) -> None:
    """The API takes ids as they are: case and blanks make another person, and a UUID is text in lower case."""
    uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    for session in sessions.values():
        select = f"SELECT CAST('{uuid.upper()}' AS UUID) AS a, '{uuid}' AS b, '{uuid.upper()}' AS c, 'ada ' AS d"
        assert spellings(session, select) == (uuid, uuid, uuid.upper(), "ada ")
    assert [canonical_id(UUID(uuid)), canonical_id(uuid.upper()), canonical_id("ada ")] == [uuid, uuid.upper(), "ada "]


FRAME = Sync("people", "contact", "people")


def test_unsigned_ids_and_short_floats_of_a_frame_keep_their_value(flow: Flow) -> None:
    frame = pd.DataFrame(
        {
            "id": np.array([2**63 + 5], dtype="uint64"),
            "title_at_company": np.array([19.99], dtype="float32"),
            "city": np.array([0.5], dtype="float16"),
        }
    )
    run_sync(FRAME, flow.warehouse, flow.destination(), frame=frame)
    person = flow.room[str(2**63 + 5)]
    assert (person["titleAtCompany"], person["city"]) == ("19.99", "0.5")


def test_a_nul_character_costs_its_row_only(flow: Flow) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "full_name": ["A\0", "B"]})
    report = run_sync(FRAME, flow.warehouse, flow.destination(), frame=frame)
    assert (report.delivered, report.invalid) == (1, 1)


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        ([None, {"Note": b"x"}], "bytes in row 2"),
        ([{"Note": {"x"}}, None], "set in row 1"),
        ([{"Note": pd.Period("2026-01")}, None], "Period in row 1"),
        ([{"x"}, None], "set in row 1"),
        (pd.period_range("2026-01", periods=2, freq="M"), "period"),
    ],
)
def test_a_cell_that_cannot_be_sent_is_named_without_its_value(cells: Any, named: str) -> None:
    with pytest.raises(SourceUnusable, match=named) as error:
        as_arrow(pd.DataFrame({"id": ["a", "b"], "custom_fields": cells}))
    assert "custom_fields" in str(error.value)


@pytest.mark.parametrize("names", [["Email", "email"], ["id", "id"]])
def test_columns_of_one_name_are_named(names: list[str]) -> None:
    with pytest.raises(SourceUnusable, match=names[0]):
        as_arrow(pd.DataFrame([["a", "b"]], columns=names))


def test_nested_cells_become_json() -> None:
    cells = [{"a": pd.NA, "b": np.array(["x"]), "c": np.float32(19.99), "d": Decimal("5.00")}, pd.NA]
    [text, none] = as_arrow(pd.DataFrame({"c": cells})).column("c").to_pylist()
    assert (text, none) == ('{"a": null, "b": ["x"], "c": 19.99, "d": "5"}', None)


def test_a_partition_column_of_another_type_is_named(flow: Flow) -> None:
    flow.sql("CREATE TABLE acts AS SELECT 'a' AS id, 'link' AS activity_type, 'u' AS user_id, 1772359200 AS timestamp")
    day = Partition.of_day("timestamp", date(2026, 3, 1))
    with pytest.raises(SourceUnusable, match="column timestamp of acts has the type"):
        run_sync(Sync("acts", "activity", "acts"), flow.warehouse, flow.destination(), partition=day)
