"""Runs in which rows do not arrive: what is red in Dagster, and what it says."""

from typing import Any

from cr_pipelines_tests.support.location import Location, Outcome

USERS = "addUpdateUserToSource"
REFUSED = {"reason": "invalid-request-body", "docs": "https://api.commonroom.io/docs/community.html"}


def statuses(location: Location) -> set[tuple[Any, ...]]:
    return set(location.sql("SELECT status, reason_code, count(*) FROM common_room.sync_ledger GROUP BY ALL"))


def said(outcome: Outcome, check: str = "delivery_complete") -> str:
    return outcome.checks[check].description or ""


def thirty_rows(location: Location) -> None:
    location.sql(
        "CREATE OR REPLACE TABLE common_room_contacts AS SELECT 'c' || i AS id, "
        "CASE WHEN i % 3 = 0 THEN 'One of three' ELSE 'Name' END AS full_name FROM range(30) AS numbers(i)"
    )


def test_a_login_page_in_place_of_the_api_ends_the_run_and_is_named(location: Location) -> None:
    location.sandbox.control.set_scripts({"operation": "*", "preset": "login_page"})

    outcome = location.run()

    assert "not from Common Room's API" in outcome.failure
    assert not outcome.was_retried
    assert outcome.materializations == []
    assert outcome.check_outcomes["delivery_complete"] == "error"
    assert "not from Common Room's API" in said(outcome)
    assert location.sandbox.control.requests(operation=USERS) == []
    assert_recovers(location)


def test_a_run_that_the_server_fails_throughout_is_red_and_so_is_its_check(location: Location) -> None:
    location.sandbox.control.set_scripts({"operation": "*", "status": 503})

    outcome = location.run()

    assert "503" in outcome.failure
    assert outcome.materializations == []
    assert outcome.check_outcomes["delivery_complete"] == "error"
    assert "503" in said(outcome)
    assert_recovers(location)


def assert_recovers(location: Location) -> None:
    location.sandbox.control.set_scripts()
    outcome = location.run()
    assert set(outcome.check_outcomes.values()) == {"passed"}
    assert len(location.room) == 10


def test_a_third_of_the_rows_refused_by_the_api_fails_the_check_of_rejections(location: Location) -> None:
    thirty_rows(location)
    script = {"operation": USERS, "containing": "One of three", "status": 400, "body": REFUSED}
    location.sandbox.control.set_scripts(script)

    outcome = location.run()

    assert outcome.succeeded
    assert outcome.check_outcomes["rejections_under_threshold"] == "error"
    assert "10 of 30 rows (33.3%)" in said(outcome, "rejections_under_threshold")
    assert outcome.check_outcomes["delivery_complete"] == "passed"
    assert len(location.room) == 20


def test_it_is_red_when_every_row_was_refused_whatever_the_thresholds_of_rejections(location: Location) -> None:
    location.sandbox.control.set_scripts({"operation": USERS, "status": 400, "body": REFUSED})

    outcome = location.run()

    assert outcome.check_outcomes["delivery_complete"] == "error"
    assert said(outcome).startswith(
        "none of 10 rows offered arrived: 0 failed, 0 not sent, 0 may have arrived, 10 rejected. "
    )


def test_a_third_of_the_rows_refused_by_a_firewall_fails_the_check_of_deliveries(location: Location) -> None:
    thirty_rows(location)
    script = {"operation": USERS, "containing": "One of three", "status": 403, "preset": "gateway"}
    location.sandbox.control.set_scripts(script)

    outcome = location.run()

    assert outcome.succeeded
    assert outcome.check_outcomes["delivery_complete"] == "error"
    assert said(outcome).startswith("10 of 30 rows (33.3%) did not arrive: 10 failed, 0 not sent, 0 may have arrived")
    assert "Look in sync_ledger" in said(outcome)
    assert statuses(location) == {("failed", "not_the_api", 10), ("delivered", None, 20)}


def test_a_token_that_is_revoked_in_mid_run_stops_the_run_and_says_so(location: Location) -> None:
    thirty_rows(location)
    location.sandbox.control.set_scripts({"operation": "*", "skip": 12, "preset": "revoked_token"})

    outcome = location.run()

    delivered = len(location.room)
    assert outcome.failure.startswith(
        f"contacts: {delivered} of 30 sent; the next run sends the other {30 - delivered}. "
    )
    assert "COMMON_ROOM_API_TOKEN" in outcome.failure
    assert not outcome.was_retried
    assert outcome.check_outcomes == {"delivery_complete": "error"}
    assert "rejected the token" in said(outcome)
    assert 0 < delivered <= 12
    assert outcome.failure_metadata["rows_delivered"] == delivered
    assert f"{30 - delivered} of 30 rows" in said(outcome)
