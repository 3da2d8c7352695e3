"""The code location as Dagster loads it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

import cr_pipelines
from cr_pipelines.components import syncs_of
from cr_pipelines.definitions import defs
from cr_pipelines.sync import Sync
from cr_pipelines_tests.dagster import snapshot

PROJECT = Path(cr_pipelines.__file__).parent.parent


def test_the_definitions_are_those_of_the_committed_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CR_WAREHOUSE_URL", raising=False)

    assert snapshot.written() == snapshot.FILE.read_text(encoding="utf-8"), snapshot.__doc__


@pytest.mark.process
def test_the_location_loads_light_and_connects_to_nothing() -> None:
    load = (
        "import sys; from cr_pipelines.definitions import defs; import dagster as dg; "
        "dg.Definitions.validate_loadable(defs()); "
        "print(*sorted({'pandas', 'duckdb', 'granian', 'polars'} & set(sys.modules)))"
    )
    environment = {
        **os.environ,
        "CR_WAREHOUSE_URL": "duckdb:////nowhere/at/all.duckdb",
        "COMMON_ROOM_BASE_URL": "http://127.0.0.1:1/community/v1",
        "COMMON_ROOM_DESTINATION_SOURCE_ID": "no number",
    }

    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", load], env=environment, capture_output=True, text=True
    )

    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == ""


def test_every_way_of_loading_names_the_same_location() -> None:
    [workspace] = yaml.safe_load((PROJECT / "workspace.yaml").read_text())["load_from"]
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["dg"]["project"]

    assert workspace["python_module"]["location_name"] == project["code_location_name"] == "cr_pipelines"
    assert workspace["python_module"]["module_name"] == f"{project['root_module']}.definitions"


def test_the_built_in_syncs_are_found_in_the_definitions() -> None:
    assert Sync("contacts", "contact", "common_room_contacts") in syncs_of(defs())


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres", "PostgreSQL"])
def test_the_kinds_of_an_asset_name_the_warehouse(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("CR_WAREHOUSE_URL", f"{scheme}://host/db")

    [spec] = defs().resolve_assets_def(dg.AssetKey(["common_room", "contacts"])).specs

    assert spec.kinds == {"commonroom", "postgresql"}
    assert spec.group_name == "common_room"
