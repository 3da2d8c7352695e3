"""Every kind of row against every response that is not the API's own word for success: what the ledger says.

Each row of a source gets a hostile response of its own, between rows that are accepted, so that no circuit breaker
opens.
"""

import re
from collections.abc import Callable

import pytest

from cr_pipelines.api import Backoff, CommonRoomClient, CommonRoomError, InvalidRequest, careful
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines_tests.support.calls import CALLS, Call
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.hostile import HOSTILE, Hostile, answering, expected, may_have_written
from cr_pipelines_tests.support.scripted_server import Asked, Reply, Script, scripted_in_thread

CALL = {call.name: call for call in CALLS}
SOURCES = {
    "contact": ("add_or_edit_user", "'row' || i AS id"),
    "activity": (
        "add_or_edit_activity",
        "'row' || i AS id, 'link' AS activity_type, 'u1' AS user_id, TIMESTAMP '2026-03-01' AS timestamp",
    ),
    "tag": ("create_tag", "'row' || i AS name, 'member' AS entity_types"),
    "contact_tag": ("add_contact_tags", "'github' AS social_type, 'row' || i AS value, 'VIP' AS tag"),
    "custom_field_value": (
        "set_custom_field",
        "'github' AS social_type, 'row' || i AS value, 'Seats' AS field, '7' AS field_value",
    ),
    "segment_member": (
        "add_contacts_to_segment",
        "'Champions' AS segment, 'github' AS social_type, 'row' || i AS value",
    ),
    "contact_note": (
        "add_contact_note",
        "i AS id, 'email' AS social_type, 'a@example.com' AS value, 'row' || i AS note",
    ),
    "segment_note": ("add_segment_note", "i AS id, 'Champions' AS segment, 'row' || i AS note"),
    "existing_contact": ("create_or_update_contact", "i AS id, 'crm' AS source, 'row' || i AS full_name"),
    "contact_activity": (
        "add_activity_to_contacts",
        """i AS id, 'crm' AS source, 'email' AS social_type, 'a@example.com' AS value, 'link' AS activity_type,
        'row' || i AS activity_body, TIMESTAMP '2026-03-01' AS occurred_at""",
    ),
}
"""For each kind the operation that its rows become, and the columns of row i."""
ROWS = 2 * len(HOSTILE)
READS = {
    "/api-token-status": {"jti": "t", "communityName": "Lab", "communityId": "1"},
    "/members/customFields": [{"id": 11, "name": "Seats", "type": "int", "multivalue": False}],
    "/activityTypes": [{"id": "link", "displayName": "Link"}],
    "/segments": [{"id": 501, "name": "Champions"}],
    "/segments/501/status": [],
    "/tags": {"labels": []},
}


def room(call: Call, to_row: Callable[[int], Reply | None]) -> Script:
    """A room that takes everything but the rows that have a reply of their own."""

    def script(asked: Asked) -> Reply:
        path = asked.target.removeprefix("/community/v1").partition("?")[0]
        if asked.method == "GET":
            return Reply(200, READS[path])
        found = re.search(rb"row(\d+)", asked.body)
        assert found is not None
        tag = {"id": f"t{found[1].decode()}", "name": "x", "entityTypes": ["member"]}
        accepted = Reply(call.status, tag if call.name == "create_tag" else {"status": "ok"})
        return to_row(int(found[1])) or accepted

    return script


def hostile_to(call: Call) -> Callable[[int], Reply | None]:
    """Every second row gets the next hostile response."""
    return lambda row: answering(HOSTILE[row // 2].reply, call) if row % 2 else None


def said_in_the_ledger(hostile: Hostile, call: Call) -> tuple[str, str]:
    kind: type[CommonRoomError] = expected(hostile, call)
    status = "rejected" if kind is InvalidRequest else "unknown" if may_have_written(hostile, call) else "failed"
    return status, kind.reason_code


def sent(flow: Flow, script: Script) -> dict[int, tuple[str, str | None]]:
    """Run the sync; return what the ledger says of each row, by its number."""
    retry = careful(Backoff(attempts=2, base=0.0))
    with scripted_in_thread(script) as server:
        destination = Destination(lambda: CommonRoomClient("t", server.base_url, retry=retry), 7)
        run_sync(flow.sync, flow.warehouse, destination)
    ledger = flow.sql("SELECT key, status, reason_code FROM common_room.sync_ledger")
    return {int(re.findall(r"row(\d+)|^(\d+)$", key)[0][key.isdecimal()]): tuple(rest) for key, *rest in ledger}


@pytest.mark.parametrize("kind", CONTRACTS)
def test_the_ledger_says_what_each_response_means_for_its_row(flow: Flow, kind: str) -> None:
    name, columns = SOURCES[kind]
    call = CALL[name]
    flow.sql(f"CREATE TABLE rows_to_send AS SELECT {columns} FROM generate_series(0, {ROWS - 1}) AS numbers(i)")
    batch_size = 1 if CONTRACTS[kind].batching is not None else None
    flow = Flow(flow.data, flow.sandbox, Sync("hostile", kind, "rows_to_send", batch_size=batch_size))

    said = sent(flow, room(call, hostile_to(call)))

    assert len(said) == ROWS
    assert {said[row] for row in range(0, ROWS, 2)} == {("delivered", None)}
    odd = {hostile.name: said[2 * number + 1] for number, hostile in enumerate(HOSTILE)}
    assert odd == {hostile.name: said_in_the_ledger(hostile, call) for hostile in HOSTILE}

    again = sent(flow, room(call, lambda row: None))

    stays = {"unknown", "rejected"}
    assert all((again[row] == said[row]) is (said[row][0] in stays) for row in range(1, ROWS, 2))
    assert {again[row][0] for row in range(ROWS)} <= {"delivered", *stays}
