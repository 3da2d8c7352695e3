import signal
from datetime import timedelta

import pytest

from cr_pipelines.api import BadToken, CommonRoomClient
from cr_pipelines.removal import Removals, RequestSource
from cr_pipelines.sync import Destination, SourceUnusable
from cr_pipelines.warehouse import SourceMissing
from cr_pipelines_tests.support import actors
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.warehouses import urls_of

PROMISED = timedelta(days=15)


def test_a_request_is_submitted_with_its_due_date_and_the_room_queues_the_removal(office: Office):
    office.sync()
    office.ask("r1", " Person4@Example.com ")
    settlement = office.settle()
    assert (settlement.due, settlement.people, settlement.submitted, settlement.calls) == (1, 1, 1, 1)
    record = office.record("r1")
    assert record.status == "submitted"
    assert record.submitted_at is not None
    assert record.due_at == record.submitted_at + PROMISED
    assert [removal["email"] for removal in office.sandbox.control.removals()] == ["person4@example.com"]


def test_an_address_is_percent_encoded(office: Office):
    office.ask("r1", "a+b/c?d=e%f@example.com")
    office.settle()
    assert office.calls() == ["/community/v1/user/a%2Bb%2Fc%3Fd%3De%25f%40example.com"]


def test_someone_unknown_to_the_room_is_suppressed_and_not_asked_about_again(office: Office):
    office.ask("r1", "nobody@example.com")
    assert office.settle().not_found == 1
    record = office.record("r1")
    assert (record.status, record.address_kept) == ("not_found", True)
    assert office.settle().due == 0
    office.sql("INSERT INTO common_room_contacts VALUES ('new', 'Nobody', 'nobody@example.com')")
    assert office.sync().suppressed == 1
    assert "new" not in office.room


def test_the_same_person_asking_twice_costs_one_call(office: Office):
    office.sync()
    office.ask("r1", "person4@example.com")
    office.ask("r2", "PERSON4@example.com")
    office.ask("r5", "nobody@example.com")
    office.settle()
    office.ask("r3", " person4@EXAMPLE.com")
    office.ask("r6", "nobody@example.com")
    assert office.settle().due == 0
    assert len(office.calls()) == 2
    assert office.statuses() == {
        "r1": "submitted", "r2": "submitted", "r3": "submitted", "r5": "not_found", "r6": "not_found",
    }  # fmt: skip
    assert office.record("r3").due_at == office.record("r1").due_at


def test_someone_who_asks_again_after_the_fifteen_days_is_removed_again(office: Office):
    office.sync()
    office.ask("r1", "person4@example.com")
    office.settle()
    office.pass_time(days=16)
    office.ask("r2", "person4@example.com")
    office.settle()
    assert len(office.calls()) == 2


def test_someone_who_was_unknown_and_asks_again_days_later_is_looked_for_again(office: Office):
    office.ask("r1", "nobody@example.com")
    office.settle()
    office.pass_time(days=2)
    office.ask("r2", "nobody@example.com")
    assert office.settle().not_found == 1
    assert len(office.calls()) == 2


@pytest.mark.parametrize("email", ["no address", "a@b", "a@example.com, b@example.com", ""])
def test_a_malformed_address_is_invalid_and_shown_and_taken_up_once_it_is_corrected(office: Office, email: str):
    office.sync()
    office.ask("r1", email)
    assert office.settle().invalid == 1
    record = office.record("r1")
    assert (record.status, record.email_hash, record.address_kept) == ("invalid", None, False)
    assert record.reason
    assert email not in record.reason or not email
    assert office.removals.standing().invalid == ["r1"]
    assert office.settle().ingested == 0
    office.sql("UPDATE common_room_pii_requests SET email = 'person4@example.com'")
    assert office.settle().submitted == 1
    assert office.statuses() == {"r1": "submitted"}


def test_late_back_dated_and_undated_rows_are_never_missed(office: Office):
    office.ask("new", "person1@example.com", "2026-11-20")
    office.settle()
    office.ask("old", "person2@example.com", "1999-01-01")
    office.ask("future", "person3@example.com", "2199-01-01")
    office.sql("INSERT INTO common_room_pii_requests VALUES ('undated', 'person4@example.com', NULL)")
    assert office.settle().due == 3
    assert len(office.calls()) == 4


def test_a_request_without_an_id_and_one_whose_id_is_an_address_are_settled_under_a_hash(office: Office):
    office.sync()
    office.sql("INSERT INTO common_room_pii_requests VALUES (NULL, 'person1@example.com', NULL)")
    office.ask("person2@example.com", "person2@example.com")
    assert office.settle().submitted == 2
    assert all(request_id.startswith("sha256:") for request_id in office.statuses())


def test_an_address_that_is_replaced_under_the_same_id_is_a_request_of_its_own(office: Office):
    office.sync()
    office.ask("r1", "person4@exampel.com")
    office.settle()
    office.sql("UPDATE common_room_pii_requests SET email = 'person4@example.com'")
    assert office.settle().submitted == 1
    assert [record.status for record in office.removals.records(["r1"])] == ["not_found", "submitted"]


