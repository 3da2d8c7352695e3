"""The schedules of a sync."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from cr_pipelines.resources import WarehouseResource
from cr_pipelines_tests.support.location import CONTACTS, Location


@pytest.fixture
def instance(instance_on_disk: dg.DagsterInstance) -> dg.DagsterInstance:
    return instance_on_disk


def tick(location: Location) -> Any:
    schedule = location.definitions.resolve_schedule_def("sync_contacts_schedule")
    with dg.build_schedule_context(
        instance=location.instance,
        resources={"warehouse": WarehouseResource()},
        scheduled_execution_time=datetime(2026, 11, 23, 12, tzinfo=UTC),
    ) as context:
        return schedule.evaluate_tick(context)


def test_contacts_run_hourly_once_the_schedule_is_turned_on(location: Location) -> None:
    schedule = location.definitions.resolve_schedule_def("sync_contacts_schedule")

    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 * * * *", "UTC")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "sync_contacts"


def test_a_tick_requests_a_run(location: Location) -> None:
    data = tick(location)

    assert data.run_requests is not None
    assert len(data.run_requests) == 1
    assert data.run_requests[0].run_config == {}


def test_a_tick_is_skipped_while_the_source_is_missing_and_names_it(location: Location) -> None:
    location.sql("DROP TABLE common_room_contacts")

    data = tick(location)

    assert not data.run_requests
    assert "contacts is disabled" in (data.skip_message or "")
    assert "common_room_contacts" in (data.skip_message or "")


def test_a_source_that_was_synced_and_has_disappeared_fails_the_next_run(location: Location) -> None:
    assert location.run().succeeded
    location.sql("DROP TABLE common_room_contacts")

    data = tick(location)

    assert data.skip_message is None
    assert len(data.run_requests) == 1
    assert location.run().check_outcomes["source_usable"] == "error"


@pytest.mark.parametrize("job_name", ["sync_contacts", "__ASSET_JOB"])
def test_a_tick_is_skipped_while_a_run_of_the_same_sync_is_in_progress(location: Location, job_name: str) -> None:
    job = location.definitions.resolve_job_def("sync_contacts")
    run = location.instance.create_run_for_job(
        job, asset_selection=frozenset({CONTACTS}), status=dg.DagsterRunStatus.STARTED
    )
    location.instance.add_run(run._replace(job_name=job_name, run_id="the-other-run"))
    location.instance.delete_run(run.run_id)

    data = tick(location)

    assert not data.run_requests
    assert "run the-other-run is in progress" in (data.skip_message or "")


def test_a_run_that_waits_long_for_the_pool_counts_as_in_progress(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cr_pipelines.components.shared.runs.BEGINS_WITHIN", timedelta(0))
    job = location.definitions.resolve_job_def("sync_contacts")
    run = location.instance.create_run_for_job(
        job, asset_selection=frozenset({CONTACTS}), status=dg.DagsterRunStatus.STARTED
    )
    assert tick(location).run_requests
    pool = location.instance.event_log_storage
    pool.set_concurrency_slots("common_room_api", 1)
    assert pool.claim_concurrency_slot("common_room_api", "another run", "step").is_claimed
    assert not pool.claim_concurrency_slot("common_room_api", run.run_id, "step").is_claimed

    data = tick(location)

    assert f"run {run.run_id} is in progress" in (data.skip_message or "")


def test_a_run_that_has_ended_blocks_no_tick(location: Location) -> None:
    location.run()

    assert tick(location).run_requests


@pytest.mark.process
def test_a_tick_with_a_busy_warehouse_requests_a_run_which_waits_longer(
    location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cr_pipelines.components.sync.schedule.TICK_WAIT_SECONDS", 0.1)
    open_it = f"import duckdb; c = duckdb.connect({str(location.path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", open_it], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        data = tick(location)
        other.stdin.write("\n")

    assert data.run_requests
