"""Partitioned activities below upstream assets with partitions of any sort."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.asset_graph_view.asset_graph_view import AssetGraphView
from dagster.components.testing import create_defs_folder_sandbox

from cr_pipelines.components import DailyPartitions, build_sync_definitions, build_sync_spec, on_source_update
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.location import Location

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")]

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
UPSTREAM, ACTIVITIES = dg.AssetKey("events"), dg.AssetKey(["common_room", "activities"])
SYNC = Sync("activities", "activity", "events")
PARTITIONS = DailyPartitions(start=date(2026, 11, 1))
RESOURCES = {"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}

DAILY = 'dg.DailyPartitionsDefinition("2026-11-10")'
REGIONS = 'dg.StaticPartitionsDefinition(["eu", "us"])'

# For each sort of upstream: its partitions, the mapping that a project chooses, and the days that on_source_update,
# eager() and on_cron() request after the latest partition was updated, or all of them for on_cron().
EIGHT = tuple(f"2026-11-{day}" for day in range(18, 26))
TODAY = ("2026-11-25",)
UPSTREAMS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "unpartitioned": ("None", "NoneType", EIGHT, TODAY, TODAY),
    "daily": (DAILY, "TimeWindowPartitionMapping", ("2026-11-24",), (), ()),
    "daily_with_today": (
        'dg.DailyPartitionsDefinition("2026-11-10", end_offset=1)',
        "TimeWindowPartitionMapping",
        TODAY,
        TODAY,
        TODAY,
    ),
    "later_start": (
        'dg.DailyPartitionsDefinition("2026-11-24", end_offset=1)',
        "TimeWindowPartitionMapping",
        TODAY,
        TODAY,
        TODAY,
    ),
    "hourly": ('dg.HourlyPartitionsDefinition("2026-11-24-00:00")', "TimeWindowPartitionMapping", TODAY, TODAY, TODAY),
    "weekly": ('dg.WeeklyPartitionsDefinition("2026-11-01")', "TimeWindowPartitionMapping", EIGHT[:4], (), ()),
    "monthly": (
        'dg.MonthlyPartitionsDefinition("2026-09-01", end_offset=1)',
        "TimeWindowPartitionMapping",
        EIGHT,
        TODAY,
        TODAY,
    ),
    "other_time_zone": (
        'dg.DailyPartitionsDefinition("2026-11-10", timezone="Europe/Berlin")',
        "AllPartitionMapping",
        EIGHT,
        TODAY,
        TODAY,
    ),
    "static": (REGIONS, "AllPartitionMapping", EIGHT, TODAY, TODAY),
    "dynamic": ('dg.DynamicPartitionsDefinition(name="regions")', "AllPartitionMapping", EIGHT, TODAY, TODAY),
    "day_and_region": (
        f'dg.MultiPartitionsDefinition({{"day": {DAILY}, "region": {REGIONS}}})',
        "NoneType",
        ("2026-11-24",),
        (),
        (),
    ),
    "two_static": (
        f'dg.MultiPartitionsDefinition({{"tier": {REGIONS}, "region": {REGIONS}}})',
        "AllPartitionMapping",
        EIGHT,
        TODAY,
        TODAY,
    ),
}
CONDITIONS = {
    "on_source_update": (2, on_source_update(PARTITIONS)),
    "eager": (3, dg.AutomationCondition.eager()),
    "on_cron": (4, dg.AutomationCondition.on_cron("0 * * * *")),
}

PROJECT = """
import dagster as dg

@dg.asset(partitions_def={partitions})
def events(): ...
"""
YAML = """
type: cr_pipelines.components.CommonRoomSync
attributes: {{kind: activity, source: events, upstream: [events], asset_key: common_room/activities, name: activities,
  partitions: {{start: "2026-11-01"}}{more}}}
