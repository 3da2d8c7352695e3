"""The wheel, installed without the repository into an environment inside somebody else's Dagster project."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cr_pipelines_tests.support.wheel import environment, new_environment
from cr_pipelines_tests.support.whole_dagster import until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

OTHER_PROJECT = """
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "acme"
"""


@dataclass
class Installed:
    """The environment, and folders to run its commands in: one that is empty, and the other project."""

    bin: Path
    empty: Path
    acme: Path

    def run(self, *command: str, folder: Path | None = None, exit_code: int | None = 0) -> str:
        """What a command of the environment prints."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=folder or self.empty,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert exit_code in (None, done.returncode), done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        return environment()


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("installed")
    acme, empty = folder / "acme", folder / "empty"
    empty.mkdir()
    (acme / "src" / "acme" / "defs").mkdir(parents=True)
    (acme / "pyproject.toml").write_text(OTHER_PROJECT)
    yield Installed(new_environment(acme / ".venv", f"{wheel}[sandbox]"), empty, acme)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("place", ["empty", "acme"])
def test_the_ready_made_syncs_load(installed: Installed, place: str) -> None:
    names = "from cr_pipelines.definitions import defs; print(*sorted(s.name for s in defs().schedules))"

    printed = installed.run("python", "-c", names, folder=getattr(installed, place))

    assert "sync_contacts_schedule" in printed
    assert "sync_activities_recheck" in printed


def test_dagster_validates_the_code_location(installed: Installed) -> None:
    assert "Validation successful" in installed.run(
        "dagster", "definitions", "validate", "-m", "cr_pipelines.definitions"
    )


def test_the_command_knows_the_ready_made_syncs(installed: Installed) -> None:
    assert "CR_WAREHOUSE_URL" in installed.run("cr-pipelines", "doctor", exit_code=None)
    assert "cannot load" not in installed.run("cr-pipelines", "plan", "contacts", exit_code=None)


def test_a_code_server_serves_it(installed: Installed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = ["api", "grpc", "-m", "cr_pipelines.definitions", "-h", "127.0.0.1", "-p", port]
    with subprocess.Popen(
        [installed.bin / "dagster", *command], cwd=installed.empty, env=installed.environment, stderr=subprocess.DEVNULL
    ) as server:
        check = [installed.bin / "dagster", "api", "grpc-health-check", "-p", port]
        try:
            until(
                lambda: subprocess.run(check, env=installed.environment, capture_output=True).returncode,
                lambda code: code == 0,
                seconds=120,
            )
        finally:
            server.terminate()


def test_the_demo_runs(installed: Installed) -> None:
    printed = installed.run("cr-pipelines", "demo", "--once")

    assert "500" in printed
    assert (installed.empty / ".demo" / "warehouse.duckdb").exists()
