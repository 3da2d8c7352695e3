"""What an installation runs is pinned by hash, and its licenses are known."""

import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cr_pipelines

PROJECT = Path(cr_pipelines.__file__).parent.parent


LOCKS = ("requirements.lock", ".ci/oldest.lock", "benchmarks/peers.lock")


def pinned(lock: str) -> dict[str, str]:
    """The versions of a lock, each of which has a hash."""
    found = re.findall(r"^[a-z].*?[^\\]$", (PROJECT / lock).read_text(), re.MULTILINE | re.DOTALL)
    assert [text for text in found if "==" not in text or "--hash=sha256:" not in text] == []
    return {
        text.partition("==")[0].partition("[")[0]: re.split(r"[ ;\\\n]", text.partition("==")[2])[0] for text in found
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_lock_pins_by_hash_and_names_no_registry(lock: str) -> None:
    assert len(pinned(lock)) > 60
    assert "://" not in (PROJECT / lock).read_text()


def test_the_build_backend_and_what_installs_are_pinned_too() -> None:
    assert {"uv", "hatchling"} <= set(pinned("requirements.lock"))


@pytest.mark.parametrize("script", ["Makefile", ".ci/run", ".ci/dist", "benchmarks/programs.py"])
def test_everything_that_is_installed_is_checked_by_hash(script: str) -> None:
    text = (PROJECT / script).read_text().replace("\\\n", " ")
    installs = re.findall(r"^.*(?:pip\W+(?:install|sync)|\{fresh\[@\]\}|uv\W+build).*$", text, re.MULTILINE)
    installs = [line for line in installs if not line.startswith("fresh=")]
    assert installs
    for line in installs:
        assert any(word in line for word in ("--require-hashes", "--no-deps", "--no-build-isolation")), line
        if "build" in line or "--editable" in line:
            assert "--no-build-isolation" in line, line


def test_the_lock_of_the_oldest_dependencies_has_the_oldest_that_are_allowed() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    bounds = dict(re.findall(r"^([\w-]+)(?:\[[^]]*\])?>=([\d.]+)", "\n".join(listed), re.MULTILINE))
    oldest = pinned(".ci/oldest.lock")
    assert len(bounds) > 10
    for name, bound in bounds.items():
        release = [int(part) for part in oldest[name].split(".")]
        wanted = [int(part) for part in bound.split(".")]
        assert release[: len(wanted)] == wanted, name


def test_the_licenses_of_all_runtime_dependencies_are_listed() -> None:
    listed = subprocess.run([sys.executable, PROJECT / ".ci" / "licenses"], capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout
    licenses = {line[:32].strip(): line[50:].strip() for line in listed.stdout.splitlines()}
    assert {"dagster", "duckdb", "aiohttp", "snowflake-connector-python", "uvicorn"} <= set(licenses)
    assert all(licenses.values())
    assert "pytest" not in licenses


def test_secrets_of_a_checkout_are_not_committed() -> None:
    assert {".env", ".env.*"} <= set((PROJECT / ".gitignore").read_text().splitlines())
