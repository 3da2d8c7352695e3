"""A sync below a real dbt project: it runs after dbt, waits for its tests, and forgets no update."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.projects import write_project
from cr_pipelines_tests.support.wheel import new_environment
from cr_pipelines_tests.support.whole_dagster import REPOSITORY, Dagster, until, whole_dagster

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

FILES = {
    "acme/defs/dbt/defs.yaml": """
        type: dagster_dbt.DbtProjectComponent
        attributes: {project: "{{ context.project_root }}/dbt"}
    """,
    "acme/defs/people/defs.yaml": """
        type: cr_pipelines.components.CommonRoomSync
        attributes:
          kind: contact
          source: people
          dbt_model: people
          asset_key: common_room/people
          automation_condition: on_source_update
    """,
    "dbt/dbt_project.yml": """
        name: acme
        profile: acme
        flags: {send_anonymous_usage_stats: false}
    """,
    "dbt/profiles.yml": """
        acme:
          target: main
          outputs:
            main:
              type: duckdb
              path: "{{ env_var('ACME_DUCKDB') }}"
              retries: {connect_attempts: 20}
    """,
    "dbt/models/people.sql": "select id, full_name, email from raw_people",
    "dbt/models/people.yml": """
        models:
          - name: people
            columns: [{name: email, data_tests: [not_null]}]
    """,
}
START = "mutation($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }"
TICKS = """query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor {
  sensorState { ticks(limit: 1000) { status error { message } } } } } }"""
LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status assetSelection { path } } } } }"
SENSOR = {**REPOSITORY, "sensorName": "default_automation_condition_sensor"}


@dataclass
class Acme:
    """The project, running."""

    dagster: Dagster
    warehouse: Path

    def sql(self, statement: str) -> None:
        def execute() -> bool:
            try:
                with duckdb.connect(str(self.warehouse)) as connection:
                    connection.execute(statement)
            except duckdb.IOException:
                # A run has the file open.
                return False
            return True

        until(execute, bool)

    def build(self) -> str:
        """How a run of dbt ends, its tests included."""
        selector = {**REPOSITORY, "jobName": "__ASSET_JOB", "assetSelection": [{"path": ["people"]}]}
        launched = self.dagster.ask(LAUNCH, params={"selector": selector})["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return self.dagster.ended(launched["run"]["runId"])

    def syncs(self) -> list[dict[str, Any]]:
        runs = self.dagster.ask(RUNS)["runsOrError"]["results"]
        return [run for run in runs if {"path": ["common_room", "people"]} in (run["assetSelection"] or ())]

    def next_sync(self, after: int) -> str:
        """The run of the sync that follows this many."""
        until(lambda: len(self.syncs()), lambda seen: seen == after + 1, seconds=400)
        run: str = self.syncs()[0]["runId"]
        return run

    def wait_for_ticks(self, number: int) -> None:
        def ticks() -> int:
            found = self.dagster.ask(TICKS, sensor=SENSOR)["sensorOrError"]["sensorState"]["ticks"]
            assert not [tick for tick in found if tick["error"]], found
            return len([tick for tick in found if tick["status"] in ("SKIPPED", "SUCCESS")])

        before = ticks()
        until(ticks, lambda seen: seen >= before + number, seconds=400)


@pytest.fixture(scope="module")
def acme(wheel: Path, sandbox_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    folder = tmp_path_factory.mktemp("acme")
    # dbt-core 1.12 is built from a download that is not in the package index.
    commands = new_environment(folder / "environment", wheel, "dagster-dbt", "dbt-duckdb", "dbt-core<1.12")
    project, warehouse, home = folder / "acme", folder / "acme.duckdb", folder / "home"
    write_project(project, FILES)
    home.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "CREATE TABLE raw_people AS SELECT 'p' || i AS id, 'Ada' AS full_name, 'ada' || i || '@example.com' "
            "AS email FROM range(20) AS numbers(i)"
        )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ACME_DUCKDB", str(warehouse))
        patched.setenv("DBT_PROFILES_DIR", str(project / "dbt"))
        patched.setenv("PATH", f"{commands}:/usr/bin:/bin")
        patched.delenv("VIRTUAL_ENV", raising=False)
        with whole_dagster(
            home,
            sandbox_server,
            f"duckdb:///{warehouse}",
            module="acme.definitions",
            python=str(commands / "python"),
            folder=project,
        ) as dagster:
            dagster.ask(START, sensor=SENSOR)
            running = Acme(dagster, warehouse)
            running.wait_for_ticks(1)
            yield running


def names(sandbox: SandboxServer) -> set[str]:
    return {user["fullName"] for user in sandbox.control.users(source=sandbox.source_id).values()}


def test_a_sync_follows_dbt(acme: Acme, sandbox: SandboxServer) -> None:
    before = len(acme.syncs())
    acme.sql("UPDATE raw_people SET full_name = 'Bob'")

    assert acme.build() == "SUCCESS"

    assert acme.dagster.ended(acme.next_sync(before)) == "SUCCESS"
    assert names(sandbox) == {"Bob"}


def test_a_failed_test_of_dbt_holds_the_sync_back_until_dbt_has_built_the_model_again(
    acme: Acme, sandbox: SandboxServer
) -> None:
    before = len(acme.syncs())
    acme.sql("UPDATE raw_people SET full_name = 'Cleo', email = CASE id WHEN 'p1' THEN NULL ELSE email END")
    assert acme.build() == "FAILURE"
    acme.wait_for_ticks(2)
    assert len(acme.syncs()) == before

    acme.sql("UPDATE raw_people SET email = id || '@example.com'")
    assert acme.build() == "SUCCESS"

    assert acme.dagster.ended(acme.next_sync(before)) == "SUCCESS"
    assert names(sandbox) == {"Cleo"}


def test_an_update_while_the_sync_runs_is_synced_afterwards(acme: Acme, sandbox: SandboxServer) -> None:
    before = len(acme.syncs())
    sandbox.control.set_limit(1, 20)
    acme.sql("UPDATE raw_people SET full_name = 'Dora'")
    assert acme.build() == "SUCCESS"
    running = acme.next_sync(before)
    until(lambda: names(sandbox), lambda seen: "Dora" in seen, seconds=400)

    acme.sql("UPDATE raw_people SET full_name = 'Eve'")
    assert acme.build() == "SUCCESS"

    assert acme.dagster.run(running)["status"] == "STARTED"
    sandbox.control.set_limit(None)
    assert acme.dagster.ended(running) == "SUCCESS"
    assert acme.dagster.ended(acme.next_sync(before + 1)) == "SUCCESS"
    assert names(sandbox) == {"Eve"}