"""


def upstream(partitions: str) -> Any:
    """The asset that the activities are below."""

    @dg.asset(name="events", partitions_def=eval(partitions))  # noqa: S307 - of the table above
    def asset(): ...

    return asset


@cache
def project(partitions: str, more: str = "") -> dg.Definitions:
    """The definitions of a project that has the upstream asset in Python and the sync in YAML."""
    with create_defs_folder_sandbox() as sandbox:
        (sandbox.defs_folder_path / "events.py").write_text(PROJECT.format(partitions=partitions))
        (sandbox.defs_folder_path / "activities").mkdir()
        (sandbox.defs_folder_path / "activities" / "defs.yaml").write_text(YAML.format(more=more))
        with sandbox.build_all_defs() as definitions:
            return dg.Definitions.merge(definitions, dg.Definitions(resources=RESOURCES))


def factory(partitions: str, **spec: Any) -> dg.Definitions:
    """The same from Python, where nothing knows the upstream asset."""
    built = build_sync_spec(SYNC, upstream=["events"], partitions=PARTITIONS, **spec)
    return dg.Definitions.merge(
        build_sync_definitions(SYNC, spec=built, partitions=PARTITIONS),
        dg.Definitions([upstream(partitions)], resources=RESOURCES),
    )


def mapping(definitions: dg.Definitions) -> dg.PartitionMapping | None:
    [spec] = definitions.resolve_assets_def(ACTIVITIES).specs
    [dep] = spec.deps
    return dep.partition_mapping


@pytest.fixture
def regions(instance: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    instance.add_dynamic_partitions("regions", ["eu", "us"])
    return instance


@pytest.mark.parametrize("made_by", [project, factory])
@pytest.mark.parametrize("name", UPSTREAMS)
def test_it_loads_with_the_closest_mapping_and_a_backfill_that_includes_today_starts(
    name: str, made_by: Any, regions: dg.DagsterInstance
) -> None:
    definitions = made_by(UPSTREAMS[name][0])

    dg.Definitions.validate_loadable(definitions)
    view = AssetGraphView.for_test(definitions, regions)
    days = view.get_full_subset(key=ACTIVITIES)
    # Dagster refuses a backfill as a whole if a day needs an upstream partition that does not exist.
    _, missing = view.compute_parent_subset_and_required_but_nonexistent_subset(UPSTREAM, days)
    assert datetime.now(UTC).date().isoformat() in days.expensively_compute_partition_keys()
    assert missing.is_empty
    # Only a project's component can look for the upstream asset.
    expected = UPSTREAMS[name][1] if made_by is project else "AllPartitionMapping"
    assert type(mapping(definitions)).__name__ == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("all", "AllPartitionMapping"),
        ("last", "LastPartitionMapping"),
        ('"{{ time_window(start_offset=-1) }}"', "TimeWindowPartitionMapping"),
    ],
)
def test_yaml_gives_another_mapping(given: str, expected: str) -> None:
    assert type(mapping(project(DAILY, f", partition_mapping: {given}"))).__name__ == expected


def test_a_mapping_of_another_name_is_refused() -> None:
    with pytest.raises(Exception, match="activities") as refused:
        project(DAILY, ", partition_mapping: daily")

    assert "is neither all, last, time_window nor a mapping" in str(refused.getrepr(style="native"))


@pytest.mark.parametrize("partition_key", [None, "2026-11-25"])
def test_a_job_over_the_whole_group_runs(location: Location, partition_key: str | None) -> None:
    everything = dg.define_asset_job("everything", selection=dg.AssetSelection.groups("common_room"))
    definitions = dg.Definitions.merge(location.definitions, dg.Definitions(jobs=[everything]))
    job = definitions.resolve_job_def("everything")

    assert job.execute_in_process(instance=location.instance, partition_key=partition_key).success


def test_the_partitions_of_a_data_frame_are_read_as_one(location: Location) -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["eu", "us"]))
    def frame(context: dg.AssetExecutionContext) -> pd.DataFrame:
        row = {"id": context.partition_key, "activity_type": "used_product", "user_id": "u", "content": "Did"}
        return pd.DataFrame([{**row, "timestamp": NOW}])

    spec = build_sync_spec(SYNC, partitions=PARTITIONS, frame=frame.key, known={spec.key: spec for spec in frame.specs})
    definitions = dg.Definitions.merge(
        build_sync_definitions(SYNC, spec=spec, partitions=PARTITIONS, frame=frame.key),
        dg.Definitions([frame], resources=RESOURCES),
    )
    for region in ("eu", "us"):
        dg.materialize([frame], partition_key=region, instance=location.instance)

    job = definitions.resolve_job_def("sync_activities")

    assert job.execute_in_process(instance=location.instance, partition_key="2026-11-25").success
    assert location.sql("SELECT status FROM common_room.sync_ledger") == [("delivered",), ("delivered",)]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", UPSTREAMS)
def test_an_update_requests_the_days_that_it_may_have_changed(
    name: str, condition: str, regions: dg.DagsterInstance
) -> None:
    partitions = UPSTREAMS[name][0]
    column, chosen = CONDITIONS[condition]
    above = upstream(partitions)
    definitions = factory(partitions, automation_condition=chosen, known={spec.key: spec for spec in above.specs})
    keys = (
        above.partitions_def.get_partition_keys(current_time=LATER, dynamic_partitions_store=regions)
        if above.partitions_def
        else [None]
    )

    def update(*updated: str | None) -> None:
        for key in updated:
            regions.report_runless_asset_event(dg.AssetMaterialization(UPSTREAM, partition=key))

    update(*keys)
    cursor = None
    # The tick of the cron schedule is between the two.
    for moment in (NOW, LATER):
        seen = dg.evaluate_automation_conditions(definitions, regions, evaluation_time=moment, cursor=cursor)
        cursor = seen.cursor
    update(*(keys if condition == "on_cron" else keys[-1:]))
    seen = dg.evaluate_automation_conditions(
        definitions, regions, evaluation_time=LATER + timedelta(minutes=1), cursor=cursor
    )

    assert sorted(map(str, seen.get_requested_partitions(ACTIVITIES))) == list(UPSTREAMS[name][column])
