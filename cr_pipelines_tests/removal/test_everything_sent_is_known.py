"""People are known by all that was ever sent, at once, and one mistaken request does not stop a sync for good."""

import pytest

from cr_pipelines.sync import SyncError
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
    assert office.sync().suppressed == 2
    reasons = office.sql("SELECT reason_code FROM common_room.sync_ledger WHERE key = 'c4'")
    assert reasons == [("shared_address",)]
    office.sql("UPDATE common_room_contacts SET bio = NULL WHERE id = 'c5'")
    assert office.sync().delivered == 1
    assert office.removals.confirm("r1") == 1
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


def test_the_hash_key_of_the_first_run_is_the_only_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CR_HASH_KEY", "first")
    office.sync()
    office.ask("r1", "person4@example.com")
    assert office.sync().suppressed == 1
    monkeypatch.setenv("CR_HASH_KEY", "second")
    with pytest.raises(SyncError, match="CR_HASH_KEY as it was at the first run"):
        office.sync()
    monkeypatch.delenv("CR_HASH_KEY")
    with pytest.raises(SyncError, match="CR_HASH_KEY"):
        office.sync()
