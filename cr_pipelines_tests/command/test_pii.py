import csv
import hashlib
from pathlib import Path

import pytest

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.removal import Removals
from cr_pipelines.sync import Destination
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal


@pytest.fixture
def settled(terminal: Terminal) -> Terminal:
    """Three requests, of which one is invalid, after a run that settled them."""
    terminal.sql(
        "CREATE TABLE common_room_pii_requests AS SELECT * FROM (VALUES "
        "('r1', 'ada1@example.com', TIMESTAMP '2026-11-01'), ('r2', 'no address', NULL), "
        "('=r3', 'nobody@example.com', NULL)) AS requests(request_id, email, requested_at)"
    )
    room = terminal.sandbox
    room.control.reset()
    destination = Destination(lambda: CommonRoomClient(room.token, room.base_url), room.source_id)
    Removals(open_warehouse(f"duckdb:///{terminal.path}")).settle(destination)
    return terminal


def test_the_report_shows_every_request_and_no_address(settled: Terminal) -> None:
    result = settled.types("pii", "report")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    proof = dict(line.split(": ", 1) for line in lines[: lines.index("")])
    assert proof["room"] == f"{settled.sandbox.base_url}, destination source {settled.sandbox.source_id}"
    assert proof["requests by status"] == "invalid 1, not_found 2"
    assert proof["state schema"] == "common_room"
    assert lines[lines.index("") + 1].split()[:2] == ["request", "status"]
    assert any(line.startswith("r1 ") and "not_found" in line and "2026-11-01 00:00" in line for line in lines)
    assert "email is not an e-mail address: it has no @; correct it or make it null" in result.output
    assert "@example" not in result.output
    assert "3 requests; 2 with an address still stored" in result.output


def test_one_request_can_be_selected_and_an_unknown_one_is_named(settled: Terminal) -> None:
    result = settled.types("pii", "report", "--request-id", "r1")
    assert "1 request;" in result.output
    result = settled.types("pii", "report", "--request-id", "r1", "--request-id", "r9")
    assert result.exit_code == 1
    assert "no request r9" in result.output


def test_the_csv_can_be_filed(settled: Terminal, tmp_path: Path) -> None:
    result = settled.types("pii", "report", "--csv", str(tmp_path / "report.csv"))
    assert "3 requests written to" in result.output
    with (tmp_path / "report.csv").open(newline="") as file:
        rows = {row["request_id"]: row for row in csv.DictReader(file)}
    assert rows["r1"]["email_hash"] == hashlib.sha256(b"ada1@example.com").hexdigest()
    assert rows["r1"]["requested_at"] == "2026-11-01T00:00:00+00:00"
    assert (rows["r1"]["status"], rows["r1"]["address_kept"]) == ("not_found", "yes")
    assert rows["r2"]["status"] == "invalid"
    assert "'=r3" in rows
    assert {row["state_schema"] for row in rows.values()} == {"common_room"}
    assert {row["requests_by_status"] for row in rows.values()} == {"invalid 1, not_found 2"}
    assert rows["r1"]["version"].startswith("cr-pipelines ")
    assert rows["r1"]["keys_sent"] == "0"
    assert "@example" not in (tmp_path / "report.csv").read_text()


def test_having_no_requests_is_not_an_error(terminal: Terminal) -> None:
    result = terminal.types("pii", "report")
    assert result.exit_code == 0
    assert "requests by status: none\n" in result.output
    assert "\n\nNo privacy requests yet.\n" in result.output


def test_a_suppression_ends_with_a_reason_that_is_stored_and_names_nobody(settled: Terminal) -> None:
    refused = settled.types("pii", "unsuppress", "r1", "--reason", "ada1@example.com is back")
    assert refused.exit_code == 1
    assert "without their name or address" in refused.output
    assert settled.types("pii", "unsuppress", "r1").exit_code == 2
    result = settled.types("pii", "unsuppress", "r1", "--reason", "signed up again, ticket 12")
    assert result.exit_code == 0
    assert "1 request of this person lifted" in result.output
    assert "signed up again, ticket 12" in settled.types("pii", "report", "--request-id", "r1").output
    again = settled.types("pii", "unsuppress", "r1", "--reason", "twice")
    assert again.exit_code == 1
    assert "suppresses anybody" in again.output


CONTACTS = ("--definitions", "cr_pipelines_tests.command.contacts_location")


@pytest.fixture
def shared(terminal: Terminal) -> Terminal:
    """A request about the address in the footer of everybody's text."""
    terminal.sql("ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR")
    terminal.sql("UPDATE common_room_contacts SET bio = 'write to support@acme.example'")
    assert terminal.types("run", "contacts", *CONTACTS).exit_code == 0
    terminal.sql("CREATE TABLE common_room_pii_requests AS SELECT 'r1' AS request_id, 'support@acme.example' AS email")
    assert terminal.types("run", "contacts", *CONTACTS).exit_code == 0
    removals = Removals(open_warehouse(f"duckdb:///{terminal.path}"))
    room = terminal.sandbox
    removals.settle(Destination(lambda: CommonRoomClient(room.token, room.base_url), room.source_id))
    return terminal


def test_a_shared_address_waits_until_somebody_confirms_it(shared: Terminal) -> None:
    examined = shared.types("doctor", *CONTACTS)
    assert examined.exit_code == 1
    assert "1 request known: 1 shared" in examined.output
    assert "1 privacy request waits for a decision" in examined.output
    assert "acme.example" not in examined.output

    confirmed = shared.types("pii", "confirm", "r1")
    assert confirmed.exit_code == 0
    assert "1 request confirmed. Every row that was sent with the address is now suppressed" in confirmed.output
    assert shared.sql("SELECT DISTINCT status FROM common_room.sync_ledger") == [("suppressed",)]
    assert shared.sql("SELECT status FROM common_room.pii_removals") == [("pending",)]

    again = shared.types("pii", "confirm", "r1")
    assert (again.exit_code, "no request r1 waits for a decision" in again.output) == (1, True)


def test_a_shared_address_that_is_nobodys_is_lifted(shared: Terminal) -> None:
    lifted = shared.types("pii", "unsuppress", "r1", "--reason", "a mailing list", "--even-unverified")
    assert lifted.exit_code == 0, lifted.output
    assert "waits for a decision" not in shared.types("doctor", *CONTACTS).output
    shared.sql("UPDATE common_room_contacts SET full_name = 'Changed' WHERE id = 'c3'")
    assert "10 delivered" in shared.types("run", "contacts", *CONTACTS).output


def test_a_confirmation_of_a_request_that_does_not_wait_is_refused(settled: Terminal) -> None:
    for request in ("r1", "r9"):
        result = settled.types("pii", "confirm", request)
        assert (result.exit_code, f"no request {request} waits for a decision" in result.output) == (1, True)
