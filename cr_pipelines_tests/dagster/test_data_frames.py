"""Syncs of a data frame that another asset returns."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from cr_pipelines.components import DailyPartitions, DataFrameIOManager, build_sync_definitions, syncs_of
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.leaks import places_that_hold
from cr_pipelines_tests.support.location import Location, Outcome

FRAME = dg.AssetKey(["models", "people"])
PEOPLE = dg.AssetKey(["common_room", "people"])
RESOURCES = {
    "common_room": CommonRoomResource(),
    "warehouse": WarehouseResource(),
    "io_manager": dg.InMemoryIOManager(),
}


def run(location: Location, returned: Any, **config: Any) -> Outcome:
    """Materialize an asset that returns this, and the sync that reads it."""

    @dg.asset(key=FRAME)
    def people() -> Any:
        return returned

    sync = Sync("people", "contact", "none")
    return materialized(location, people, sync, run_config={"ops": {"common_room__people": {"config": config}}})


def materialized(
    location: Location, upstream: dg.AssetsDefinition, sync: Sync, days: DailyPartitions | None = None, **run: Any
) -> Outcome:
    definitions = dg.Definitions.merge(
        dg.Definitions(assets=[upstream], resources=RESOURCES),
        build_sync_definitions(sync, frame=FRAME, partitions=days),
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    return Outcome(job.execute_in_process(instance=location.instance, raise_on_error=False, **run))


def frame() -> pd.DataFrame:
    return pd.DataFrame({"id": ["p1", "p2"], "full_name": ["Ada", "Grace"], "unused": [1, 2]})


def test_a_frame_is_sent_and_then_only_what_changed_in_it(location: Location) -> None:
    first = run(location, frame())
    location.sandbox.control.clear_requests()
    second = run(location, frame())
    nothing = location.posted()
    third = run(location, frame().replace("Grace", "Grace Hopper"))

    assert first.succeeded
    [shown] = (found for found in first.materializations if "rows_delivered" in found)
    assert (shown["rows_delivered"], shown["dagster/row_count"]) == (2, 2)
    assert first.check_outcomes["source_usable"] == "passed"
    assert second.succeeded
    assert nothing == []
    assert third.succeeded
    assert location.posted() == ["p2"]
    assert location.sql("SELECT count(*) FROM common_room.sync_ledger WHERE sync = 'people'") == [(2,)]


def test_column_lineage_leads_to_the_asset_that_returned_the_frame(location: Location) -> None:
    [shown] = (found for found in run(location, frame()).materializations if "rows_delivered" in found)

    [source] = shown["dagster/column_lineage"].deps_by_column["fullName"]
    assert (source.asset_key, source.column_name) == (FRAME, "full_name")


def test_a_value_that_is_not_a_frame_is_refused_by_its_type(location: Location) -> None:
    outcome = run(location, [{"id": "p1"}])

    assert not outcome.succeeded
    assert "returned a builtins.list; return a pandas DataFrame" in outcome.failure


def test_a_frame_that_lacks_a_required_column_says_which(location: Location) -> None:
    outcome = run(location, frame().drop(columns="id"))

    assert not outcome.succeeded
    assert "has no column id, which the contract of a contact requires" in outcome.failure


def test_a_sync_of_a_frame_is_not_among_the_syncs_of_the_definitions() -> None:
    built = build_sync_definitions(Sync("people", "contact", "none"), frame=FRAME)

    assert (
        syncs_of(dg.Definitions.merge(built, dg.Definitions(assets=[dg.AssetSpec(FRAME)], resources=RESOURCES))) == []
    )


@pytest.mark.parametrize("partitioned", [True, False])
def test_activities_of_a_frame_go_day_by_day_whether_or_not_the_frame_does(
    location: Location, partitioned: bool
) -> None:
    days = DailyPartitions(start=date(2026, 3, 1))
    moments = ["2026-03-01", "2026-03-02"]

    @dg.asset(key=FRAME, partitions_def=days.definition() if partitioned else None)
    def activities(context: dg.AssetExecutionContext) -> Any:
        found = pd.DataFrame({"id": ["a1", "a2"], "activity_type": "link", "user_id": "u", "timestamp": moments})
        found["timestamp"] = pd.to_datetime(found["timestamp"])
        return found[found["timestamp"] == context.partition_key] if partitioned else found

    outcome = materialized(location, activities, Sync("acts", "activity", "none"), days, partition_key="2026-03-02")

    assert outcome.succeeded
    assert [activity["id"] for activity in location.sandbox.control.activities()] == ["a2"]


@dg.asset(key=FRAME)
def canaries() -> pd.DataFrame:
    return pd.DataFrame({"id": ["canary-1"], "full_name": ["Canary Jones"], "email": ["canary@example.com"]})


def stored(instance: dg.DagsterInstance, location: Location, io_manager: object) -> tuple[list[str], list[Outcome]]:
    """Where Dagster has the people of a frame, after runs of the frame and of its sync, each by itself."""
    sync = build_sync_definitions(Sync("people", "contact", "none"), frame=FRAME)
    resources = {key: value for key, value in RESOURCES.items() if key != "io_manager"}
    definitions = dg.Definitions.merge(
        sync,
        dg.Definitions(
            assets=[canaries],
            jobs=[dg.define_asset_job("frame", selection=dg.AssetSelection.assets(FRAME))],
            resources={**resources, **({"io_manager": io_manager} if io_manager else {})},
        ),
    )
    outcomes = [
        Outcome(definitions.resolve_job_def(job).execute_in_process(instance=instance))
        for job in ("frame", "sync_people", "sync_people")
    ]
    secrets = ("canary-1", "Canary Jones", "canary@example.com")
    return places_that_hold(secrets, Path(instance.root_directory)), outcomes


def test_a_frame_of_people_is_not_in_dagsters_storage(location: Location, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "home")) as instance:
        found, (_, first, second) = stored(instance, location, DataFrameIOManager())
        assert found == []
        assert places_that_hold(["in its storage"], tmp_path / "home") == []
        assert [shown["rows_delivered"] for shown in (*first.materializations, *second.materializations)] == [1, 0]
        assert location.posted() == ["canary-1"]

        # Dagster's default does, which the search finds, and of which the sync warns.
        found, _ = stored(instance, location, None)
        assert found == ["storage/models/people"]
        assert places_that_hold(["in its storage"], tmp_path / "home") != []


def test_the_built_in_code_location_keeps_frames_in_the_warehouse(location: Location) -> None:
    assert isinstance((location.definitions.resources or {})["io_manager"], DataFrameIOManager)


def test_a_frame_that_nobody_returned_yet_is_named(location: Location) -> None:
    sync = build_sync_definitions(Sync("people", "contact", "none"), frame=FRAME)
    resources = {**RESOURCES, "io_manager": DataFrameIOManager()}
    definitions = dg.Definitions.merge(sync, dg.Definitions(assets=[canaries], resources=resources))

    job = definitions.resolve_job_def("sync_people")
    outcome = Outcome(job.execute_in_process(instance=location.instance, raise_on_error=False))

    assert "there is no data frame of models/people yet; materialize models/people first" in outcome.failure


def test_days_of_a_frame_are_kept_one_by_one(location: Location) -> None:
    days = DailyPartitions(start=date(2026, 3, 1))

    @dg.asset(key=FRAME, partitions_def=days.definition())
    def activities(context: dg.AssetExecutionContext) -> pa.Table:
        moment = pd.Timestamp(context.partition_key)
        return pa.table(
            {"id": [context.partition_key], "activity_type": ["link"], "user_id": ["u"], "timestamp": [moment]}
        )

    for day in ("2026-03-01", "2026-03-02", "2026-03-02"):
        definitions = dg.Definitions.merge(
            dg.Definitions(assets=[activities], resources={**RESOURCES, "io_manager": DataFrameIOManager()}),
            build_sync_definitions(Sync("acts", "activity", "none"), frame=FRAME, partitions=days),
        )
        job = definitions.resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=location.instance, partition_key=day).success

    assert {activity["id"] for activity in location.sandbox.control.activities()} == {"2026-03-01", "2026-03-02"}
    kept = location.sql("SELECT asset, partition, number FROM common_room.data_frames ORDER BY partition")
    assert kept == [("models/people", "2026-03-01", 0), ("models/people", "2026-03-02", 0)]
