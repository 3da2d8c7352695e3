"""Tags and custom fields of people whose key in the API signal is known: POST /source/{id}/user, with nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from cr_pipelines.sync import Destination, Options, Report, Sync, SyncError, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import APART, EITHER_ENGINE

TAGS = Sync("contact_tags", "contact_tag", "labels")
FIELDS = Sync("custom_field_values", "custom_field_value", "field_values")


@pytest.fixture(params=[*EITHER_ENGINE, *APART])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def flow(flow: Flow) -> Flow:
    """Ten people in the room, with everything that contacts have."""
    flow.run()
    flow.sandbox.control.settle()
    flow.sandbox.control.clear_requests()
    return flow


def run(flow: Flow, sync: Sync, **options: Any) -> Report:
    report = run_sync(sync, flow.warehouse, flow.destination(), options=Options(**options))
    flow.sandbox.control.settle()
    return report


def bodies(flow: Flow, operation: str = "addUpdateUserToSource") -> list[dict[str, Any]]:
    found = [request["body"] for request in flow.sandbox.control.requests(operation=operation)]
    flow.sandbox.control.clear_requests()
    return found


def test_all_tags_of_a_person_go_in_one_request_that_has_nothing_else(flow: Flow):
    before = flow.room
    flow.sql(
        "CREATE TABLE labels AS SELECT 'c' || (i % 2) AS user_id, 'Label ' || i AS tag "
        "FROM generate_series(0, 7) AS numbers(i)"
    )
    assert run(flow, TAGS).delivered == 8
    sent = sorted(bodies(flow), key=lambda body: body["id"])
    assert [(sorted(body), body["id"], len(body["tags"])) for body in sent] == [
        (["id", "tags"], "c0", 4),
        (["id", "tags"], "c1", 4),
    ]
    assert sorted(flow.room["c0"]["tags"]) == ["Label 0", "Label 2", "Label 4", "Label 6"]
    # The sandbox leaves alone what is left out, as the real API is assumed to.
    assert {**flow.room["c0"], "tags": []} == {**before["c0"], "tags": []}
    assert (run(flow, TAGS).unchanged, bodies(flow)) == (8, [])
    flow.sql("INSERT INTO labels VALUES ('c0', 'New')")
    assert run(flow, TAGS).delivered == 1
    assert [[tag["name"] for tag in body["tags"]] for body in bodies(flow)] == [["New"]]


def test_all_fields_of_a_person_go_in_one_request_and_a_null_clears_one(flow: Flow):
    flow.sql("CREATE TABLE field_values AS SELECT 'c3' AS user_id, 'Seats' AS field, '7' AS field_value")
    flow.sql("INSERT INTO field_values VALUES ('c3', 'Plan', 'Team'), ('c4', 'Seats', '8')")
    assert run(flow, FIELDS).delivered == 3
    assert sorted((body["id"], len(body["customFields"]), len(body)) for body in bodies(flow)) == [
        ("c3", 2, 2),
        ("c4", 1, 2),
    ]
    assert flow.room["c3"]["custom_fields"] == {"Seats": 7, "Plan": "Team"}
    flow.sql("UPDATE field_values SET field_value = NULL WHERE user_id = 'c3' AND field = 'Seats'")
    assert run(flow, FIELDS).invalid == 1
    assert bodies(flow) == []
    assert run(flow, replace(FIELDS, clear_nulls=True)).delivered == 1
    assert "Seats" not in flow.room["c3"]["custom_fields"]


def test_a_mixed_source_uses_each_way_once(flow: Flow):
    flow.sql("CREATE TABLE labels (user_id VARCHAR, social_type VARCHAR, value VARCHAR, tag VARCHAR)")
    flow.sql(
        "INSERT INTO labels VALUES ('c0', NULL, NULL, 'A'), (NULL, 'email', 'person1@example.com', 'B'), "
        "('c2', 'email', 'person2@example.com', 'C'), (NULL, NULL, 'person3@example.com', 'D'), "
        "('c2', 'fax', 'not read', 'E'), (NULL, 'email', 'person1@example.com', 'F')"
    )
    report = run(flow, TAGS)
    assert (report.delivered, report.null_keys) == (5, 1)
    [legacy] = bodies(flow, "addTagsToContact")
    assert (legacy["value"], sorted(legacy["tags"].split(","))) == ("person1@example.com", ["B", "F"])
    assert [sorted(flow.room[f"c{n}"]["tags"]) for n in range(4)] == [["A"], ["B", "F"], ["C", "E"], []]
    assert run(flow, TAGS).unchanged == 5
    # A contact whose key becomes known is named by it from then on.
    flow.sql("UPDATE labels SET user_id = 'c1' WHERE tag = 'B'")
    flow.sandbox.control.clear_requests()
    report = run(flow, TAGS)
    assert (report.delivered, report.absent_from_source) == (1, 1)
    assert [body["id"] for body in bodies(flow)] == ["c1"]


def test_legacy_fields_in_a_mixed_source_have_a_request_each(flow: Flow):
    flow.sql(
        "CREATE TABLE field_values "
        "(user_id VARCHAR, social_type VARCHAR, value VARCHAR, field VARCHAR, field_value VARCHAR)"
    )
    flow.sql(
        "INSERT INTO field_values VALUES (NULL, 'email', 'person1@example.com', 'Seats', '5'), "
        "(NULL, 'email', 'person1@example.com', 'Plan', 'Team'), ('c0', NULL, NULL, 'Seats', '6')"
    )
    assert run(flow, FIELDS).delivered == 3
    assert len(bodies(flow, "setContactCustomFieldValue")) == 2
    assert [flow.room[id_]["custom_fields"] for id_ in ("c0", "c1")] == [{"Seats": 6}, {"Seats": 5, "Plan": "Team"}]


def test_a_source_with_ids_needs_a_destination_source(flow: Flow):
    flow.sql("CREATE TABLE labels AS SELECT 'c0' AS user_id, 'A' AS tag")
    destination = Destination(flow.destination().open_client)
    with pytest.raises(SyncError, match="COMMON_ROOM_DESTINATION_SOURCE_ID"):
        run_sync(TAGS, flow.warehouse, destination)
    flow.sql("CREATE TABLE legacy AS SELECT 'email' AS social_type, 'person0@example.com' AS value, 'A' AS tag")
    assert run_sync(replace(TAGS, name="legacy", source="legacy"), flow.warehouse, destination).delivered == 1


def test_a_source_with_neither_way_is_refused(flow: Flow):
    flow.sql("CREATE TABLE labels AS SELECT 'A' AS tag")
    with pytest.raises(SyncError, match="social_type, value"):
        run(flow, TAGS)
