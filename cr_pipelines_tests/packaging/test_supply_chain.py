"""What an installation runs is pinned by hash, and its licenses are known."""

import re
import subprocess
import sys
from pathlib import Path

import cr_pipelines

PROJECT = Path(cr_pipelines.__file__).parent.parent


def test_everything_that_is_installed_is_pinned_by_hash() -> None:
    lock = (PROJECT / "requirements.lock").read_text()
    requirements = re.findall(r"^[a-z].*?[^\\]$", lock, re.MULTILINE | re.DOTALL)
    assert len(requirements) > 100
    assert [text for text in requirements if "==" not in text or "--hash=sha256:" not in text] == []
    assert {"uv", "hatchling"} <= {text.partition("==")[0] for text in requirements}

    installs = [
        line for line in (PROJECT / "Makefile").read_text().splitlines() if "pip install" in line or "pip sync" in line
    ]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or ("--no-deps" in line and "--no-build-isolation" in line), line


def test_the_licenses_of_all_runtime_dependencies_are_listed() -> None:
    listed = subprocess.run([sys.executable, PROJECT / ".ci" / "licenses"], capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout
    licenses = {line[:32].strip(): line[50:].strip() for line in listed.stdout.splitlines()}
    assert {"dagster", "duckdb", "aiohttp", "snowflake-connector-python", "uvicorn"} <= set(licenses)
    assert all(licenses.values())
    assert "pytest" not in licenses


def test_secrets_of_a_checkout_are_not_committed() -> None:
    assert {".env", ".env.*"} <= set((PROJECT / ".gitignore").read_text().splitlines())