def test_a_failure_is_offered_again_for_ever_with_a_growing_pause(office: Office):
    office.sync()
    office.ask("r1", "person4@example.com")
    wrong = Destination(lambda: CommonRoomClient("wrong", office.sandbox.base_url), 1)
    for attempts, minutes in ((1, 1), (2, 2), (3, 4), (11, 1024), (12, 1440), (13, 1440)):
        office.sql(f"UPDATE common_room.pii_removals SET attempts = {attempts - 1}")
        with pytest.raises(BadToken):
            office.removals.settle(wrong)
        record = office.record("r1")
        assert (record.status, record.attempts) == ("failed", attempts)
        assert record.reason is not None
        assert "token" in record.reason
        office.pass_time(minutes=minutes - 0.5)
        assert office.settle().due == 0
        office.pass_time(minutes=0.5)
    assert office.settle().submitted == 1


def test_a_clock_that_was_ahead_keeps_nothing_back(office: Office):
    office.sync()
    office.ask("r1", "person4@example.com")
    office.clock.ahead = timedelta(days=400)
    with pytest.raises(BadToken):
        office.removals.settle(Destination(lambda: CommonRoomClient("wrong", office.sandbox.base_url), 1))
    office.clock.ahead = timedelta()
    assert office.settle().submitted == 1


def test_someone_that_the_room_has_not_stored_yet_is_asked_about_again(office: Office):
    office.sync(limit=5)
    [(key,)] = office.sql("SELECT key FROM common_room.sync_ledger WHERE status = 'delivered' LIMIT 1")
    # The room forgets its people, as one that has not stored them yet would not know them.
    office.sandbox.control.reset()
    office.ask("r1", f"person{key[1:]}@example.com")
    assert office.settle().failed == 1
    record = office.record("r1")
    assert record.reason is not None
    assert "may not have stored" in record.reason
    office.pass_time(hours=2)
    assert office.settle().not_found == 1


@pytest.mark.process
def test_someone_that_a_killed_sync_may_have_sent_a_moment_ago_is_asked_about_again(office: Office):
    where = (urls_of(office.data), office.sandbox.base_url, office.sandbox.token)
    assert actors.run(actors.sync, *where, dies_at=1, after=True, abreast=1) == -signal.SIGKILL
    [sent] = office.posted()
    # As above.
    office.sandbox.control.reset()
    office.ask("r1", f"person{sent[1:]}@example.com")
    office.ask("r2", "nobody@example.com")
    settlement = office.settle()
    assert (settlement.failed, settlement.not_found) == (1, 1)
    office.pass_time(hours=2)
    assert office.settle().not_found == 1


def test_any_table_with_any_column_names_can_hold_the_requests(office: Office):
    office.sync()
    office.sql('CREATE SCHEMA law; CREATE TABLE law.erasures ("Case No" INTEGER, "E-Mail" VARCHAR)')
    office.sql("INSERT INTO law.erasures VALUES (7, 'person7@example.com')")
    source = RequestSource("law.erasures", request_id="Case No", email="E-Mail", requested_at="at")
    removals = Removals(office.warehouse, source)
    removals.settle(office.destination)
    assert [(record.request_id, record.status) for record in removals.records()] == [("7", "submitted")]


def test_a_source_that_went_away_or_lost_a_column_keeps_nothing_back_that_was_seen_before(office: Office):
    office.sync()
    with_columns = office.removals
    office.ask("r1", "person1@example.com")
    office.ask("r2", "person2@example.com")
    assert with_columns.take_in() == 2
    office.sql("ALTER TABLE common_room_pii_requests RENAME COLUMN email TO mail")
    settlement = office.settle(["r1"])
    assert settlement.submitted == 1
    assert isinstance(settlement.source_problem, SourceUnusable)
    office.sql("DROP TABLE common_room_pii_requests")
    settlement = office.settle()
    assert settlement.submitted == 1
    assert isinstance(settlement.source_problem, SourceMissing)
    with pytest.raises(SourceMissing):
        office.removals.next_batch(10)


def test_a_batch_names_ids_only_and_no_two_offers_have_one_key(office: Office):
    for number in range(5):
        office.ask(f"r{number}", f"person{number}@example.com")
    first, again = office.removals.next_batch(3), office.removals.next_batch(3)
    assert first is not None
    assert again is not None
    assert first.request_ids == again.request_ids == ["r0", "r1", "r2"]
    assert (first.key.partition(":")[0], first.key[-2:], again.key[-2:]) == (again.key.partition(":")[0], ":1", ":2")
    office.settle(first.request_ids)
    rest = office.removals.next_batch(3)
    assert rest is not None
    assert rest.request_ids == ["r3", "r4"]


def test_faults_cost_repetitions_and_nothing_else(office: Office):
    office.sync()
    for number in range(10):
        office.ask(f"r{number}", f"person{number}@example.com")
    office.sandbox.control.set_faults(
        error_rate=0.2, error_after_rate=0.1, drop_before_rate=0.1, drop_after_rate=0.1, seed=3
    )
    while office.settle().failed:
        office.pass_time(days=1)
    assert set(office.statuses().values()) == {"submitted"}
    answered = [r["path"] for r in office.sandbox.control.requests(operation="anonymizeContact") if r["status"] == 200]
    assert sorted(answered) == sorted(set(answered))
