"""The whole of Dagster as `dagster dev` starts it: webserver, daemon and code server."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

import cr_pipelines
from cr_pipelines.sandbox import SandboxServer

PROJECT = Path(cr_pipelines.__file__).parent.parent
REPOSITORY = {"repositoryLocationName": "cr_pipelines", "repositoryName": "__repository__"}
SETTINGS = """
telemetry: {enabled: false}
nux: {enabled: false}
run_coordinator:
  module: dagster._core.run_coordinator
  class: DefaultRunCoordinator
"""

# The real daemon, but for how long it rests between looking for backfills: 30 s, which no setting changes.
RESTLESS_DAEMON = """
import sys
if "dagster._daemon" in sys.orig_argv:
    import dagster._daemon.controller
    dagster._daemon.controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1
"""

LOADED = """{ workspaceLocationEntryOrError(name: "cr_pipelines") {
  ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } } } }"""
LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
RUNS_OF_BACKFILL = """query($tag: String!) { runsOrError(filter: {tags: [{key: "dagster/backfill", value: $tag}]}) {
  ... on Runs { results { status tags { key value } } } } }"""
DAYS_SHOWN = """{ assetNodeOrError(assetKey: {path: ["common_room", "activities"]}) { ... on AssetNode {
  assetMaterializations(limit: 20) {
    partition metadataEntries { label ... on IntMetadataEntry { intValue } } } } } }"""
TERMINATE = "mutation($run: String!) { terminateRun(runId: $run) { __typename } }"
ASSET = """query { assetNodeOrError(assetKey: {path: ["common_room", "contacts"]}) { ... on AssetNode {
  groupName kinds jobNames pools
  dependencyKeys { path }
  assetMaterializations(limit: 1) { runId metadataEntries {
    label ... on IntMetadataEntry { intValue } ... on TableColumnLineageMetadataEntry { lineage { columnName } } } }
  assetChecksOrError { ... on AssetChecks { checks {
    name executionForLatestMaterialization { status evaluation { success description } } } } } } } }"""


@dataclass
class Dagster:
    """A running Dagster, asked over GraphQL as its own pages do."""

    url: str
    path: Path
    sandbox: SandboxServer

    def ask(self, query: str, **variables: Any) -> Any:
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def launch(self, **config: Any) -> str:
        launched = self.ask(
            LAUNCH,
            params={
                "selector": {
                    **REPOSITORY,
                    "jobName": "__ASSET_JOB",
                    "assetSelection": [{"path": ["common_room", "contacts"]}],
                },
                "runConfigData": {"ops": {"common_room__contacts": {"config": config}}},
            },
        )["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run: str = launched["run"]["runId"]
        return run

    def launch_backfill(self, days: Sequence[str]) -> str:
        params = {"assetSelection": [{"path": ["common_room", "activities"]}], "partitionNames": list(days)}
        launched = self.ask(BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        backfill: str = launched["backfillId"]
        return backfill

    def backfilled(self, backfill: str) -> dict[str, str]:
        """How the runs of the backfill ended, by day."""
        runs = self.ask(RUNS_OF_BACKFILL, tag=backfill)["runsOrError"]["results"]
        day = "dagster/asset_partition_range_start"
        statuses = {tag["value"]: run["status"] for run in runs for tag in run["tags"] if tag["key"] == day}
        return {day: status for day, status in statuses.items() if status in ("SUCCESS", "FAILURE")}

    def ended(self, run: str) -> str:
        """The status of a run once it has ended."""
        over = {"SUCCESS", "FAILURE", "CANCELED"}
        return until(lambda: self.ask(STATUS, run=run)["runOrError"]["status"], lambda status: status in over)

    def asset(self) -> Any:
        return self.ask(ASSET)["assetNodeOrError"]


def until(look: Callable[[], Any], enough: Callable[[Any], bool], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if enough(seen := look()):
                return seen
        except httpx.TransportError:
            seen = None
        assert time.monotonic() < deadline, f"still {seen} after {seconds:.0f} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory, sandbox_server: SandboxServer) -> Iterator[Dagster]:
    home = tmp_path_factory.mktemp("dagster_home")
    (home / "dagster.yaml").write_text(SETTINGS)
    (home / "sitecustomize.py").write_text(RESTLESS_DAEMON)
    path = home / "warehouse.duckdb"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "COMMON_ROOM_API_TOKEN": sandbox_server.token,
        "COMMON_ROOM_BASE_URL": sandbox_server.base_url,
        "COMMON_ROOM_DESTINATION_SOURCE_ID": str(sandbox_server.source_id),
        "CR_WAREHOUSE_URL": f"duckdb:///{path}",
    }
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "dev", "-w", "workspace.yaml", "-p", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    running = Dagster(f"http://127.0.0.1:{port}", path, sandbox_server)
    try:
        until(
            lambda: running.ask(LOADED)["workspaceLocationEntryOrError"].get("locationOrLoadError"),
            lambda seen: bool(seen) and seen["__typename"] == "RepositoryLocation",
        )
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


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


def test_contacts_are_materialized_and_shown(dagster: Dagster) -> None:
    dagster.sandbox.control.reset()
    fill(dagster.path, rows=5)

    run = dagster.launch()

    assert dagster.ended(run) == "SUCCESS"
    assert len(dagster.sandbox.control.users(source=dagster.sandbox.source_id)) == 5
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


def test_a_run_that_somebody_ends_stops_at_once_and_keeps_what_it_delivered(dagster: Dagster) -> None:
    dagster.sandbox.control.reset()
    fill(dagster.path, rows=100)
    dagster.sandbox.control.set_limit(10, 1)
    run = dagster.launch()
    until(lambda: len(dagster.sandbox.control.users(source=dagster.sandbox.source_id)), lambda sent: sent > 10)
    dagster.ask(TERMINATE, run=run)
    assert dagster.ended(run) == "CANCELED"
    dagster.sandbox.control.set_limit(None)
    sent = len(dagster.sandbox.control.users(source=dagster.sandbox.source_id))
    assert sent < 100
    with duckdb.connect(str(dagster.path)) as connection:
        [(state, delivered)] = connection.execute(
            "SELECT state, delivered FROM common_room.sync_runs WHERE run_id = $1", [run]
        ).fetchall()
    assert state == "interrupted"
    assert delivered <= sent


def test_a_day_of_a_backfill_that_fails_leaves_the_other_days_delivered(dagster: Dagster) -> None:
    dagster.sandbox.control.reset()
    fill_activities(dagster.path)

    backfill = dagster.launch_backfill(DAYS)
    ended = until(lambda: dagster.backfilled(backfill), lambda days: len(days) == len(DAYS), seconds=120)

    assert ended == {day: "FAILURE" if day == BROKEN_DAY else "SUCCESS" for day in DAYS}

    shown = {
        entry["partition"]: {found["label"]: found.get("intValue") for found in entry["metadataEntries"]}
        for entry in dagster.ask(DAYS_SHOWN)["assetNodeOrError"]["assetMaterializations"]
    }
    counts = {day: (entry["dagster/partition_row_count"], entry["rows_delivered"]) for day, entry in shown.items()}
    assert counts == {day: (PER_DAY, PER_DAY) for day in DAYS if day != BROKEN_DAY}
    activities = dagster.sandbox.control.activities()
    assert len(activities) == PER_DAY * (len(DAYS) - 1)
    assert {activity["timestamp"][:10] for activity in activities} == set(DAYS) - {BROKEN_DAY}
