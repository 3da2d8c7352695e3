import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cr_pipelines.cli import main
from cr_pipelines_tests.support.terminal import Terminal, clean_environment, command

pytestmark = pytest.mark.process


def test_help_names_every_command_and_its_exit_codes(tmp_path: Path) -> None:
    listed = command("--help", cwd=tmp_path)
    assert listed.returncode == 0
    for name in ("demo", "doctor", "plan", "sandbox"):
        assert name in listed.stdout
        assert "Exit codes: 0" in CliRunner().invoke(main, [name, "--help"]).output


def test_help_does_not_wait_for_a_heavy_import() -> None:
    loaded = "import sys, cr_pipelines.cli; print(sorted({'dagster', 'duckdb', 'httpx', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True).strip() == "[]"


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "contacts", "--limit", "0"], ["sandbox", "--port", "many"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_an_error_that_the_user_can_fix_is_one_line_without_traceback(terminal: Terminal) -> None:
    terminal.path.unlink()
    result = terminal.types("plan", "contacts")
    assert result.exit_code == 1
    assert "there is no DuckDB file" in result.output
    assert "Traceback" not in result.output
    assert len(result.output.splitlines()) == 1


def test_definitions_that_cannot_be_loaded_are_named(terminal: Terminal) -> None:
    result = terminal.types("plan", "contacts", "--definitions", "nowhere.definitions")
    assert result.exit_code == 1
    assert "cannot load nowhere.definitions: ModuleNotFoundError" in result.output
    result = terminal.types("plan", "contacts", "--definitions", "cr_pipelines.definitions:other")
    assert (
        "module cr_pipelines.definitions has no other; pass --definitions cr_pipelines.definitions:NAME"
        in result.output
    )


def test_names_of_syncs_are_completed(tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "completed_project.py").write_text(
        "import dagster as dg\n"
        "from cr_pipelines.components import build_sync_definitions\n"
        "from cr_pipelines.resources import CommonRoomResource, WarehouseResource\n"
        "from cr_pipelines.sync import Sync\n"
        "resources = {'common_room': CommonRoomResource(), 'warehouse': WarehouseResource()}\n"
        "people = build_sync_definitions(Sync('people', 'contact', 'SELECT id FROM people'))\n"
        "defs = dg.Definitions.merge(people, dg.Definitions(resources=resources))\n"
    )
    for typed, expected in (
        ("plan contact_", ["contact_activities", "contact_notes", "contact_tags"]),
        ("run --definitions completed_project p", ["people"]),
        ("explain --definitions nowhere p", []),
    ):
        words = ["cr-pipelines", *typed.split()]
        asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        terminal.env |= {"_CR_PIPELINES_COMPLETE": "bash_complete", **asked}
        completed = terminal.types(prog_name="cr-pipelines")
        assert completed.stdout.split() == [f"plain,{name}" for name in expected], completed.stderr


def test_definitions_of_a_users_own_project_bring_their_syncs_and_resources(tmp_path: Path, terminal: Terminal) -> None:
    (tmp_path / "acme.py").write_text(
        "import dagster as dg\n"
        "from cr_pipelines.components import build_sync_definitions\n"
        "from cr_pipelines.resources import CommonRoomResource, WarehouseResource\n"
        "from cr_pipelines.sync import Sync\n"
        "acme = dg.Definitions.merge(\n"
        "    build_sync_definitions(Sync('people', 'contact', 'SELECT id, email FROM common_room_contacts')),\n"
        "    dg.Definitions(resources={\n"
        "        'common_room': CommonRoomResource(token=dg.EnvVar('ACME_TOKEN')),\n"
        "        'warehouse': WarehouseResource(url='duckdb:///warehouse.duckdb', state_schema='ours'),\n"
        "    }),\n"
        ")\n"
    )
    room = {name: terminal.env[name] or "" for name in ("COMMON_ROOM_BASE_URL", "COMMON_ROOM_DESTINATION_SOURCE_ID")}
    env = clean_environment(ACME_TOKEN=terminal.sandbox.token, **room)
    result = command("doctor", "--definitions", "acme:acme", cwd=tmp_path, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Sync people" in result.stdout
    assert "a run would send 10" in result.stdout
    assert "the state schema ours" in result.stdout
