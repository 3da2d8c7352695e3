"""The whole of Dagster as `dagster dev` starts it: webserver, daemon and code server."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.dagster.whole import TERMINATE, Dagster, until, whole_dagster


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory, sandbox_server: SandboxServer, path: Path) -> Iterator[Dagster]:
    with whole_dagster(tmp_path_factory.mktemp("dagster_home"), sandbox_server, f"duckdb:///{path}") as dagster:
        yield dagster


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
    assert len(checks) == 3


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
