"""Measurements in separate processes.

Goes in: a function of the benchmarks, or a program in `ways/`. Comes out: the JSON that it prints.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
PEERS = PROJECT / ".venv-peers"
_PEERS_LOCK = Path(__file__).with_name("peers.lock")


def run_here(module: str, function: str, *arguments: object) -> dict[str, Any]:
    """Call a function in a separate process, so that time and memory are its own. Return its result."""
    code = f"import json; from {module} import {function}; print(json.dumps({function}(*{arguments!r})))"
    return _output([sys.executable, "-c", code])


def run_way(name: str, job: Mapping[str, Any], python: Path | None = None) -> dict[str, Any]:
    """Run a program in `ways/`. Return its output, which has the error of a program that failed under `error`."""
    program = Path(__file__).with_name("ways") / f"{name}.py"
    return _output([str(python or sys.executable), str(program), json.dumps(job)])


def peers_python() -> Path:
    """Return the Python of the peers' environment, after installing it if it is missing or older than the lock.

    The environment is separate, so that installing or developing cr-pipelines does not install the peers.
    """
    python = PEERS / "bin" / "python"
    stamp = PEERS / ".installed"
    if not stamp.exists() or stamp.stat().st_mtime < _PEERS_LOCK.stat().st_mtime:
        uv = str(Path(sys.executable).with_name("uv"))
        if not python.exists():
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(PEERS)], check=True)
        subprocess.run(
            [uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(_PEERS_LOCK)], check=True
        )
        stamp.touch()
    return python


def _output(command: list[str]) -> dict[str, Any]:
    ours = {"PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "ignore", "RUNTIME__DLTHUB_TELEMETRY": "false"}
    environment = os.environ | ours
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=PROJECT, env=environment)
    if done.returncode:
        raise RuntimeError(f"{command[1]} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    output: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return output
