"""Values keep their meaning: short floats, what is no number, empty lists, and fields whose names are alike."""

from dataclasses import replace
from typing import Any

import pytest

from cr_pipelines.sync import Report, Sync, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES

pytestmark = pytest.mark.parametrize("engine", CORE_ENGINES)

FIELDS = Sync("field_values", "custom_field_value", "field_values")


@pytest.fixture
def flow(flow: Flow) -> Flow:
    """Ten people in the room, and fields of several types."""
    control = flow.sandbox.control
    control.add_custom_field("Score", "number")
    control.add_custom_field("Languages", "string", multivalue=True)
    for name in ("Tier", "tier"):
        control.add_custom_field(name, "string")
    flow.run()
    control.settle()
    return flow


def run(flow: Flow, rows: str, **changes: Any) -> Report:
    flow.sql("DROP TABLE IF EXISTS field_values")
    flow.sql(f"CREATE TABLE field_values AS {rows}")
    report = run_sync(replace(FIELDS, **changes), flow.warehouse, flow.destination())
    flow.sandbox.control.settle()
    return report


def fields(flow: Flow, person: str) -> dict[str, Any]:
    return dict(flow.room[person]["custom_fields"])


def test_a_short_float_is_sent_as_it_is_written(flow: Flow) -> None:
    run(flow, "SELECT 'c1' AS user_id, 'Score' AS field, CAST(19.99 AS REAL) AS field_value")
    assert fields(flow, "c1")["Score"] == 19.99
    run(flow, "SELECT 'c1' AS user_id, 'Tier' AS field, CAST(0.1 AS REAL) AS field_value")
    assert fields(flow, "c1")["Tier"] == "0.1"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("kind", ["REAL", "DOUBLE PRECISION"])
def test_what_is_no_number_is_invalid(flow: Flow, value: str, kind: str) -> None:
    if value == "NaN" and flow.data.kind.startswith("sqlite"):
        pytest.skip("SQLite stores NaN as null")
    report = run(flow, f"SELECT 'c1' AS user_id, 'Score' AS field, CAST('{value}' AS {kind}) AS field_value")
    assert (report.invalid, report.delivered) == (1, 0)
    assert "Score" not in fields(flow, "c1")


def test_an_empty_list_clears_a_field_only_if_the_sync_clears_nulls(flow: Flow) -> None:
    row = "SELECT 'c1' AS user_id, 'Languages' AS field, '{}' AS field_value"
    run(flow, row.format('["Go", "SQL"]'))
    assert fields(flow, "c1")["Languages"] == ["Go", "SQL"]
    run(flow, row.format("[]"))
    assert fields(flow, "c1")["Languages"] == ["Go", "SQL"]
    run(flow, row.format("[]"), clear_nulls=True)
    assert not fields(flow, "c1").get("Languages")


def test_a_name_goes_to_the_field_that_it_matches_exactly(flow: Flow) -> None:
    run(flow, "SELECT 'c1' AS user_id, 'tier' AS field, 'gold' AS field_value")
    assert fields(flow, "c1").get("tier") == "gold"
    assert "Tier" not in fields(flow, "c1")
    report = run(flow, "SELECT 'c2' AS user_id, 'TIER' AS field, 'gold' AS field_value")
    assert (report.invalid, report.delivered) == (1, 0)
