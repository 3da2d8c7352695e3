"""The run config of a sync."""

import dagster as dg
import pytest

from cr_pipelines_tests.support.location import CONTACTS, Location, Outcome


def test_a_dry_run_shows_the_plan_and_leaves_room_ledger_and_asset_alone(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES ('bad', 'Name', 'no address')")

    outcome = location.run(dry_run=True)

    assert outcome.succeeded
    assert location.room == {}
    assert outcome.materializations == []
    [shown] = outcome.observations
    assert shown["dry_run"] is True
    assert (shown["rows_to_deliver"], shown["rows_invalid"]) == (10, 1)
    assert "rows_delivered" not in shown
    assert outcome.check_outcomes["rejections_under_threshold"] == "warn"
    assert location.sql("SELECT count(*) FROM common_room.sync_ledger") == [(0,)]
    assert location.sql("SELECT count(*) FROM common_room.sync_runs") == [(0,)]


def test_resync_all_sends_every_row_again(location: Location) -> None:
    location.run()

    [shown] = location.run(resync="all").materializations

    assert shown["rows_delivered"] == 10
    assert len(location.posted()) == 20


def test_resync_failed_sends_only_what_failed_before(location: Location) -> None:
    location.run()
    location.sandbox.control.clear_requests()
    location.sql("UPDATE common_room.sync_ledger SET status = 'failed' WHERE key = 'c1'")
    location.sql("UPDATE common_room_contacts SET full_name = 'Renamed' WHERE id = 'c2'")

    outcome = location.run(resync="failed")

    assert location.posted() == ["c1"]
    assert outcome.checks == {}


def test_keys_restrict_the_run_to_those_rows(location: Location) -> None:
    outcome = location.run(keys=["c1", "c4"])

    assert set(location.room) == {"c1", "c4"}
    assert outcome.checks == {}
    [shown] = outcome.materializations
    assert "dagster/row_count" not in shown


def test_a_dry_run_of_keys_explains_each_without_its_values(location: Location) -> None:
    location.run()
    location.sql("UPDATE common_room_contacts SET full_name = 'Grace' WHERE id = 'c2'")

    [shown] = location.run(dry_run=True, keys=["c1", "c2", "c99"]).observations

    rows = {record.data["key"]: record.data for record in shown["explained"].records}
    assert rows["c1"]["next_run"] == "does not send it: it has not changed since it was delivered"
    assert rows["c1"]["ledger"] == "delivered"
    assert rows["c2"]["next_run"] == "sends it: it changed since it was last sent"
    assert rows["c2"]["sent_fields"] == "id, fullName, email"
    assert rows["c99"]["next_run"] == "does not send it: the source has no row with this key"
    assert "Grace" not in str(rows)


def test_a_limit_leaves_the_rest_for_the_next_run(location: Location) -> None:
    first = location.run(limit=3)
    second = location.run()

    assert [first.materializations[0]["rows_delivered"], first.materializations[0]["rows_not_sent"]] == [3, 7]
    assert second.materializations[0]["rows_delivered"] == 7
    assert len(location.room) == 10


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused_at_once(location: Location, limit: int) -> None:
    outcome = location.run(limit=limit)

    assert outcome.failure.startswith("limit must be 1 or more")
    assert not outcome.was_retried
    assert location.posted() == []


def test_an_address_among_the_keys_is_refused_without_being_repeated(location: Location) -> None:
    outcome = location.run(keys=["person1@example.com"])

    assert "copy it from the column key of sync_ledger" in outcome.failure
    assert "person1" not in outcome.failure


def test_an_unknown_resync_is_refused_by_the_launchpad(location: Location) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match="resync"):
        location.run(resync="everything")


def test_checks_executed_alone_send_nothing(location: Location) -> None:
    job = location.definitions.resolve_implicit_job_def_def_for_assets([CONTACTS])
    assert job is not None
    checks = {dg.AssetCheckKey(CONTACTS, "source_usable")}
    outcome = Outcome(
        job.get_subset(asset_selection=set(), asset_check_selection=checks).execute_in_process(
            instance=location.instance
        )
    )

    assert outcome.check_outcomes == {"source_usable": "passed"}
    assert outcome.materializations == []
    assert location.posted() == []
