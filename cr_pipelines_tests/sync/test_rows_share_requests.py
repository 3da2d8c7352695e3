"""Kinds that put several rows into one request: tags of a contact, members of a segment."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cr_pipelines.api import Backoff, careful
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Sync, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.warehouses import empty_warehouse

ADDRESS = "'person' || i || '@example.com'"


def members(flow: Flow, source: str, **options: object) -> Flow:
    return Flow(flow.data, flow.sandbox, Sync("members", "segment_member", flow.data.dialect_of(source), **options))


def posted(sandbox: SandboxServer, operation: str = "addContactsToSegment") -> list[tuple[int, int]]:
    """The status of each request and how many rows it was for."""
    requests = sandbox.control.requests(operation=operation)
    listed = "tags" if operation == "addTagsToContact" else "value"
    return [(request["status"], request["body"][listed].count(",") + 1) for request in requests]


def sizes(sandbox: SandboxServer) -> dict[str, int]:
    return {segment["name"]: len(segment["members"]) for segment in sandbox.control.segments()}


@pytest.mark.long
def test_1000_members_cost_10_requests_and_one_unknown_address_costs_none_of_the_others(
    flow: Flow, sandbox: SandboxServer
):
    introduce(sandbox, [(f"c{i}", f"Name {i}", f"person{i}@example.com") for i in range(1_000)])
    flow.sql(
        f"CREATE TABLE crowd AS SELECT 'Champions' AS segment, 'email' AS social_type, {ADDRESS} AS value "
        "FROM generate_series(0, 999) AS numbers(i)"
    )
    sync = members(flow, "crowd")
    report = sync.run()
    assert (report.delivered, posted(sandbox)) == (1_000, [(200, 100)] * 10)
    sandbox.control.clear_requests()
    flow.sql("INSERT INTO crowd SELECT 'Event guests', social_type, value FROM crowd LIMIT 200")
    flow.sql("INSERT INTO crowd VALUES ('Event guests', 'email', 'nobody@example.com')")
    report = sync.run()
    assert (report.delivered, report.failed, report.unchanged) == (200, 1, 1_000)
    assert (sizes(sandbox)["Champions"], sizes(sandbox)["Event guests"]) == (1_000, 200)
    # The batch with the stranger is halved until the stranger is alone.
    assert len(posted(sandbox)) <= 3 + 2 * 7


def test_a_batch_holds_one_segment_one_network_and_one_status_and_no_more_than_it_may(
    flow: Flow, sandbox: SandboxServer
):
    introduce(sandbox, flow.sql("SELECT id, full_name, email FROM common_room_contacts"))
    source = f"""SELECT CASE WHEN i % 2 = 0 THEN 'Champions' ELSE 'Event guests' END AS segment,
        'email' AS social_type, {ADDRESS} AS value,
        CASE WHEN i IN (0, 2) THEN 'Engaged' WHEN i = 1 THEN 'Invited' END AS status
        FROM generate_series(0, 9) AS numbers(i)"""
    assert members(flow, source, batch_size=3).run().delivered == 10
    assert Counter(rows for _, rows in posted(sandbox)) == {3: 2, 2: 1, 1: 2}


def test_all_new_tags_of_one_contact_go_in_one_request(flow: Flow, sandbox: SandboxServer):
    introduce(sandbox, [("c0", "Ada", "person0@example.com"), ("c1", "Bob", "person1@example.com")])
    flow.sql("CREATE TABLE labels AS SELECT 'email' AS social_type, 'person' || (i % 2) || '@example.com' AS value, "
             "'Label ' || i AS tag FROM generate_series(0, 7) AS numbers(i)")  # fmt: skip
    sync = Flow(flow.data, sandbox, Sync("contact_tags", "contact_tag", "labels"))
    sync.run()
    assert posted(sandbox, "addTagsToContact") == [(200, 4)] * 2
    sandbox.control.clear_requests()
    flow.sql("INSERT INTO labels VALUES ('email', 'person0@example.com', 'A'), ('email', 'person0@example.com', 'B')")
    sync.run()
    assert posted(sandbox, "addTagsToContact") == [(200, 2)]
    assert sorted(flow.room["c0"]["tags"]) == ["A", "B", "Label 0", "Label 2", "Label 4", "Label 6"]


def test_what_cannot_stand_in_a_list_is_invalid_and_stays_out_of_the_batch(flow: Flow, sandbox: SandboxServer):
    introduce(sandbox, flow.sql("SELECT id, full_name, email FROM common_room_contacts"))
    sandbox.control.add_segment("Late", ["New"])
    report = members(
        flow,
        """SELECT * FROM (VALUES ('Champions', 'email', 'person1@example.com', NULL),
        ('Champions', 'email', 'person2@example.com,person3@example.com', NULL), ('Champions', 'email', 'ada', NULL),
        ('Champions', 'fax', 'person4@example.com', NULL), ('Campions', 'email', 'person5@example.com', NULL),
        ('Champions', 'email', 'person6@example.com', 'Engagd'), ('late', 'email', 'person7@example.com', 'New'))
        AS t(segment, social_type, value, status)""",
    ).run()
    assert (report.delivered, report.invalid) == (2, 5)
    said = sorted(message for _, message in flow.rejected().values())
    assert said == [
        "segment is not a segment of the room; did you mean Champions?",
        "social_type is not one of email, twitter, github, linkedin",
        "status is not a status of the segment; did you mean Engaged?",
        "value has a comma, which separates entries in the API; remove it",
        "value is not an e-mail address: it has no @; correct it or make it null",
    ]


def test_only_the_statuses_of_named_segments_are_read(flow: Flow, sandbox: SandboxServer):
    introduce(sandbox, [("c0", "Ada", "person0@example.com")])
    one = "SELECT 'champions' AS segment, 'email' AS social_type, 'person0@example.com' AS value"
    members(flow, one).run()
    assert not sandbox.control.requests(operation="getSegmentStatuses")
    members(flow, f"{one}, 'Contacted' AS status").run()
    assert len(sandbox.control.requests(operation="getSegmentStatuses")) == 1


def test_a_contact_that_is_not_there_yet_is_offered_until_patience_ends(flow: Flow, sandbox: SandboxServer):
    flow.sql("CREATE TABLE late AS SELECT 'email' AS social_type, 'late@example.com' AS value, 'VIP' AS tag")
    sync = Flow(flow.data, sandbox, Sync("contact_tags", "contact_tag", "late", max_not_found_runs=3))
    assert [(report.failed, report.rejected) for report in (sync.run(), sync.run())] == [(1, 0)] * 2
    # A run that got no answer neither counts nor begins the count again.
    sandbox.control.set_faults(error_rate=1.0, operations=["addTagsToContact"])
    impatient = sync.destination(retry=careful(Backoff(attempts=1)))
    assert run_sync(sync.sync, sync.warehouse, impatient).failed == 1
    sandbox.control.set_faults()
    report = sync.run()
    assert (report.failed, report.rejected) == (0, 1)
    assert "3 runs in a row" in report.rejected_rows[0].message
    sandbox.control.clear_requests()
    assert (sync.run().rejected, sandbox.control.requests()) == (1, [])
    introduce(sandbox, [("late", "Late", "late@example.com")])
    assert sync.run(resync="failed").delivered == 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.long
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    crowd=st.lists(st.tuples(st.sampled_from(["Champions", "Event guests"]), st.booleans()), min_size=1, max_size=24),
    batch_size=st.integers(1, 9),
)
def test_whoever_is_known_arrives_whoever_is_unknown_is_failed_whatever_the_batches(
    crowd: list[tuple[str, bool]], batch_size: int, path: Path, sandbox: SandboxServer
):
    sandbox.control.reset()
    rows = [
        f"('{segment}', 'email', '{'c' if known else 'x'}{number}@example.com')"
        for number, (segment, known) in enumerate(crowd)
    ]
    introduce(sandbox, [(str(n), f"Name {n}", f"c{n}@example.com") for n, (_, known) in enumerate(crowd) if known])
    with empty_warehouse(path) as data:
        data.sql(f"CREATE TABLE crowd AS SELECT * FROM (VALUES {', '.join(rows)}) AS t(segment, social_type, value)")
        report = members(Flow(data, sandbox), "crowd", batch_size=batch_size).run()
    arrived = Counter(segment for segment, known in crowd if known)
    assert (report.delivered, report.failed) == (arrived.total(), len(crowd) - arrived.total())
    for name in ("Champions", "Event guests"):
        assert sizes(sandbox)[name] == arrived[name]
    assert all(rows <= batch_size for _, rows in posted(sandbox))
