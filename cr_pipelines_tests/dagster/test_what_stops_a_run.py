"""What ends a run of a sync: Dagster shows why, and retries only what a retry can fix."""

from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.location import Location


def test_a_missing_source_disables_the_sync_and_the_run_succeeds(location: Location) -> None:
    location.sql("DROP TABLE common_room_contacts")

    outcome = location.run()

    assert outcome.succeeded
    assert outcome.materializations == []
    assert outcome.check_outcomes == {"source_usable": "warn"}
    description = outcome.checks["source_usable"].description or ""
    assert "contacts is disabled and sent nothing" in description
    assert "common_room_contacts" in description


def test_a_source_that_disappeared_fails_a_check_but_not_the_run(location: Location) -> None:
    location.run()
    location.sql("DROP TABLE common_room_contacts")

    outcome = location.run()

    assert outcome.succeeded
    assert outcome.check_outcomes == {"source_usable": "error"}


def test_a_source_without_its_key_fails_once_and_says_which_column(location: Location) -> None:
    location.sql("ALTER TABLE common_room_contacts RENAME COLUMN id TO user_id")

    outcome = location.run()

    assert "has no column id" in outcome.failure
    assert outcome.check_outcomes == {"source_usable": "error"}
    assert not outcome.was_retried


def test_a_bad_token_fails_once_and_shows_what_was_done(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMON_ROOM_API_TOKEN", "expired")

    outcome = location.run()

    assert outcome.failure.startswith("contacts: 0 of 10 sent; the next run sends the other 10. ")
    assert "COMMON_ROOM_API_TOKEN" in outcome.failure
    assert "expired" not in outcome.failure
    assert outcome.failure_metadata["rows_delivered"] == 0
    assert outcome.failure_metadata["rows_not_sent"] == 10
    assert not outcome.was_retried


def test_a_run_for_another_room_fails_once_and_names_both(
    location: Location, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    location.run()
    location.sandbox.control.clear_requests()
    declared = tmp_path / "room.yaml"
    declared.write_text("name: Acme US\n")
    with SandboxServer(room=declared) as other:
        monkeypatch.setenv("COMMON_ROOM_BASE_URL", other.base_url)

        outcome = location.run()

        assert {request["method"] for request in other.control.requests()} == {"GET"}
    for named in ("room Sandbox (id sandbox)", "room Acme US", "CR_STATE_SCHEMA", "cr-pipelines state adopt"):
        assert named in outcome.failure
    assert not outcome.was_retried


def test_a_missing_token_fails_only_when_there_is_something_to_send(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    location.run()
    monkeypatch.delenv("COMMON_ROOM_API_TOKEN")

    assert location.run().succeeded

    location.sql("INSERT INTO common_room_contacts VALUES ('new', 'Name', NULL)")
    outcome = location.run()
    assert "COMMON_ROOM_API_TOKEN" in outcome.failure
    assert not outcome.was_retried


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("COMMON_ROOM_DESTINATION_SOURCE_ID", "", "COMMON_ROOM_DESTINATION_SOURCE_ID"),
        ("COMMON_ROOM_DESTINATION_SOURCE_ID", "one", "COMMON_ROOM_DESTINATION_SOURCE_ID is not a number"),
        ("COMMON_ROOM_DESTINATION_SOURCE_ID", "999", "has no such destination source"),
        ("CR_WAREHOUSE_URL", "duckdb:////nowhere/at/all.duckdb", "there is no DuckDB file"),
        ("CR_WAREHOUSE_URL", "oracle://host", "CR_WAREHOUSE_URL"),
    ],
)
def test_a_wrong_setting_fails_once_and_says_what_to_set(
    location: Location, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)

    outcome = location.run()

    assert expected in outcome.failure
    assert not outcome.was_retried


def test_a_second_run_of_the_same_sync_fails_once_and_names_the_first(location: Location) -> None:
    location.run()
    location.sql(
        "INSERT INTO common_room.sync_runs (run_id, sync, partition, state, host, process, heartbeat_at) "
        "VALUES ('the-first', 'contacts', '', 'running', 'another-host', 1, now())"
    )

    outcome = location.run()

    assert "the-first" in outcome.failure
    assert not outcome.was_retried


def test_an_unknown_exception_is_retried_once_without_its_message(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "ada@example.com"

    def hiccup(*_: object, **__: object) -> None:
        raise MemoryError(address)

    monkeypatch.setattr("cr_pipelines.components.sync.execution.run_sync", hiccup)
    monkeypatch.setattr("cr_pipelines.components.shared.failures.RETRY_SECONDS", 0)

    outcome = location.run()

    assert outcome.was_retried
    logged = " ".join(str(event) for event in location.instance.all_logs(outcome.result.run_id))
    assert "MemoryError" in logged
    assert "hiccup" in logged
    assert address not in logged
