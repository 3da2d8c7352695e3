"""The checks of a sync."""

import dagster as dg

from cr_pipelines.components import RejectionThresholds, build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.location import Location, plain


def test_a_valid_source_passes_every_check(location: Location) -> None:
    assert location.run().check_outcomes == {
        "source_usable": "passed",
        "rejections_under_threshold": "passed",
        "source_not_emptied": "passed",
        "delivery_complete": "passed",
    }


def test_null_and_duplicate_keys_make_the_source_unusable_but_block_no_other_row(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES (NULL, 'A', NULL), ('twin', 'B', NULL), ('twin', 'C', NULL)")

    outcome = location.run()

    assert outcome.succeeded
    assert len(location.room) == 10
    check = outcome.checks["source_usable"]
    assert outcome.check_outcomes["source_usable"] == "error"
    assert plain(check.metadata)["rows_without_key"] == 1
    assert plain(check.metadata)["rows_with_shared_key"] == 2
    assert "keep one of each" in (check.description or "")


def test_a_misspelled_column_of_the_contract_is_a_warning(location: Location) -> None:
    location.sql("ALTER TABLE common_room_contacts ADD COLUMN compny_name VARCHAR")
    location.sql("ALTER TABLE common_room_contacts ADD COLUMN loaded_at TIMESTAMP")

    outcome = location.run()

    check = outcome.checks["source_usable"]
    assert outcome.check_outcomes["source_usable"] == "warn"
    assert "compny_name is not in the contract and was ignored; did you mean company_name?" in (check.description or "")
    assert "loaded_at" not in (check.description or "")


def test_rejections_warn_above_one_share_and_fail_above_another(location: Location) -> None:
    location.sql("INSERT INTO common_room_contacts VALUES ('bad', 'Name', 'no address')")
    shares: dict[tuple[float, float], str] = {}
    for thresholds in ((0.5, 0.9), (0.05, 0.5), (0.01, 0.05)):
        definitions = build_sync_definitions(
            Sync("contacts", "contact", "common_room_contacts"),
            rejections=RejectionThresholds(warn_above=thresholds[0], fail_above=thresholds[1]),
        )
        location.definitions = dg.Definitions.merge(
            definitions,
            dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
        )
        outcome = location.run()
        shares[thresholds] = outcome.check_outcomes["rejections_under_threshold"]

    assert list(shares.values()) == ["passed", "warn", "error"]
    check = outcome.checks["rejections_under_threshold"]
    assert plain(check.metadata)["rejected_percent"] == 9.091
    assert "1 of 11 rows (9.09%)" in (check.description or "")


def test_a_source_that_became_empty_fails_its_check_and_changes_nothing(location: Location) -> None:
    location.run()
    location.sandbox.control.clear_requests()
    location.sql("DELETE FROM common_room_contacts")

    outcome = location.run()

    assert outcome.succeeded
    assert outcome.check_outcomes == {"source_not_emptied": "error"}
    assert "find out what emptied it" in (outcome.checks["source_not_emptied"].description or "")
    assert outcome.materializations == []
    assert location.posted() == []


def test_a_source_that_was_always_empty_passes_every_check(location: Location) -> None:
    location.sql("DELETE FROM common_room_contacts")

    assert set(location.run().check_outcomes.values()) == {"passed"}
