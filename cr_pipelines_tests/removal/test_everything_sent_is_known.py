"""People are known by all that was ever sent, at once, and one mistaken request does not stop a sync permanently."""

from dataclasses import replace

import pytest

from cr_pipelines.removal import Removals, RequestSource
from cr_pipelines.sync import Options, Report, SuppressionList, Sync, SyncError, run_sync
from cr_pipelines.sync.privacy import address_search
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines_tests.support.flow import CONTACTS
from cr_pipelines_tests.support.office import Office


def statuses(office: Office) -> dict[str, str]:
    return dict(office.sql("SELECT key, status FROM common_room.sync_ledger WHERE sync = 'contacts'"))


def test_a_sync_takes_requests_in_by_itself_and_says_that_they_wait(office: Office) -> None:
    office.sync()
    office.ask("r1", "person4@example.com")
    report = office.sync()
    assert (report.suppressed, report.requests_waiting) == (1, 1)
    assert "pii_removals_sensor" in report.privacy_messages()[0]
    assert statuses(office)["c4"] == "suppressed"


def test_an_unchanged_row_counts_as_suppressed_from_ingestion_on(office: Office) -> None:
    office.sync()
    office.ask("r1", "person4@example.com")
    office.removals.ingest()
    assert statuses(office)["c4"] == "suppressed"
    assert office.record("r1").rows_suppressed == 1
    assert (office.record("r1").keys_sent, office.record("r1").linked_addresses) == (1, 0)


def test_an_address_that_many_people_were_sent_with_waits_for_a_decision(office: Office) -> None:
    office.sql("ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR")
    office.sql("UPDATE common_room_contacts SET bio = 'write to support@acme.example'")
    office.sync()
    office.ask("r1", "support@acme.example")
    assert office.settle().due == 0
    assert office.record("r1").status == "shared"
    assert "suppressed" not in statuses(office).values()
    office.sql("UPDATE common_room_contacts SET full_name = 'Changed' WHERE id IN ('c4', 'c5')")
    report = office.sync()
    assert (report.suppressed, report.requests_waiting, report.requests_undecided) == (2, 0, ("r1",))
    [message] = report.privacy_messages()
    assert "pii confirm" in message
    assert "sensor" not in message
    reasons = office.sql("SELECT reason_code FROM common_room.sync_ledger WHERE key = 'c4'")
    assert reasons == [("shared_address",)]
    office.sql("UPDATE common_room_contacts SET bio = NULL WHERE id = 'c5'")
    assert office.sync().delivered == 1
    assert office.removals.confirm("r1") == 1
    undecided = office.sync(dry_run=True)
    assert (undecided.requests_waiting, undecided.requests_undecided) == (1, ())
    assert set(statuses(office).values()) == {"suppressed"}
    assert office.settle().due == 1


def test_an_address_of_a_row_that_never_left_does_not_count(office: Office) -> None:
    office.sql("ALTER TABLE common_room_contacts ADD COLUMN avatar_url VARCHAR")
    office.sql("UPDATE common_room_contacts SET email = 'typo@example.com', avatar_url = 'none' WHERE id = 'c4'")
    office.sync()
    office.sql("UPDATE common_room_contacts SET email = 'person4@example.com', avatar_url = NULL WHERE id = 'c4'")
    office.sync()
    office.ask("r1", "typo@example.com")
    office.removals.ingest()
    assert office.record("r1").keys_sent == 0
    assert office.sync().suppressed == 0


def asked_first(office: Office) -> None:
    """A person asked before anything was sent, and a row of theirs was suppressed."""
    office.ask("r1", "person4@example.com")
    assert office.sync().suppressed == 1


@pytest.mark.parametrize("change", ["email = NULL", "email = 'new4@example.com'"])
def test_a_row_that_was_suppressed_and_never_sent_stays_suppressed(office: Office, change: str) -> None:
    asked_first(office)
    office.sql(f"UPDATE common_room_contacts SET {change} WHERE id = 'c4'")
    report = office.sync()
    assert (report.suppressed, report.delivered) == (1, 0)
    assert (office.record("r1").keys_sent, office.record("r1").rows_suppressed) == (0, 1)


