"""Privacy requests in Dagster: the sensor, the jobs and the checks."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from cr_pipelines.components import CommonRoomPiiRemovals, request_sources_of
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION
from cr_pipelines.removal import Removals
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines_tests.support.location import Location, Outcome

pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")

REMOVALS = dg.AssetKey(["common_room", "pii_removals"])
RESOURCES = dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()})


@pytest.fixture
def location(location: Location) -> Location:
    location.sql("CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at TIMESTAMP)")
    return location


def ask(location: Location, request_id: str, email: str) -> None:
    location.sql(f"INSERT INTO common_room_pii_requests VALUES ('{request_id}', '{email}', NULL)")


def tick(location: Location) -> Any:
    sensor = location.definitions.resolve_sensor_def("pii_removals_sensor")
    with dg.build_sensor_context(
        instance=location.instance, resources={"warehouse": WarehouseResource()}, definitions=location.definitions
    ) as context:
        return sensor.evaluate_tick(context)


def settle(location: Location, **config: Any) -> Outcome:
    return location.run("settle_pii_removals", **config)


def verify(location: Location) -> Outcome:
    return location.run("verify_pii_removals")


def status(location: Location) -> dict[str, str]:
    return dict(location.sql("SELECT request_id, status FROM common_room.pii_removals"))


def test_the_sensor_is_stopped_until_somebody_starts_it_and_asks_for_ids_only(location: Location) -> None:
    sensor = location.definitions.resolve_sensor_def("pii_removals_sensor")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    ask(location, "r1", "person1@example.com")
    ask(location, "r2", "person2@example.com")

    [request] = tick(location).run_requests

    assert request.run_config == {"ops": {"common_room__pii_removals": {"config": {"request_ids": ["r1", "r2"]}}}}
    batch, _, attempt = request.run_key.partition(":")
    assert (len(batch), attempt) == (16, "1")
    assert "@" not in str(request)
    assert status(location) == {"r1": "pending", "r2": "pending"}


def test_a_tick_suppresses_before_any_run_and_requests_a_lost_run_under_a_new_key(location: Location) -> None:
    ask(location, "r1", "person1@example.com")
    first, second = tick(location).run_requests[0], tick(location).run_requests[0]
    assert first.run_key != second.run_key
    assert first.run_config == second.run_config
    assert location.run().materializations[0]["rows_suppressed"] == 1


def test_no_run_is_requested_while_one_is_in_progress_but_people_are_suppressed(location: Location) -> None:
    job = location.definitions.resolve_job_def("settle_pii_removals")
    run = location.instance.create_run_for_job(
        job, asset_selection=frozenset({REMOVALS}), status=dg.DagsterRunStatus.STARTED
    )
    ask(location, "r1", "person1@example.com")

    data = tick(location)

    assert not data.run_requests
    assert data.skip_message == f"run {run.run_id} is in progress; the next tick checks again"
    assert status(location) == {"r1": "pending"}


def test_a_run_whose_worker_was_killed_blocks_no_tick(location: Location) -> None:
    settle(location)
    job = location.definitions.resolve_job_def("settle_pii_removals")
    run = location.instance.create_run_for_job(
        job, asset_selection=frozenset({REMOVALS}), status=dg.DagsterRunStatus.STARTED
    )
    location.sql(
        "INSERT INTO common_room.sync_runs (run_id, sync, partition, state, host, process, started_at, heartbeat_at) "
        f"SELECT '{run.run_id}', sync, partition, 'running', host, 99999999, now(), now() FROM common_room.sync_runs"
    )
    ask(location, "r1", "person1@example.com")
    assert len(tick(location).run_requests) == 1
    assert settle(location).succeeded
    assert status(location) == {"r1": "not_found"}


def test_a_tick_says_that_nothing_is_due_or_that_the_table_does_not_exist(location: Location) -> None:
    assert tick(location).skip_message == "no request is due"
    location.sql("DROP TABLE common_room_pii_requests")

    data = tick(location)

    assert not data.run_requests
    assert (data.skip_message or "").startswith("pii_removals is disabled: common_room_pii_requests cannot be read")
    outcome = settle(location)
    assert outcome.succeeded
    assert {name for name, found in outcome.check_outcomes.items() if found != "passed"} == {"requests_usable"}
    assert outcome.check_outcomes["requests_usable"] == "warn"
    assert "Create the table or view" in (outcome.checks["requests_usable"].description or "")


def test_materializing_settles_every_request_and_shows_counts_only(location: Location) -> None:
    location.run()
    ask(location, "r1", "person1@example.com")
    ask(location, "r2", "nobody@example.com")
    ask(location, "r3", "no address")

    outcome = settle(location)

    assert outcome.succeeded
    [metadata] = outcome.materializations
    assert {name: metadata[name] for name in ("requests_submitted", "requests_not_found", "requests_invalid")} == {
        "requests_submitted": 1,
        "requests_not_found": 1,
        "requests_invalid": 1,
    }
    assert {name for name, found in outcome.check_outcomes.items() if found != "passed"} == {"requests_usable"}
    assert outcome.check_outcomes["requests_usable"] == "warn"
    assert "r3" in (outcome.checks["requests_usable"].description or "")
    logged = str([*location.instance.all_logs(outcome.result.run_id), location.instance.get_runs()])
    assert "@example" not in logged


def test_only_the_named_requests_are_settled_and_an_address_among_them_is_refused(location: Location) -> None:
    ask(location, "r1", "person1@example.com")
    ask(location, "r2", "person2@example.com")
    settle(location, request_ids=["r2"])
    assert status(location) == {"r1": "pending", "r2": "not_found"}
    outcome = settle(location, request_ids=["person1@example.com"])
    assert "request_ids contains an @" in outcome.failure
    assert not outcome.was_retried


def test_a_bad_token_fails_the_run_and_the_requests_wait_for_their_pause(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(location, "r1", "person1@example.com")
    with monkeypatch.context() as patched:
        patched.setenv("COMMON_ROOM_API_TOKEN", "expired")
        outcome = settle(location)
    assert "token" in outcome.failure
    assert not outcome.was_retried
    assert status(location) == {"r1": "failed"}
    assert tick(location).skip_message == "no request is due"


class Tomorrow(CommonRoomPiiRemovals):
    """Removals by a clock of a test."""

    days_ahead: int = 0

    def get_removals(self, warehouse: WarehouseResource, *, wait_seconds: float | None = None) -> Removals:
        removals = super().get_removals(warehouse, wait_seconds=wait_seconds)
        return replace(removals, clock=lambda: datetime.now(UTC) + timedelta(days=self.days_ahead))


def days_later(location: Location, days: int) -> None:
    component = Tomorrow(asset_key=REMOVALS, days_ahead=days)
    tree = dg.ComponentTree.for_test()
    location.definitions = dg.Definitions.merge(component.build_defs(tree.load_context), RESOURCES)


def test_sixteen_days_later_the_verified_are_verified_and_the_overdue_turn_the_check_red(location: Location) -> None:
    location.run()
    ask(location, "r1", "person1@example.com")
    settle(location)
    location.sandbox.control.set_removals(processing=False)
    ask(location, "r2", "person2@example.com")
    location.sandbox.control.advance(16 * 86_400)
    days_later(location, 16)

    outcome = verify(location)

    assert outcome.succeeded
    assert outcome.materializations == []
    assert outcome.check_outcomes == {"removed_in_time": "error"}
    assert "1 requests are overdue" in (outcome.checks["removed_in_time"].description or "")
    assert "r1" in (outcome.checks["removed_in_time"].description or "")

    location.sandbox.control.set_removals(processing=True)
    days_later(location, 17)
    assert verify(location).check_outcomes == {"removed_in_time": "passed"}
    assert status(location)["r1"] == "verified"


def test_verification_runs_daily_once_it_is_turned_on(location: Location) -> None:
    schedule = location.definitions.resolve_schedule_def("verify_pii_removals_schedule")
    assert (schedule.cron_schedule, schedule.job_name) == ("0 6 * * *", "verify_pii_removals")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


@contextmanager
def folder(attributes: str) -> Iterator[dg.Definitions]:
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.defs_folder_path / "erasures"
        path.mkdir()
        written = textwrap.indent(textwrap.dedent(attributes), "  ")
        (path / "defs.yaml").write_text(f"type: cr_pipelines.components.CommonRoomPiiRemovals\nattributes:\n{written}")
        with sandbox.build_all_defs() as definitions:
            yield dg.Definitions.merge(definitions, RESOURCES)


def test_yaml_sets_the_table_its_columns_and_the_sensor(location: Location) -> None:
    location.sql("CREATE SCHEMA law; CREATE TABLE law.erasures AS SELECT 7 AS case_no, 'x@example.com' AS mail")
    with folder(
        """
        source: law.erasures
        columns: {request_id: case_no, email: mail}
        asset_key: legal/erasures
        max_people_per_address: 12
        sensor: {interval_seconds: 15, status: running}
        verification: {cron: "0 3 * * 1", timezone: Europe/Berlin, status: running}
        """
    ) as location.definitions:
        sensor = location.definitions.resolve_sensor_def("erasures_sensor")
        outcome = location.run("settle_erasures")
        [spec] = location.definitions.resolve_assets_def(dg.AssetKey(["legal", "erasures"])).specs
    assert outcome.succeeded
    assert (sensor.minimum_interval_seconds, sensor.default_status) == (15, dg.DefaultSensorStatus.RUNNING)
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["law", "erasures"])]
    assert status(location) == {"7": "not_found"}
    assert location.sql("SELECT max_people_per_address FROM common_room.address_limits") == [(12,)]
    # Syncs find the number where they find the tables of requests.
    [source] = request_sources_of([spec], DEFAULT_CONNECTION)
    assert source.max_people_per_address == 12


def test_removals_of_one_connection_cannot_name_different_numbers_of_people_per_address() -> None:
    given = "{{source: {name}, asset_key: {name}_removals, max_people_per_address: {most}}}"
    attributes = f"CommonRoomPiiRemovals\nattributes: {given}"
    with create_defs_folder_sandbox() as sandbox:
        for name, most in (("a", 3), ("b", 4), ("c", "null")):
            path = sandbox.defs_folder_path / name
            path.mkdir()
            written = attributes.format(name=name, most=most)
            (path / "defs.yaml").write_text(f"type: cr_pipelines.components.{written}\n")
        with pytest.raises(Exception, match="building definitions") as caught, sandbox.build_all_defs():
            pass
        assert "different numbers in max_people_per_address" in str(caught.value.__cause__)
        (sandbox.defs_folder_path / "b" / "defs.yaml").write_text(
            f"type: cr_pipelines.components.{attributes.format(name='b', most=3)}\n"
        )
        with sandbox.build_all_defs() as definitions:
            specs = dg.Definitions.merge(definitions, RESOURCES).resolve_all_asset_specs()
        assert len(request_sources_of(specs, DEFAULT_CONNECTION)) == 3


def test_a_table_without_the_needed_columns_fails_the_tick_by_name(location: Location) -> None:
    location.sql("ALTER TABLE common_room_pii_requests RENAME COLUMN email TO mail")
    with pytest.raises(Exception, match="has no column email"):
        tick(location)
    outcome = settle(location)
    assert outcome.check_outcomes["requests_usable"] == "error"
