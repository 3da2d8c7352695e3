"""The command as a user types it, in this process or in one of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cr_pipelines.cli import main
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.duckdb_file import run_sql
from cr_pipelines_tests.support.location import ready_made

COMMAND = str(Path(sys.executable).with_name("cr-pipelines"))
_OURS = ("COMMON_ROOM_", "CR_", "DAGSTER_")


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment of a user who has set just these."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | variables


def command(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the installed command."""
    return subprocess.run(
        [COMMAND, *arguments], cwd=cwd, env=env or clean_environment(), capture_output=True, text=True, timeout=150
    )


@dataclass
class Terminal:
    """Someone at a terminal, with a warehouse file and a room that the environment names."""

    path: Path
    sandbox: SandboxServer
    env: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {name: None for name in os.environ if name.startswith(_OURS)} | {
            "COMMON_ROOM_API_TOKEN": self.sandbox.token,
            "COMMON_ROOM_BASE_URL": self.sandbox.base_url,
            "COMMON_ROOM_DESTINATION_SOURCE_ID": str(self.sandbox.source_id),
            "CR_WAREHOUSE_URL": f"duckdb:///{self.path}",
        }

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return run_sql(self.path, statement)

    def types(self, *arguments: str, prog_name: str | None = None) -> Result:
        """The command in this process: what it prints, and its exit code."""
        with pytest.MonkeyPatch.context() as patched:
            # Loading them takes half a second. They are the same for all tests, as they connect to nothing.
            patched.setattr("cr_pipelines.definitions.defs", ready_made)
            return CliRunner().invoke(main, arguments, env=self.env, catch_exceptions=False, prog_name=prog_name)
