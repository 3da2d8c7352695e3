import pytest

from cr_pipelines_tests.support.office import Office


def submitted(office: Office) -> Office:
    office.sync()
    office.ask("r1", "person1@example.com")
    office.ask("r1 again", "person1@example.com")
    office.ask("r2", "person2@example.com")
    office.settle()
    return office


def test_sixteen_days_later_the_removed_are_verified_and_their_addresses_gone(office: Office):
    submitted(office)
    office.pass_time(days=16)
    verification = office.verify()
    assert (verification.looked_up, verification.verified) == (2, 2)
    assert set(office.statuses().values()) == {"verified"}
    assert office.removals.standing().addresses_kept == 0
    assert office.sql("SELECT count(email) FROM common_room.pii_removals") == [(0,)]


def test_one_that_the_room_leaves_is_overdue_until_it_is_done_after_all(office: Office):
    submitted(office)
    office.sandbox.control.set_removals(processing=False)
    office.pass_time(days=16)
    assert office.verify().overdue == 2
    standing = office.removals.standing()
    assert sorted(standing.overdue) == ["r1", "r1 again", "r2"]
    assert standing.addresses_kept == 3
    assert office.record("r1").reason == "Common Room still has the person"
    office.sandbox.control.set_removals(processing=True)
    assert office.verify().looked_up == 0
    office.pass_time(days=1)
    assert office.verify().verified == 2
    assert office.removals.standing().overdue == []


def test_a_removal_is_looked_up_after_a_while_and_at_its_due_date_not_at_every_run(office: Office):
    submitted(office)
    office.sandbox.control.set_removals(processing=False)
    seen = []
    for day in range(1, 16):
        office.pass_time(days=1)
        if office.verify().looked_up:
            seen.append(day)
    assert seen == [1, 3, 7, 15]


def test_no_answer_is_no_proof(office: Office):
    submitted(office)
    office.pass_time(days=16)
    office.sandbox.control.set_faults(error_rate=1.0)
    verification = office.verify()
    assert (verification.verified, verification.failed, verification.overdue) == (0, 2, 2)
    office.sandbox.control.set_faults()
    office.pass_time(days=1)
    assert office.verify().verified == 2


@pytest.mark.parametrize("days", [1, 9])
def test_somebody_still_there_before_the_due_date_stays_submitted(office: Office, days: int):
    submitted(office)
    office.pass_time(days=days)
    assert office.verify().still_there == 2
    assert set(office.statuses().values()) == {"submitted"}
