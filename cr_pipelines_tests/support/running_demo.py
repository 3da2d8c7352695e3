import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import httpx

from cr_pipelines.sandbox import SandboxClient

_COMMAND = Path(sys.executable).with_name("cr-pipelines")
_START_SECONDS = 480.0
_RUN_SECONDS = 120.0
_STOP_SECONDS = 30.0

_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_RUNS_OF_BACKFILL = """query($backfill: String!) {
  runsOrError(filter: {tags: [{key: "dagster/backfill", value: $backfill}]}) {
    ... on Runs { results { status tags { key value } } } } }"""
_DAY = "dagster/asset_partition_range_start"
_STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
_LATEST = """{ assetOrError(assetKey: {path: ["common_room", "contacts"]}) { ... on Asset {
  assetMaterializations(limit: 1) { runId } } } }"""


class RunningDemo:
    """`cr-pipelines demo` in a folder, from when its two pages can be opened until the `with` block ends.

    Attributes:
        dagster: address of the Dagster UI.
        sandbox: address of the sandbox's page.
        warehouse: the demo's DuckDB file.
        control: the sandbox's control API.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self.warehouse = folder / ".demo" / "warehouse.duckdb"

    def __enter__(self) -> Self:
        said = self._folder / "said"
        command = [str(_COMMAND), "demo", "--sandbox-port", str(_free_port()), "--dagster-port", str(_free_port())]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with said.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._until(lambda: "Press Ctrl-C to stop everything." in said.read_text(), _START_SECONDS)
            found = re.findall(r"^  (?:Dagster|The sandbox) +(http://\S+)$", said.read_text(), re.MULTILINE)
            self.dagster, self.sandbox = found
        except BaseException as error:
            self._stop()
            error.add_note(said.read_text())
            raise
        self.control = SandboxClient(self.sandbox)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.control.close()
        self._stop()

    def sql(self, statement: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(statement)

    def sync(self, *names: str, ends: Sequence[str] = ("SUCCESS",)) -> str:
        """Materialize assets of common_room, else its contacts, as the UI's button does; the run, once it has ended."""
        params = {
            "selector": {
                "repositoryLocationName": "cr_pipelines",
                "repositoryName": "__repository__",
                "jobName": "__ASSET_JOB",
                "assetSelection": [{"path": ["common_room", name]} for name in names or ("contacts",)],
            },
            "runConfigData": {},
        }
        launched = self._ask(_LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run: str = launched["run"]["runId"]
        self._until(lambda: self._status(run) in {"SUCCESS", "FAILURE", "CANCELED"}, _RUN_SECONDS)
        assert self._status(run) in ends, f"run {run} failed; {self.dagster}/runs/{run} says why"
        self.control.settle()
        return run

    def backfill(self, days: Sequence[str], seconds: float) -> dict[str, str]:
        """Backfill activities, as the UI's button does; how the run of each day ended."""
        params = {"assetSelection": [{"path": ["common_room", "activities"]}], "partitionNames": list(days)}
        backfill = self._ask(_BACKFILL, params=params)["launchPartitionBackfill"]["backfillId"]

        def ended() -> dict[str, str]:
            runs = self._ask(_RUNS_OF_BACKFILL, backfill=backfill)["runsOrError"]["results"]
            found = {tag["value"]: run["status"] for run in runs for tag in run["tags"] if tag["key"] == _DAY}
            return {day: status for day, status in found.items() if status in {"SUCCESS", "FAILURE", "CANCELED"}}

        self._until(lambda: len(ended()) == len(days), seconds)
        self.control.settle()
        return ended()

    def next_run(self, before: str) -> str:
        """The id of the run that materializes the contacts after the one named."""
        self._until(lambda: self.latest_run() != before, _RUN_SECONDS)
        return self.latest_run()

    def latest_run(self) -> str:
        """The id of the run that materialized the contacts last."""
        [latest] = self._ask(_LATEST)["assetOrError"]["assetMaterializations"]
        run: str = latest["runId"]
        return run

    def _status(self, run: str) -> str:
        status: str = self._ask(_STATUS, run=run)["runOrError"]["status"]
        return status

    def _ask(self, query: str, **variables: Any) -> Any:
        request = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.dagster}/graphql", json=request, timeout=30, trust_env=False).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def _until(self, enough: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not enough():
            assert self._process.poll() is None, "the demo has ended"
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
            time.sleep(0.1)

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # Whatever it has started ends with it.
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
