"""The package can be installed together with Dagster's integrations, at the lowest and the highest of its bounds."""

import subprocess
from pathlib import Path

import pytest

from cr_pipelines_tests.support.wheel import PROJECT, UV

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

BESIDE = [
    "dagster-dbt dbt-duckdb",
    "dagster-duckdb",
    "dagster-duckdb-pandas",
    "dagster-snowflake-pandas",
    "dagster-gcp-pandas",
    "dagster-k8s",
    "dagster-dlt",
    "dagster-sling",
]


@pytest.mark.parametrize("resolution", ["highest", "lowest-direct"])
@pytest.mark.parametrize("packages", BESIDE)
def test_it_resolves_beside(packages: str, resolution: str, tmp_path: Path) -> None:
    wanted = tmp_path / "requirements.in"
    # Only our own bounds are lowered: the other packages are those of the same release as Dagster.
    bounds = [f"{package}{'>=0.29.27' if package.startswith('dagster-') else '>=1.9'}" for package in packages.split()]
    wanted.write_text("\n".join([f"cr-pipelines[postgres] @ {PROJECT.as_uri()}", *bounds]))

    command = [UV, "pip", "compile", "--quiet", "--python-version", "3.11", "--resolution", resolution, wanted]
    resolved = subprocess.run(command, capture_output=True, text=True)

    assert resolved.returncode == 0, resolved.stderr
    assert "duckdb==" in resolved.stdout
