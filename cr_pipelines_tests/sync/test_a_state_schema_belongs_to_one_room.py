"""What the ledger says was sent, was sent to one room and one destination source."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cr_pipelines.api import CommonRoomClient, NotTheApi
from cr_pipelines.removal import Removals
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import (
    Destination,
    OtherRoom,
    RoomCheck,
    RoomNotConfirmed,
    Sync,
    adopt_room,
    run_in_loop,
    run_sync,
)
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.scripted_server import Asked, Reply, scripted_in_thread
from cr_pipelines_tests.support.warehouses import EITHER_ENGINE

NOTES = Sync(
    "contact_notes",
    "contact_note",
    "SELECT id, 'email' AS social_type, email AS value, full_name AS note FROM common_room_contacts",
)
TAGS = Sync("tags", "tag", "SELECT id AS name, 'member' AS entity_types FROM common_room_contacts")


@pytest.fixture(params=EITHER_ENGINE)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    declared = tmp_path_factory.mktemp("other") / "room.yaml"
    declared.write_text("name: Acme US\nsources: [{name: Warehouse, id: 1}, {name: Second, id: 2}]\n")
    with SandboxServer(room=declared) as server:
        yield server


@pytest.fixture
def other(flow: Flow, other_server: SandboxServer) -> Flow:
    other_server.control.reset()
    return replace(flow, sandbox=other_server)


def asked_for_room(sandbox: SandboxServer) -> int:
    return len([request for request in sandbox.control.requests() if request["path"].endswith("/api-token-status")])


def writes(sandbox: SandboxServer) -> int:
    return len([request for request in sandbox.control.requests() if request["method"] != "GET"])


def recorded(flow: Flow) -> list[tuple[object, ...]]:
    return flow.sql("SELECT room_id, room_name, source_id FROM common_room.state_room")


def test_the_first_run_that_sends_records_the_room_and_the_source(flow: Flow) -> None:
    flow.run(dry_run=True)
    assert recorded(flow) == []
    assert flow.run().requests == 10
    assert recorded(flow) == [("sandbox", "Sandbox", 1)]
    assert asked_for_room(flow.sandbox) == 1


def test_a_run_asks_once_at_most_and_one_that_sends_nothing_not_at_all(flow: Flow) -> None:
    flow.run()
    flow.sandbox.control.clear_requests()
    flow.run()
    assert flow.sandbox.control.requests() == []
    flow.sql("UPDATE common_room_contacts SET full_name = 'New' WHERE id = 'c1'")
    flow.run()
    assert (asked_for_room(flow.sandbox), writes(flow.sandbox)) == (1, 1)


@pytest.mark.parametrize("changed", [True, False])
def test_a_run_for_another_room_stops_before_it_sends(flow: Flow, other: Flow, changed: bool) -> None:
    """Whether or not there is anything to send: all rows count as unchanged in a room that never had them."""
    flow.run()
    if changed:
        flow.sql("UPDATE common_room_contacts SET full_name = 'New'")
    before = flow.statuses()
    with pytest.raises(OtherRoom, match=r"Sandbox \(id sandbox\).*Acme US.*CR_STATE_SCHEMA.*adopt") as raised:
        other.run()
    assert not raised.value.transient
    assert (writes(other.sandbox), asked_for_room(other.sandbox)) == (0, 1)
    assert flow.statuses() == before
    assert flow.sql("SELECT count(*) FROM common_room.sync_intents") == [(0,)]
    [(state,)] = flow.sql("SELECT state FROM common_room.sync_runs ORDER BY run_order DESC LIMIT 1")
    assert state == "failed"
    assert flow.run().delivered == (10 if changed else 0)


def test_a_run_for_another_destination_source_stops_before_it_sends(other: Flow) -> None:
    other.run()
    client = other.destination().open_client
    with pytest.raises(OtherRoom, match=r"destination source 1.*destination source 2"):
        run_sync(other.sync, other.warehouse, Destination(client, 2))
    notes = run_sync(NOTES, other.warehouse, Destination(client, 2))
    assert notes.offered == 10
    assert recorded(other) == [("sandbox Acme US", "Acme US", 1)]


def test_the_source_is_recorded_by_the_first_run_that_has_one(flow: Flow) -> None:
    run_sync(NOTES, flow.warehouse, flow.destination())
    assert recorded(flow) == [("sandbox", "Sandbox", None)]
    flow.run()
    assert recorded(flow) == [("sandbox", "Sandbox", 1)]


def test_a_mirror_neither_reads_nor_deletes_in_another_room(flow: Flow, other: Flow) -> None:
    mirror = replace(TAGS, on_source_delete="delete")
    run_sync(mirror, flow.warehouse, flow.destination())
    before = flow.sql("SELECT * FROM common_room.sync_ledger ORDER BY key")
    flow.sql("DELETE FROM common_room_contacts WHERE id = 'c1'")
    with pytest.raises(OtherRoom):
        run_sync(mirror, flow.warehouse, other.destination())
    assert writes(other.sandbox) == 0
    assert flow.sql("SELECT * FROM common_room.sync_ledger ORDER BY key") == before


def test_a_dry_run_says_it_and_records_nothing(flow: Flow, other: Flow) -> None:
    flow.run()
    report = other.run(dry_run=True)
    assert "belongs to room Sandbox" in (report.other_room or "")
    assert flow.run(dry_run=True).other_room is None
    assert recorded(flow) == [("sandbox", "Sandbox", 1)]


def test_a_room_with_a_new_name_or_a_new_token_is_the_same_room(flow: Flow) -> None:
    replies = [("7", "Acme"), ("7", "Acme Inc")]

    def script(asked: Asked) -> Reply:
        if asked.target.endswith("/api-token-status"):
            id_, name = replies[0]
            return Reply(200, {"jti": "t", "communityId": id_, "communityName": name})
        return Reply(202, {"status": "ok"})

    with scripted_in_thread(script) as server:
        for token in ("first", "second"):
            flow.sql(f"UPDATE common_room_contacts SET full_name = '{token}'")
            destination = Destination(lambda token=token: CommonRoomClient(token, server.base_url), 1)  # type: ignore[misc]
            assert run_sync(flow.sync, flow.warehouse, destination).delivered == 10
            replies = replies[1:]
    assert recorded(flow) == [("7", "Acme Inc", 1)]


def test_another_token_whose_room_cannot_be_read_sends_nothing(flow: Flow) -> None:
    flow.run()
    flow.sql("UPDATE common_room_contacts SET full_name = 'New'")
    with scripted_in_thread(lambda asked: Reply(404, {"status": "failure"})) as server:
        destination = Destination(lambda: CommonRoomClient("t", server.base_url), 1)
        with pytest.raises(RoomNotConfirmed):
            run_sync(flow.sync, flow.warehouse, destination)
        assert {asked.method for asked in server.asked} == {"GET"}


def test_a_room_that_could_be_read_at_the_second_look_is_no_problem(flow: Flow) -> None:
    flow.run()
    room = RoomCheck(flow.warehouse, "common_room", None)
    with flow.warehouse.session() as session:
        room.read(session)
    flow.sandbox.control.set_scripts({"operation": "getApiTokenStatus", "preset": "login_page", "times": 1})

    async def look_twice() -> None:
        # Another address of the same room has to be asked.
        address = flow.sandbox.base_url.replace("127.0.0.1", "localhost")
        async with CommonRoomClient(flow.sandbox.token, address) as client:
            with pytest.raises(RoomNotConfirmed):
                await room.check(client, sends=False)
            assert isinstance(room.problem, NotTheApi)
            await room.check(client, sends=False)

    run_in_loop(look_twice())
    assert room.problem is None


def test_a_schema_from_before_records_its_room_when_it_sends_next(flow: Flow) -> None:
    flow.run()
    flow.sql("DROP TABLE common_room.state_room")
    flow.sql("UPDATE common_room.state_version SET version = 3")
    assert flow.run().unchanged == 10
    assert recorded(flow) == []
    flow.sql("UPDATE common_room_contacts SET full_name = 'New' WHERE id = 'c1'")
    assert flow.run().delivered == 1
    assert recorded(flow) == [("sandbox", "Sandbox", 1)]


def test_an_adopted_room_gets_every_row(flow: Flow, other: Flow) -> None:
    flow.run()
    run_sync(NOTES, flow.warehouse, flow.destination())
    planned = adopt_room(flow.warehouse, other.destination(), syncs_of_source={"contacts"}, dry_run=True)
    assert planned.rows == {"contacts": 10, "contact_notes": 10}
    with pytest.raises(OtherRoom):
        other.run()
    assert adopt_room(flow.warehouse, other.destination(), syncs_of_source={"contacts"}) == planned
    assert other.run().delivered == 10
    assert run_sync(NOTES, flow.warehouse, other.destination()).offered == 10
    with pytest.raises(OtherRoom):
        flow.run()
    assert not adopt_room(flow.warehouse, other.destination()).changes


def test_an_adopted_destination_source_leaves_the_other_syncs_alone(other: Flow) -> None:
    other.run()
    assert run_sync(NOTES, other.warehouse, other.destination()).delivered == 10
    second = replace(other.destination(), source_id=2)
    assert adopt_room(other.warehouse, second, syncs_of_source={"contacts"}).rows == {"contacts": 10}
    assert run_sync(NOTES, other.warehouse, second).unchanged == 10
    assert run_sync(other.sync, other.warehouse, second).delivered == 10


def test_privacy_requests_neither_go_to_another_room_nor_are_verified_there(flow: Flow, other: Flow) -> None:
    flow.sql("CREATE TABLE common_room_pii_requests (request_id VARCHAR(9), email VARCHAR(99), requested_at TIMESTAMP)")
    flow.run()
    removals = Removals(flow.warehouse)
    flow.sql("INSERT INTO common_room_pii_requests VALUES ('r1', 'person1@example.com', '2026-01-01')")
    with pytest.raises(OtherRoom):
        removals.settle(other.destination())
    assert writes(other.sandbox) == 0
    [record] = removals.records()
    assert (record.status, record.address_kept) == ("failed", True)

    later = Removals(flow.warehouse, clock=lambda: datetime.now(UTC) + timedelta(hours=1))
    assert later.settle(flow.destination()).submitted == 1
    with pytest.raises(OtherRoom):
        Removals(flow.warehouse, clock=lambda: datetime.now(UTC) + timedelta(days=2)).verify(other.destination())
    [record] = removals.records()
    assert (record.status, record.address_kept) == ("submitted", True)
