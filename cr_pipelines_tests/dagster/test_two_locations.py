"""Two code locations on one instance: a schedule waits for the runs of its own location only, whatever their job."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase
from cr_pipelines_tests.support.whole_dagster import Dagster, until, whole_dagster

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

LOCATION = (
    "- python_module: {{module_name: cr_pipelines_tests.dagster.two_locations, attribute: {0}, location_name: {1}}}\n"
)
WORKSPACE = "load_from:\n" + LOCATION.format("ours", "cr_pipelines") + LOCATION.format("theirs", "theirs")
TICK = """mutation($schedule: ScheduleSelector!) { scheduleDryRun(selectorData: $schedule, timestamp: 1764072000) {
  __typename ... on DryRunInstigationTick { evaluationResult { skipReason runRequests { runKey } error { message } } }
} }"""
LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
LOADED = """{ workspaceLocationEntryOrError(name: "theirs") {
  ... on WorkspaceLocationEntry { locationOrLoadError { __typename } } } }"""


@pytest.fixture
def warehouse() -> Iterator[PostgreSQLDatabase]:
    database = PostgreSQLDatabase()
    database.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name "
        "FROM generate_series(0, 99) AS numbers(i)"
    )
    yield database
    database.remove()


def tick(dagster: Dagster, location: str) -> tuple[str | None, int]:
    """Why a tick of the schedule of contacts is skipped, and how many runs it requests."""
    schedule = {
        "repositoryLocationName": location,
        "repositoryName": "__repository__",
        "scheduleName": "sync_contacts_schedule",
    }
    ticked = dagster.ask(TICK, schedule=schedule)["scheduleDryRun"]["evaluationResult"]
    assert ticked["error"] is None, ticked
    return ticked["skipReason"], len(ticked["runRequests"] or ())


def launch(dagster: Dagster, job: str) -> str:
    selector = {"repositoryLocationName": "cr_pipelines", "repositoryName": "__repository__", "jobName": job}
    launched = dagster.ask(LAUNCH, params={"selector": selector})["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    return str(launched["run"]["runId"])


def test_a_schedule_waits_for_every_run_of_its_own_location(
    warehouse: PostgreSQLDatabase, sandbox: SandboxServer, tmp_path: Path
) -> None:
    with whole_dagster(tmp_path, sandbox, warehouse.url, workspace=WORKSPACE) as dagster:
        until(
            lambda: dagster.ask(LOADED)["workspaceLocationEntryOrError"]["locationOrLoadError"],
            lambda loaded: loaded is not None and loaded["__typename"] == "RepositoryLocation",
            seconds=120,
        )
        for job in ("sync_contacts", "everything"):
            sandbox.control.set_limit(1, 3)
            warehouse.sql("UPDATE common_room_contacts SET full_name = full_name || '!'")
            run = launch(dagster, job)
            until(lambda run=run: dagster.run(run)["status"], lambda status: status == "STARTED", seconds=120)

            assert tick(dagster, "cr_pipelines") == (
                f"contacts: run {run} is in progress; the next tick checks again",
                0,
            )
            assert tick(dagster, "theirs") == (None, 1)

            sandbox.control.set_limit(None)
            assert dagster.ended(run) == "SUCCESS"
        assert tick(dagster, "cr_pipelines") == (None, 1)