def test_a_person_who_asked_before_the_first_sync_is_known_by_id_alone(office: Office) -> None:
    asked_first(office)
    office.sql(
        "CREATE TABLE acts AS SELECT 'a' || id AS id, 'link' AS activity_type, "
        "TIMESTAMP '2026-11-01 10:00:00' AS timestamp, id AS user_id FROM common_room_contacts"
    )
    report = office.sync(Sync("acts", "activity", "acts"))
    assert (report.suppressed, report.delivered) == (1, 9)


def test_an_address_beside_the_requested_one_is_known_though_both_were_only_suppressed(office: Office) -> None:
    asked_first(office)
    office.sql("UPDATE common_room_contacts SET email = 'new4@example.com' WHERE id = 'c4'")
    office.sync()
    office.sql("CREATE TABLE leads AS SELECT 'lead' AS id, 'Ada' AS full_name, 'new4@example.com' AS email")
    assert office.sync(Sync("leads", "contact", "leads")).suppressed == 1
    assert office.record("r1").linked_addresses == 1


def test_a_mention_in_a_row_of_somebody_else_that_was_only_suppressed_ties_nothing(office: Office) -> None:
    office.sql("ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR")
    office.sql("UPDATE common_room_contacts SET bio = 'see x@example.com' WHERE id = 'c5'")
    office.ask("r1", "x@example.com")
    assert office.sync().suppressed == 1
    office.sql("UPDATE common_room_contacts SET bio = NULL WHERE id = 'c5'")
    assert office.sync().delivered == 1


def test_somebody_else_under_the_address_by_mistake_is_not_tied_with_what_was_sent_of_them(office: Office) -> None:
    office.sync()
    office.ask("r1", "person4@example.com")
    office.sql("UPDATE common_room_contacts SET email = 'person4@example.com' WHERE id = 'c5'")
    assert office.sync().suppressed == 2
    office.sql("UPDATE common_room_contacts SET email = 'person5@example.com' WHERE id = 'c5'")
    assert office.sync().suppressed == 1
    assert statuses(office)["c5"] == "delivered"


def test_an_address_of_many_suppressed_rows_waits_for_a_decision(office: Office) -> None:
    office.sql("ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR")
    office.sql("UPDATE common_room_contacts SET bio = 'write to support@acme.example'")
    office.ask("r1", "support@acme.example")
    assert office.sync().suppressed == 10
    assert office.settle().due == 0
    assert office.record("r1").status == "shared"
    office.sql("UPDATE common_room_contacts SET bio = NULL")
    assert office.sync().delivered == 10


def test_what_was_only_suppressed_is_forgotten_when_the_request_is_lifted(office: Office) -> None:
    asked_first(office)
    assert office.sql("SELECT count(*) FROM common_room.known_addresses WHERE suppressed") == [(1,)]
    office.removals.unsuppress("r1", "signed up again", even_unverified=True)
    assert office.sql("SELECT count(*) FROM common_room.known_addresses WHERE suppressed") == [(0,)]
    assert office.sync().delivered == 1


def test_a_dry_run_notes_nobody(office: Office) -> None:
    office.ask("r1", "person4@example.com")
    office.sync(dry_run=True)
    office.sync(dry_run=True)
    with office.warehouse.session() as session:
        tables = session.tables("common_room")
    assert all(
        office.sql(f"SELECT count(*) FROM common_room.{table}") == [(0,)]
        for table in ("sent_addresses", "known_addresses")
        if table in tables
    )


def test_the_hash_key_of_the_first_run_is_the_only_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CR_HASH_KEY", "first")
    office.sync()
    office.ask("r1", "person4@example.com")
    assert office.sync().suppressed == 1
    monkeypatch.setenv("CR_HASH_KEY", "second")
    with pytest.raises(SyncError, match="set CR_HASH_KEY to the value of the first run"):
        office.sync()
    monkeypatch.delenv("CR_HASH_KEY")
    with pytest.raises(SyncError, match="CR_HASH_KEY"):
        office.sync()


