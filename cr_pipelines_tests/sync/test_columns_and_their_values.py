"""Columns are found by name whatever their case, and a JSON string is sent without its quotation marks."""

import pytest

from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import WarehouseError
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import ARRANGEMENTS


@pytest.fixture(params=ARRANGEMENTS)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("selected", ["id, EMail AS email", 'id, EMail AS "eMail"', "*"])
def test_a_column_is_found_whatever_its_case(flow: Flow, selected: str):
    flow.sql("CREATE TABLE users (id VARCHAR(9), EMail VARCHAR(30))")
    flow.sql("INSERT INTO users VALUES ('c1', 'ada@example.com')")
    flow.sql(f"CREATE VIEW people AS SELECT {selected} FROM users")
    report = flow.reading("people").run()
    assert (report.delivered, report.ignored_columns) == (1, {})
    assert flow.room["c1"]["email"] == "ada@example.com"


def test_columns_that_differ_only_in_case_are_named(flow: Flow):
    with pytest.raises((SourceUnusable, WarehouseError), match=r"(?i)email") as caught:
        flow.reading("""SELECT 'c1' AS id, 'a@example.com' AS "Email", 'b@example.com' AS email""").run()
    assert "case" in str(caught.value)


def test_two_columns_of_one_name_are_an_error(flow: Flow):
    with pytest.raises(WarehouseError, match=r"(?i)email|ambiguous"):
        flow.reading("SELECT 'c1' AS id, 'a@example.com' AS email, 'b@example.com' AS email").run()


def test_a_json_scalar_is_its_value(flow: Flow):
    if flow.data.kind.startswith("sqlite"):
        pytest.skip("SQLite has no JSON type")
    kinds = ["JSON"] if flow.data.kind.startswith("duckdb") else ["json", "jsonb"]
    for kind in kinds:
        source = (
            f"""SELECT CAST('"c1"' AS {kind}) AS id, CAST('"Ada Lovelace"' AS {kind}) AS full_name, """
            f"""CAST('"ada@example.com"' AS {kind}) AS email, CAST('7' AS {kind}) AS city, """
            f"CAST('null' AS {kind}) AS country"
        )
        flow.reading(source).run()
        [person] = flow.room.values()
        assert (person["id"], person["fullName"], person["email"], person["city"]) == (
            "c1",
            "Ada Lovelace",
            "ada@example.com",
            "7",
        )
        assert person.get("country") is None
