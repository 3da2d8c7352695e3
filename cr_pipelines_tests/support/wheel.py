"""Environments with the wheel, as a user has them: nothing of the repository."""

import os
import subprocess
import sys
from pathlib import Path

import cr_pipelines

PROJECT = Path(cr_pipelines.__file__).parent.parent
UV = Path(sys.executable).with_name("uv")


def new_environment(folder: Path, *packages: str | Path) -> Path:
    """Make a virtual environment with these packages, and return its folder of commands."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return python.parent


def environment(**variables: str) -> dict[str, str]:
    """The variables of a process that knows nothing of this one's virtual environment and settings."""
    ours = ("PYTHONPATH", "VIRTUAL_ENV", "DAGSTER_HOME")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith(("CR_", "COMMON_ROOM_"))
    }
    return {**kept, "DAGSTER_DISABLE_TELEMETRY": "1", "PYTHONWARNINGS": "ignore", **variables}
