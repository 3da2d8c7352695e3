import json

from cr_pipelines.removal import Removals
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal


def test_a_new_row_is_shown_field_by_field(terminal: Terminal) -> None:
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN city VARCHAR")
    result = terminal.types("explain", "contacts", "c3")
    assert result.exit_code == 0, result.output
    assert "Source     has it: common_room_contacts" in result.output
    assert "Ledger     has no entry" in result.output
    assert "Next run   sends it: its key is new" in result.output
    assert 'fullName: "Ada Lovelace3"' in result.output
    assert "null, so left out" in result.output
    assert terminal.sandbox.control.users() == {}
    assert terminal.sql("SELECT count(*) FROM common_room.sync_runs") == [(0,)]


def test_it_says_when_the_row_was_sent_and_what_the_next_run_does(terminal: Terminal) -> None:
    terminal.types("run", "contacts")
    [(run_id,)] = terminal.sql("SELECT run_id FROM common_room.sync_runs")
    sent = terminal.types("explain", "contacts", "c3").output
    assert f"by run {run_id}, HTTP 202" in sent
    assert "does not send it: it has not changed since it was delivered" in sent
    terminal.sql("UPDATE common_room_contacts SET full_name = 'Grace' WHERE id = 'c3'")
    assert "it changed since it was last sent" in terminal.types("explain", "contacts", "c3").output
    terminal.sql("INSERT INTO common_room_contacts SELECT * FROM common_room_contacts WHERE id = 'c3'")
    assert "several rows have this key" in terminal.types("explain", "contacts", "c3").output
    terminal.sql("DELETE FROM common_room_contacts WHERE id = 'c3'")
    terminal.types("run", "contacts")
    absent = terminal.types("explain", "contacts", "c3").output
    assert "has no row with this key" in absent
    assert "absent from the source since" in absent


def test_an_invalid_or_rejected_row_has_its_reason(terminal: Terminal) -> None:
    terminal.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id = 'c1'")
    assert "does not send it: email is not an e-mail address" in terminal.types("explain", "contacts", "c1").output
    terminal.sandbox.control.set_scripts(
        {"operation": "addUpdateUserToSource", "skip": 3, "times": 1, "status": 400, "body": {"reason": "no"}}
    )
    terminal.types("run", "contacts")
    [(key,)] = terminal.sql("SELECT key FROM common_room.sync_ledger WHERE status = 'rejected'")
    rejected = terminal.types("explain", "contacts", key).output
    assert "does not send it until it changes" in rejected
    assert "Ledger     rejected, last sent" in rejected
    assert "Common Room refused this row (HTTP 400)" in rejected


def test_json_has_the_same_and_an_unknown_key_is_an_error(terminal: Terminal) -> None:
    found = json.loads(terminal.types("explain", "contacts", "c3", "--json").stdout)
    assert (found["comparison"], found["ledger"], found["in_source"]) == ("new", None, True)
    assert found["request"] == {"id": "c3", "fullName": "Ada Lovelace3", "email": "ada3@example.com"}
    unknown = terminal.types("explain", "contacts", "c99")
    assert unknown.exit_code == 1
    assert "a key is the value of the column id" in unknown.output
    terminal.sql("UPDATE common_room_contacts SET id = email WHERE id = 'c3'")
    assert terminal.types("explain", "contacts", "ada3@example.com").exit_code == 0


def test_a_removed_person_is_explained_without_their_data(terminal: Terminal) -> None:
    terminal.types("run", "contacts")
    terminal.sql(
        "CREATE TABLE common_room_pii_requests AS "
        "SELECT 'r1' AS request_id, 'ada3@example.com' AS email, TIMESTAMP '2026-11-01' AS requested_at"
    )
    Removals(open_warehouse(f"duckdb:///{terminal.path}")).take_in()
    for arguments in (["explain", "contacts", "c3"], ["explain", "contacts", "c3", "--json"]):
        result = terminal.types(*arguments)
        assert result.exit_code == 0
        assert "does not send it: the person asked to be forgotten" in result.output
        assert "Lovelace" not in result.output
        assert "ada3" not in result.output
