import pytest

from cr_pipelines.removal import NotUnsuppressed
from cr_pipelines_tests.support.office import Office


def forgotten(office: Office) -> Office:
    office.sync()
    office.ask("r1", "person4@example.com")
    office.ask("r2", "person4@example.com")
    office.settle()
    office.pass_time(days=16)
    office.verify()
    return office


def test_someone_who_comes_back_is_sent_again_although_their_row_never_changed(office: Office):
    forgotten(office)
    assert office.removals.unsuppress("r2", "signed up again, in_flight 12") == 2
    record = office.record("r1")
    assert (record.lifted_reason, record.lifted_at is not None) == ("signed up again, in_flight 12", True)
    office.sandbox.control.clear_requests()
    assert office.sync().delivered == 1
    assert office.posted() == ["c4"]


def test_asking_again_after_coming_back_suppresses_and_removes_again(office: Office):
    forgotten(office)
    office.removals.unsuppress("r1", "came back")
    office.sync()
    office.ask("r3", "person4@example.com")
    assert office.settle().submitted == 1
    assert len(office.calls()) == 2
    office.sql("UPDATE common_room_contacts SET full_name = 'Changed' WHERE id = 'c4'")
    assert office.sync().suppressed == 1


def test_a_removal_in_progress_is_lifted_only_on_purpose(office: Office):
    office.sync()
    office.ask("r1", "person4@example.com")
    office.settle()
    with pytest.raises(NotUnsuppressed, match="still in progress \\(r1: submitted\\)"):
        office.removals.unsuppress("r1", "mistake")
    assert office.removals.unsuppress("r1", "mistake", even_unverified=True) == 1
    office.pass_time(days=2)
    assert office.verify().looked_up == 0
    assert office.removals.standing().addresses_kept == 0


def test_a_request_that_suppresses_nobody_is_named(office: Office):
    forgotten(office)
    office.ask("bad", "no address")
    office.settle()
    for request_id in ("bad", "none"):
        with pytest.raises(NotUnsuppressed, match=f"no request {request_id} suppresses anybody"):
            office.removals.unsuppress(request_id, "why not")
    office.removals.unsuppress("r1", "came back")
    with pytest.raises(NotUnsuppressed, match="already lifted"):
        office.removals.unsuppress("r1", "came back")
