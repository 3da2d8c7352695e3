"""The Launchpad: the run config that Dagster fills in, launched without an edit."""

from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.snap.snap_to_yaml import default_values_yaml_from_type_snap

from cr_pipelines.components import build_sync_asset, build_sync_spec
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.location import Location

JOBS = ["sync_contacts", "sync_activities", "settle_pii_removals", "verify_pii_removals", "common_room_catalog"]
MASK = "********"


def filled_in(job: dg.JobDefinition) -> dict[str, Any]:
    """What the Launchpad shows when somebody opens it."""
    snapshot = job.get_job_snapshot()
    configs = snapshot.config_schema_snapshot
    root = configs.get_config_snap(snapshot.mode_def_snaps[0].root_config_key)
    return yaml.safe_load(default_values_yaml_from_type_snap(configs, root)) or {}


@pytest.mark.parametrize("job", JOBS)
def test_nothing_about_resources_is_filled_in(location: Location, job: str) -> None:
    assert "resources" not in filled_in(location.definitions.resolve_job_def(job))


def test_what_is_filled_in_runs_without_an_edit(location: Location) -> None:
    job = location.definitions.resolve_job_def("sync_contacts")

    assert job.execute_in_process(run_config=filled_in(job), instance=location.instance).success
    assert len(location.room) == 10


def own_resources(location: Location, *, token: Any, url: Any) -> dg.JobDefinition:
    sync = Sync("people", "contact", "common_room_contacts")
    return dg.Definitions(
        [build_sync_asset(sync, build_sync_spec(sync))],
        jobs=[dg.define_asset_job("sync_people", "*")],
        resources={
            "common_room": CommonRoomResource(token=token, source_id=location.sandbox.source_id),
            "warehouse": WarehouseResource(url=url, state_schema="elsewhere"),
        },
    ).resolve_job_def("sync_people")


@pytest.mark.parametrize("from_environment", [True, False])
def test_secrets_of_the_code_location_are_neither_filled_in_nor_replaced(
    location: Location, monkeypatch: pytest.MonkeyPatch, from_environment: bool
) -> None:
    token, url = location.sandbox.token, f"duckdb:///{location.path}"
    monkeypatch.setenv("ACME_TOKEN", token)
    monkeypatch.setenv("ACME_WAREHOUSE", url)
    monkeypatch.setenv("COMMON_ROOM_API_TOKEN", "somebody else's")
    monkeypatch.setenv("CR_WAREHOUSE_URL", "duckdb:////nowhere/at.all")
    if from_environment:
        job = own_resources(location, token=dg.EnvVar("ACME_TOKEN"), url=dg.EnvVar("ACME_WAREHOUSE"))
    else:
        job = own_resources(location, token=token, url=url)

    config = filled_in(job)

    assert MASK not in str(config)
    assert location.sandbox.token not in str(config)
    assert config["resources"] == {
        "common_room": {"config": {"source_id": location.sandbox.source_id}},
        "warehouse": {"config": {"state_schema": "elsewhere"}},
    }
    assert job.execute_in_process(run_config=config, instance=location.instance).success
    assert len(location.room) == 10


def test_a_mask_is_never_taken_for_a_value(location: Location) -> None:
    masked = {"common_room": {"config": {"token": MASK}}, "warehouse": {"config": {"url": MASK}}}
    job = location.definitions.resolve_job_def("sync_contacts")

    assert job.execute_in_process(run_config={"resources": masked}, instance=location.instance).success
    assert CommonRoomResource(token=MASK).token is None
    assert WarehouseResource(url=MASK).url is None


def test_a_run_may_name_another_variable_for_a_secret(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_TOKEN", location.sandbox.token)
    monkeypatch.setenv("COMMON_ROOM_API_TOKEN", "revoked")
    job = location.definitions.resolve_job_def("sync_contacts")
    config = {"resources": {"common_room": {"config": {"token": {"env": "OTHER_TOKEN"}}}}}

    assert job.execute_in_process(run_config=config, instance=location.instance).success
    assert len(location.room) == 10
