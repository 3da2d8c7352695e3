"""The whole of Dagster as `dagster dev` starts it: webserver, daemon and code server."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.whole_dagster import DAYS_SHOWN, TERMINATE, Dagster, until, whole_dagster

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory, sandbox_server: SandboxServer, path: Path) -> Iterator[Dagster]:
    with whole_dagster(tmp_path_factory.mktemp("dagster_home"), sandbox_server, f"duckdb:///{path}") as dagster:
        yield dagster


DAYS = [f"2026-03-0{day}" for day in range(1, 5)]
BROKEN_DAY, PER_DAY = "2026-03-03", 50


def fill_activities(path: Path) -> None:
    """Four days of activities. The view fails on a value of one of them, which is no number."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE raw_activities AS SELECT 'a' || i AS id, TIMESTAMPTZ '2026-03-01 00:00:00+00' "
            f"+ (i // {PER_DAY}) * INTERVAL 1 DAY AS timestamp, CASE i WHEN {PER_DAY * 2} THEN 'many' ELSE '7' END AS "
            f"seats FROM range({PER_DAY * len(DAYS)}) AS numbers(i)"
        )
        connection.execute(
            "CREATE VIEW common_room_activities AS SELECT id, 'used_product' AS activity_type, timestamp, "
            "'u' || id AS user_id, CAST(seats AS INTEGER) AS content FROM raw_activities"
        )


def fill(path: Path, rows: int) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name "
            f"FROM range({rows}) AS numbers(i)"
        )


def test_contacts_are_materialized_and_shown(dagster: Dagster, sandbox: SandboxServer, path: Path) -> None:
    fill(path, rows=5)

    run = dagster.launch()

    assert dagster.ended(run) == "SUCCESS"
    assert len(sandbox.control.users(source=sandbox.source_id)) == 5
    asset = dagster.asset()
    assert asset["groupName"] == "common_room"
    assert sorted(asset["kinds"]) == ["commonroom", "duckdb"]
    assert asset["pools"] == ["common_room_api"]
    assert "sync_contacts" in asset["jobNames"]
    assert asset["dependencyKeys"] == [{"path": ["common_room_contacts"]}]
    [materialization] = asset["assetMaterializations"]
    entries = {entry["label"]: entry for entry in materialization["metadataEntries"]}
    assert materialization["runId"] == run
    assert entries["rows_delivered"]["intValue"] == 5
    assert {item["columnName"] for item in entries["dagster/column_lineage"]["lineage"]} == {"id", "fullName"}
    checks = asset["assetChecksOrError"]["checks"]
    assert {check["executionForLatestMaterialization"]["evaluation"]["success"] for check in checks} == {True}
    assert {check["name"] for check in checks} == {
        "source_usable",
        "rejections_under_threshold",
        "source_not_emptied",
        "delivery_complete",
        "delivered_rows_stored",
    }


def test_a_run_that_somebody_ends_stops_at_once_and_keeps_what_it_delivered(
    dagster: Dagster, sandbox: SandboxServer, path: Path
) -> None:
    fill(path, rows=100)
    sandbox.control.set_limit(10, 1)
    run = dagster.launch()
    until(lambda: len(sandbox.control.users(source=sandbox.source_id)), lambda sent: sent > 10)
    dagster.ask(TERMINATE, run=run)
    assert dagster.ended(run) == "CANCELED"
    sandbox.control.set_limit(None)
    sent = len(sandbox.control.users(source=sandbox.source_id))
    assert sent < 100
    with duckdb.connect(str(path)) as connection:
        [(state, delivered)] = connection.execute(
            "SELECT state, delivered FROM common_room.sync_runs WHERE run_id = $1", [run]
        ).fetchall()
    assert state == "interrupted"
    assert delivered <= sent


def test_a_day_of_a_backfill_that_fails_leaves_the_other_days_delivered(
    dagster: Dagster, path: Path, sandbox_server: SandboxServer
) -> None:
    sandbox_server.control.reset()
    fill_activities(path)

    backfill = dagster.launch_backfill(DAYS)
    ended = until(lambda: dagster.backfilled(backfill), lambda days: len(days) == len(DAYS), seconds=600)

    assert ended == {day: "FAILURE" if day == BROKEN_DAY else "SUCCESS" for day in DAYS}

    shown = {
        entry["partition"]: {found["label"]: found.get("intValue") for found in entry["metadataEntries"]}
        for entry in dagster.ask(DAYS_SHOWN)["assetNodeOrError"]["assetMaterializations"]
    }
    counts = {day: (entry["dagster/partition_row_count"], entry["rows_delivered"]) for day, entry in shown.items()}
    assert counts == {day: (PER_DAY, PER_DAY) for day in DAYS if day != BROKEN_DAY}
    activities = sandbox_server.control.activities()
    assert len(activities) == PER_DAY * (len(DAYS) - 1)
    assert {activity["timestamp"][:10] for activity in activities} == set(DAYS) - {BROKEN_DAY}
