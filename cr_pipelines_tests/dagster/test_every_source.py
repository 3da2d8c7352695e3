"""Every built-in sync, materialized by Dagster and compared with the requests that the sandbox recorded."""

from typing import Any

import dagster as dg
import pytest

from cr_pipelines.components import syncs_of
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines_tests.support import vendor_requests
from cr_pipelines_tests.support.kinds import CASES, Case
from cr_pipelines_tests.support.location import Location, Outcome
from cr_pipelines_tests.support.room import introduce

DAY = "2026-03-01"
"""Of all activities of the case."""

SYNCS = {
    "contact": "contacts",
    "activity": "activities",
    "tag": "tags",
    "contact_tag": "contact_tags",
    "custom_field_value": "custom_field_values",
    "segment_member": "segment_members",
    "contact_note": "contact_notes",
    "segment_note": "segment_notes",
    "existing_contact": "existing_contacts",
    "contact_activity": "contact_activities",
}

UNLIKE = ("contact", "activity", "tag", "contact_note")
"""One of each way: as it is, day by day, compared with the room, and at most once."""

each_kind = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


def materialize(location: Location, case: Case) -> Outcome:
    return location.run(f"sync_{SYNCS[case.kind]}", partition_key=DAY if CONTRACTS[case.kind].partition_by else None)


def written(location: Location) -> list[dict[str, Any]]:
    """The requests that are no look-ups, since the record was cleared."""
    requests = location.sandbox.control.requests()
    location.sandbox.control.clear_requests()
    return [request for request in requests if request["method"] != "GET"]


def test_there_is_a_ready_made_sync_of_every_kind(location: Location) -> None:
    found = {sync.kind: (sync.name, sync.source) for sync in syncs_of(location.definitions)}

    assert found == {kind: (name, f"common_room_{name}") for kind, name in SYNCS.items()}
    assert list(SYNCS) == list(CONTRACTS)


@pytest.mark.long
@each_kind
def test_the_first_run_delivers_all_the_second_nothing_and_a_changed_row_is_one_request(
    location: Location, case: Case
) -> None:
    introduce(location.sandbox, location.sql("SELECT id, full_name, email FROM common_room_contacts"))
    table = f"common_room_{SYNCS[case.kind]}"
    location.sql(f"CREATE OR REPLACE TABLE {table} AS {case.source}")

    first = materialize(location, case)
    posted = written(location)
    second = materialize(location, case)
    nothing = written(location)
    location.sql(f"UPDATE {table} SET {case.change}")
    third = materialize(location, case)
    changed = written(location)

    assert first.succeeded
    assert first.materializations[0]["rows_delivered"] == 10
    assert set(first.check_outcomes.values()) == {"passed"}
    assert [request["operation"] for request in posted] == [case.operation] * case.posts
    assert (second.materializations[0]["rows_unchanged"], nothing) == (10, [])
    assert third.succeeded
    assert len(changed) == case.posts_on_change
    assert [vendor_requests.faults(request) for request in posted + changed] == [[] for _ in posted + changed]


@pytest.mark.parametrize("case", [case for case in CASES if case.kind in UNLIKE], ids=lambda case: case.kind)
def test_a_run_without_a_source_succeeds_with_a_warning(location: Location, case: Case) -> None:
    location.sql("DROP TABLE common_room_contacts")

    outcome = materialize(location, case)

    assert outcome.succeeded
    assert (outcome.check_outcomes, outcome.materializations) == ({"source_usable": "warn"}, [])
    assert f"common_room_{SYNCS[case.kind]}" in (outcome.checks["source_usable"].description or "")
    assert written(location) == []


def test_all_syncs_share_the_pool(location: Location) -> None:
    keys = {dg.AssetKey(["common_room", name]) for name in SYNCS.values()}
    pools = {location.definitions.resolve_assets_def(key).op.pool for key in keys}
    assert pools == {"common_room_api"}
