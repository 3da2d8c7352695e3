"""A request for removal that arrives while rows of any kind are on their way, alone or several in one request."""

import json
import threading
import time
from dataclasses import replace

import pytest

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.removal import Timing
from cr_pipelines.sync import Destination, Report, Sync, run_sync
from cr_pipelines.sync import Timing as EngineTiming
from cr_pipelines_tests.support.kinds import CASES, Case
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.statement import requests_later_than_removal

ABOUT_PEOPLE = [case for case in CASES if "@example.com" in case.source]


@pytest.fixture
def office(office: Office) -> Office:
    """The office, its ten people in the room, with runs that look every tenth of a second who is suppressed."""
    introduce(office.sandbox, office.sql("SELECT id, full_name, email FROM common_room_contacts"))
    office.timing = Timing(engine=EngineTiming(flush_seconds=0.1))
    return office


def sync_one_by_one(office: Office, sync: Sync) -> Report:
    sandbox = office.sandbox
    destination = Destination(lambda: CommonRoomClient(sandbox.token, sandbox.base_url, max_concurrency=1), 1)
    return run_sync(sync, office.warehouse, destination, timing=office.timing.engine)


def removed_midway(office: Office, case: Case, sync: Sync, email: str) -> Report:
    """A sync that learns of a removal while one of its requests is in flight and others wait for their turn."""
    office.sandbox.control.set_faults(latency_seconds=6 / case.posts, operations=[case.operation])
    reports: list[Report] = []
    running = threading.Thread(target=lambda: reports.append(sync_one_by_one(office, sync)))
    running.start()
    while not office.sandbox.control.requests(operation=case.operation):
        time.sleep(0.02)
    office.ask("r1", email)
    office.settle()
    assert office.calls()
    assert running.is_alive()
    office.sandbox.control.set_faults()
    running.join()
    return reports[0]


@pytest.mark.long
@pytest.mark.parametrize("case", ABOUT_PEOPLE, ids=lambda case: case.kind)
def test_what_waits_to_be_sent_when_somebody_is_removed_is_suppressed_and_the_others_are_sent(
    office: Office, case: Case
):
    office.sql(f"CREATE TABLE {case.table} AS {case.source}")
    rows = [str(row) for row in office.sql(f"SELECT * FROM {case.table}")]
    email = {"existing_contact": "older8@example.com", "contact_tag": "person1@example.com"}.get(
        case.kind, "person8@example.com"
    )
    concerned = sum(email in row for row in rows)
    # Of the last segment, the rows 7 and 8 share a request.
    sync = case.sync if case.posts == 10 else replace(case.sync, batch_size=2)

    report = removed_midway(office, case, sync, email)

    assert requests_later_than_removal(office.sandbox) == []
    assert (report.suppressed, report.delivered) == (concerned, 10 - concerned)
    assert email not in str(office.sandbox.control.requests(operation=case.operation))
    assert office.record("r1").rows_suppressed == concerned
    office.sandbox.control.clear_requests()
    again = run_sync(sync, office.warehouse, office.destination)
    assert (again.suppressed, again.delivered) == (concerned, 0)


def test_a_row_of_a_shared_request_that_only_mentions_somebody_is_found_and_the_others_are_sent(office: Office):
    office.ask("r1", "person9@example.com")
    office.settle()
    tags = "(VALUES ('beta'), ('a friend of Person9@Example.com'), ('x'), ('y'), ('z')) AS tags(tag)"
    source = f"SELECT 'email' AS social_type, 'person1@example.com' AS value, tag FROM {tags}"
    sync = Sync("labels", "contact_tag", office.data.dialect_of(source))
    report = office.sync(sync)
    assert (report.suppressed, report.delivered) == (1, 4)
    assert "erson9" not in json.dumps(office.sandbox.control.requests(operation="addTagsToContact"))


def test_somebody_without_an_address_in_an_activity_is_suppressed_by_their_id(office: Office):
    office.sync()
    office.ask("r1", "person9@example.com")
    office.settle()
    source = (
        "SELECT 'a' || i AS id, 'posted_message' AS activity_type, 'c' || i AS user_id, now() AS timestamp "
        "FROM (VALUES (8), (9)) AS numbers(i)"
    )
    report = office.sync(Sync("activities", "activity", office.data.dialect_of(source)))
    assert (report.suppressed, report.delivered) == (1, 1)


def test_a_note_is_not_written_a_second_time_when_somebody_comes_back(office: Office):
    case = next(case for case in CASES if case.kind == "contact_note")
    office.sql(f"CREATE TABLE {case.table} AS {case.source}")
    office.sync(replace(case.sync, source=f"SELECT * FROM {case.table} WHERE id = 9"))
    office.ask("r1", "person9@example.com")
    office.settle()
    office.sql(f"INSERT INTO {case.table} VALUES (10, 'email', 'person9@example.com', 'Later')")
    # The note that was delivered before counts too.
    assert office.sync(case.sync).suppressed == 2
    office.removals.unsuppress("r1", "a mistake", even_unverified=True)
    report = office.sync(case.sync)
    assert (report.delivered, report.changed_after_delivery) == (1, 1)
