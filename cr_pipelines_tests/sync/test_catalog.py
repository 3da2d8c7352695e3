"""What the room defines, read into tables; and what our sources name that it lacks."""

import json

import pytest

from cr_pipelines.api import CommonRoomError
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import CATALOG_TABLES, Sync, SyncError, read_catalog, unknown_names
from cr_pipelines_tests.support.flow import Flow


def test_the_room_is_read_into_tables_that_are_replaced_as_a_whole(flow: Flow, sandbox: SandboxServer):
    sandbox.control.add_custom_field("Foreign", "string", sources=[sandbox.control.add_source("Other")])
    counts = read_catalog(flow.warehouse, flow.destination())
    assert tuple(counts) == CATALOG_TABLES
    assert counts == {
        "room_activity_types": 14,
        "room_custom_fields": 10,
        "room_segments": 3,
        "room_segment_statuses": 10,
        "room_tags": 3,
    }
    [(type_, several, accepted, writable)] = flow.sql(
        "SELECT type, multivalue, accepted_values, writable FROM common_room.room_custom_fields WHERE name = 'Plan'"
    )
    assert (type_, several, json.loads(accepted), writable) == (
        "enum",
        False,
        ["Free", "Team", "Business", "Enterprise"],
        True,
    )
    assert flow.sql("SELECT writable FROM common_room.room_custom_fields WHERE name = 'Foreign'") == [(False,)]
    assert flow.sql("SELECT description FROM common_room.room_tags WHERE name = 'customer'") == [("Has a paid plan",)]
    sandbox.control.add_segment("Late", ["New"])
    sandbox.control.reset()
    assert read_catalog(flow.warehouse, flow.destination())["room_segments"] == 3
    assert flow.sql("SELECT count(*) FROM common_room.room_segments") == [(3,)]


def test_a_room_that_cannot_be_read_leaves_the_tables_as_they_were(flow: Flow):
    read_catalog(flow.warehouse, flow.destination())
    with pytest.raises(CommonRoomError):
        read_catalog(flow.warehouse, flow.destination(token="wrong"))
    assert flow.sql("SELECT count(*) FROM common_room.room_segments") == [(3,)]


def test_names_that_the_room_lacks_are_found_in_the_source_without_a_request(flow: Flow, sandbox: SandboxServer):
    members = Sync(
        "segment_members",
        "segment_member",
        flow.data.dialect_of(
            "SELECT * FROM (VALUES ('Champions', 'a', 'Engaged'), ('Champions', 'b', 'Engagd'), "
            "('champions', 'c', 'Engagd'), ('Losers', 'd', 'Engaged'), (NULL, 'e', NULL)) AS t(segment, value, status)"
        ),
    )
    with pytest.raises(SyncError, match="has not been read yet"):
        unknown_names(members, flow.warehouse)
    read_catalog(flow.warehouse, flow.destination())
    sandbox.control.clear_requests()
    found = [(unknown.column, unknown.name, unknown.rows) for unknown in unknown_names(members, flow.warehouse)]
    assert found == [("segment", "Losers", 1), ("status", "Engagd", 1), ("status", "Engagd", 1)]
    activities = Sync(
        "activities",
        "activity",
        "SELECT 'x' AS id, 'Link' AS activity_type, 'lnk' AS parent_activity_type UNION ALL SELECT 'y', 'link', 'link'",
    )
    [unknown] = unknown_names(activities, flow.warehouse)
    assert unknown.message == "parent_activity_type is not an activity type of the room; did you mean Link?"
    fields = Sync("values", "custom_field_value", "SELECT 'Plan' AS field UNION ALL SELECT 'Plam'")
    assert [unknown.name for unknown in unknown_names(fields, flow.warehouse)] == ["Plam"]
    assert unknown_names(flow.sync, flow.warehouse) == []
    assert sandbox.control.requests() == []