def test_a_body_is_searched_once_and_not_in_the_last_check(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.ask("r1", "somebody@else.example")
    office.sql("ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR")
    office.sql("UPDATE common_room_contacts SET bio = id || repeat(' write to ada@b\u00fccher.example', 100)")
    searched: list[bytes] = []
    search = address_search.search
    monkeypatch.setattr(address_search, "search", lambda body: searched.append(body) or search(body))
    report = office.sync()
    assert (report.delivered, report.requests) == (10, 10)
    assert len(searched) == len(set(searched)) == 10


def with_footer(office: Office, people: int) -> None:
    """Send this many people, c0 and following, with the same address in their bio, and request its removal."""
    office.sql("ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR")
    office.sql(f"UPDATE common_room_contacts SET bio = 'write to ada@acme.example' WHERE id < 'c{people}'")
    office.sync()
    office.ask("r1", "ada@acme.example")


def limited(office: Office, most: int | None) -> Removals:
    return replace(office.removals, source=RequestSource(max_people_per_address=most))


def version(office: Office) -> int:
    with office.warehouse.session() as session:
        return SuppressionList(session, StateNames(session.dialect, "common_room")).version()


def test_a_higher_number_of_people_per_address_ends_the_wait_for_a_decision(office: Office) -> None:
    with_footer(office, 6)
    assert office.settle().due == 0
    assert office.record("r1").status == "shared"
    before = version(office)
    assert limited(office, 6).ingest() == 0
    # Running syncs must confirm that they know it, as they do for a new request.
    assert version(office) == before + 1
    assert {key for key, status in statuses(office).items() if status == "suppressed"} == {f"c{i}" for i in range(6)}
    # From now on, it is the number of everyone who does not name one.
    assert office.removals.standing().max_people_per_address == 6
    assert office.settle().due == 1
    assert office.record("r1").status == "not_found"
    office.sql("UPDATE common_room_contacts SET bio = NULL")
    assert office.sync().suppressed == 6
    assert version(office) == before + 1


def test_a_lower_number_of_people_per_address_asks_for_a_decision(office: Office) -> None:
    with_footer(office, 3)
    office.removals.ingest()
    assert office.sync().suppressed == 3
    assert limited(office, 2).settle(office.destination).due == 0
    assert office.record("r1").status == "shared"
    office.sql("UPDATE common_room_contacts SET bio = NULL WHERE id <> 'c0'")
    report = office.sync()
    assert (report.suppressed, report.delivered) == (1, 2)


def test_a_sync_stores_the_number_of_people_per_address_for_the_removals(office: Office) -> None:
    with_footer(office, 3)

    def sync(most: int | None, *, dry_run: bool = False) -> Report:
        source = RequestSource(max_people_per_address=most)
        options = Options(dry_run=dry_run)
        return run_sync(CONTACTS, office.warehouse, office.destination, options=options, requests=source)

    sync(2, dry_run=True)
    assert office.removals.standing().max_people_per_address == 5
    sync(2)
    sync(None)
    assert office.removals.standing().max_people_per_address == 2
    assert office.settle().due == 0
    assert office.record("r1").status == "shared"
    # Setting it again changes nothing; a request that was settled or confirmed stays so.
    before = version(office)
    sync(2)
    assert version(office) == before
    assert office.removals.confirm("r1") == 1
    assert office.settle().due == 1
    sync(1)
    assert office.record("r1").status == "not_found"


def test_sources_that_name_different_numbers_of_people_per_address_are_a_problem(office: Office) -> None:
    office.sync()
    sources = [RequestSource(max_people_per_address=2), RequestSource("other_requests", max_people_per_address=3)]
    report = run_sync(CONTACTS, office.warehouse, office.destination, requests=sources)
    assert "set max_people_per_address to one number" in (report.requests_problem or "")
    assert office.removals.standing().max_people_per_address == 5
    with pytest.raises(ValueError, match="at least 1"):
        RequestSource(max_people_per_address=0)
