"""The whole of Dagster, run as `dagster dev` starts it: webserver, daemon and code server, asked over GraphQL."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

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

WORKSPACE = "load_from: [{{python_module: {{module_name: {module}, location_name: cr_pipelines}}}}]"

LOADED = """{ workspaceLocationEntryOrError(name: "cr_pipelines") {
  ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } } } }"""
LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status startTime endTime } } }"
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

    def ask(self, query: str, **variables: Any) -> Any:
        response = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
        assert "errors" not in response, response
        return response["data"]

    def launch(self, asset: str = "contacts", **config: Any) -> str:
        launched = self.ask(
            LAUNCH,
            params={
                "selector": {
                    **REPOSITORY,
                    "jobName": "__ASSET_JOB",
                    "assetSelection": [{"path": ["common_room", asset]}],
                },
                "runConfigData": {"ops": {f"common_room__{asset}": {"config": config}}},
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

    def wait_until_loaded(self) -> None:
        """Return once the code location is there."""
        until(
            lambda: self.ask(LOADED)["workspaceLocationEntryOrError"].get("locationOrLoadError"),
            lambda seen: bool(seen) and seen["__typename"] == "RepositoryLocation",
            seconds=300,
        )

    def ended(self, run: str) -> str:
        """The status of a run once it has ended."""
        over = {"SUCCESS", "FAILURE", "CANCELED"}
        return until(lambda: self.run(run)["status"], lambda status: status in over, seconds=600)

    def run(self, run: str) -> Any:
        """Its status, and when it began and ended, in seconds."""
        return self.ask(STATUS, run=run)["runOrError"]

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


@contextmanager
def whole_dagster(
    home: Path,
    sandbox: SandboxServer,
    warehouse_url: str,
    *,
    storage: str = "",
    module: str = "cr_pipelines.definitions",
    workspace: str = "",
    python: str = sys.executable,
    folder: Path = PROJECT,
) -> Iterator[Dagster]:
    """Dagster while the block lasts, its runs in processes of their own; `storage` is added to its dagster.yaml.

    It loads `module`, or the whole workspace that is given, in `folder` and with the packages of `python`.
    """
    (home / "dagster.yaml").write_text(SETTINGS + storage)
    (home / "sitecustomize.py").write_text(RESTLESS_DAEMON)
    file = home / "workspace.yaml"
    file.write_text(workspace or WORKSPACE.format(module=module))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "COMMON_ROOM_API_TOKEN": sandbox.token,
        "COMMON_ROOM_BASE_URL": sandbox.base_url,
        "COMMON_ROOM_DESTINATION_SOURCE_ID": str(sandbox.source_id),
        "CR_WAREHOUSE_URL": warehouse_url,
    }
    command = [python, "-W", "ignore", "-m", "dagster", "dev", "-w", str(file), "-p", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    running = Dagster(f"http://127.0.0.1:{port}")
    try:
        running.wait_until_loaded()
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
