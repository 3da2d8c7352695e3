"""The pandas door: rows that are in no table, by the same plan and ledger."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cr_pipelines.sync import Report, SourceUnusable, Sync, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import EITHER_ENGINE

FRAME_SYNC = Sync("people", "contact", "people")


@pytest.fixture(params=EITHER_ENGINE)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(flow: Flow, frame: Any, sync: Sync = FRAME_SYNC, **options: Any) -> Report:
    return run_sync(sync, flow.warehouse, flow.destination(), frame=frame, **options)


@pytest.fixture
def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["p1", "p2", "p3"],
            "full_name": ["Ada", None, "Grace"],
            "email": ["ada@example.com", "bob@example.com", np.nan],
            "country": pd.Categorical(["UK", "UK", "US"]),
            "custom_fields": [{"Seats": np.int64(3)}, {"Plan": "Free", "Seats": np.nan}, None],
            "tags": [["pioneer", "maths"], [], None],
        },
        index=[7, 7, 9],
    )


def test_a_frame_is_planned_and_delivered_as_a_table_would_be(flow: Flow, people: pd.DataFrame):
    first = run(flow, people)
    assert (first.source_rows, first.delivered, first.ignored_columns) == (3, 3, {})
    room = flow.room
    assert room["p1"]["custom_fields"] == {"Seats": 3}
    assert room["p2"]["custom_fields"] == {"Plan": "Free"}
    assert (room["p1"]["tags"], room["p1"]["country"]) == (["pioneer", "maths"], "UK")
    assert "fullName" not in room["p2"]
    second = run(flow, people)
    assert (second.unchanged, second.requests) == (3, 0)
    people.loc[9, "full_name"] = "Grace Hopper"
    third = run(flow, people)
    assert (third.delivered, third.unchanged) == (1, 2)
    assert run(flow, people.iloc[:2]).absent_from_source == 1
    assert run(flow, people.iloc[:0]).emptied


def test_nothing_of_a_frame_stays_in_the_warehouse(flow: Flow, people: pd.DataFrame):
    run(flow, people)
    with flow.warehouse.session() as session:
        tables = session.fetch_all("SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%frame%'")
    # The one that an IO manager may keep frames in, until the sync has read them.
    assert tables == [("data_frames",)]
    assert flow.sql("SELECT count(*) FROM common_room.data_frames") == [(0,)]


def test_a_key_that_one_dict_lacks_clears_nothing(flow: Flow, people: pd.DataFrame):
    clearing = Sync("people", "contact", "people", clear_nulls=True)
    frame = pd.DataFrame({"id": ["p1", "p2"], "custom_fields": [{"Seats": 3, "Plan": "Free"}, {"Seats": 4}]})
    run(flow, frame, clearing)
    frame = pd.DataFrame({"id": ["p1", "p2"], "custom_fields": [{"Seats": 5}, {"Plan": "Team"}]})
    run(flow, frame, clearing)
    room = flow.room
    assert (room["p1"]["custom_fields"], room["p2"]["custom_fields"]) == (
        {"Seats": 5, "Plan": "Free"},
        {"Seats": 4, "Plan": "Team"},
    )


def test_moments_of_a_frame_are_moments(flow: Flow):
    moments = pd.to_datetime([datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)])
    frame = pd.DataFrame({"id": ["a", "b"], "activity_type": "link", "user_id": "u", "timestamp": moments})
    activities = Sync("clicks", "activity", "clicks")
    assert run(flow, frame, activities).delivered == 2
    naive = frame.assign(timestamp=moments.tz_localize(None).astype("datetime64[ns]"))
    assert run(flow, naive, activities).invalid == 0
    sent = flow.sandbox.control.requests(operation="addUpdateActivityToSource")
    assert {request["body"]["timestamp"] for request in sent} == {"2026-03-01T12:00:00Z", "2026-03-02T00:00:00Z"}


def test_a_frame_that_cannot_be_a_source_says_why_and_quotes_nobody(flow: Flow):
    with pytest.raises(SourceUnusable, match="column email of the data frame holds values of several types") as caught:
        run(flow, pd.DataFrame({"id": ["a", "b"], "email": ["secret@example.com", 3]}))
    assert "secret" not in str(caught.value)
    with pytest.raises(SourceUnusable, match="two columns with the same name"):
        run(flow, pd.DataFrame([[1, 2]], columns=["id", "id"]))
    with pytest.raises(SourceUnusable, match="has no column id"):
        run(flow, pd.DataFrame({"full_name": ["Ada"]}))
