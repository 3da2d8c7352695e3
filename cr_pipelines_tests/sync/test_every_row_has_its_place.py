"""The general rule, over random histories of a source: every row is accounted for, and the room equals the source."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import empty_warehouse

KEYS = ["a", "b", "c", "d"]
GOOD, BAD = st.sampled_from(["x@example.com", "y@example.com", None]), st.just("no address")


@dataclass(frozen=True)
class Row:
    id: str | None
    email: str | None
    full_name: str


rows = st.lists(
    st.builds(Row, st.sampled_from([*KEYS, None]), GOOD | BAD, st.sampled_from(["", "Ada", "Bob"])), max_size=6
)
runs = st.tuples(
    rows,
    st.fixed_dictionaries(
        {
            "resync": st.sampled_from(["changed", "changed", "failed", "all"]),
            "dry_run": st.booleans(),
            "limit": st.sampled_from([None, None, 1, 3]),
            "keys": st.sampled_from([(), (), ("a", "b")]),
        }
    ),
)


def load(flow: Flow, content: list[Row]) -> None:
    def literal(value: str | None) -> str:
        return "NULL" if value is None else f"'{value}'"

    listed = [f"({literal(row.id)}, {literal(row.email)}, {literal(row.full_name)})" for row in content]
    flow.sql(
        "DROP TABLE IF EXISTS common_room_contacts;"
        "CREATE TABLE common_room_contacts (id VARCHAR, email VARCHAR, full_name VARCHAR);"
        + (f"INSERT INTO common_room_contacts VALUES {', '.join(listed)}" if listed else "")
    )


def sendable(content: list[Row]) -> dict[str, Row]:
    ids = [row.id for row in content]
    return {row.id: row for row in content if row.id and ids.count(row.id) == 1 and row.email != "no address"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.long
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(runs, min_size=1, max_size=4), end=rows)
def test_every_row_has_its_place_and_the_room_equals_the_source(
    history: list[tuple[list[Row], dict]], end: list[Row], path: Path, sandbox: SandboxServer
):
    sandbox.control.reset()
    with empty_warehouse(path) as data:
        follow(Flow(data, sandbox), history, end)


def follow(flow: Flow, history: list[tuple[list[Row], dict]], end: list[Row]) -> None:
    for content, options in [*history, (end, {})]:
        load(flow, content)
        report = flow.run(**options)
        assert report.source_rows == sum(
            getattr(report, place)
            for place in (
                "unchanged", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent",
            )
        )  # fmt: skip
        assert report.not_sent >= 0
    expected = sendable(end)
    room = flow.room
    assert {key: (room[key].get("fullName"), room[key].get("email")) for key in expected} == {
        key: (row.full_name, row.email or room[key].get("email")) for key, row in expected.items()
    }
    if end:
        flow.sandbox.control.clear_requests()
        assert flow.run().requests == 0
        shown = set(flow.rejected())
        assert shown == {row.id or "@null" for row in end} - set(expected)
