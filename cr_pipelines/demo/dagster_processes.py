"""The processes of Dagster: the runs of the syncs, and the UI.

Goes in: the demo's folder and environment. Comes out: processes that end with the demo, and what they are doing.
"""

import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import httpx

from cr_pipelines.demo.home import LOCATION, DemoError, DemoHome
from cr_pipelines.demo.materialize import Stage, command
from cr_pipelines.demo.ports import HOST
from cr_pipelines.supervised_process import SupervisedProcess

_START_SECONDS = 90.0
_POLL_SECONDS = 0.25
_LOGGED = re.compile(r" - (?:common_room__(\w+) - STEP_START|INFO - (?:\S+ - ){0,4}common_room__\w+) - (.+)")
"""What the log of a run says about a sync: that it starts, or one of its lines."""

_LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }
"""


class Display(Protocol):
    """Where the demo shows what it is doing."""

    def doing(self, what: str) -> None:
        """Say what is now being done."""


Showing = Callable[[str], AbstractContextManager[Display]]
"""Shows that something is being done until its block ends."""


def run_syncs(
    home: DemoHome, environment: Mapping[str, str], sandbox_url: str, stages: Sequence[Stage], showing: Showing
) -> bool:
    """Materialize the syncs' assets, one Dagster run for each stage. Return whether all runs succeeded."""
    with (
        showing("starting Dagster") as display,
        SupervisedProcess(command(sandbox_url, stages), environment, home.sync_log) as run,
        home.sync_log.open(errors="replace") as log,
    ):
        while run.exit_code() is None:
            for sync, message in _LOGGED.findall(log.read()):
                display.doing(f"{sync}: starting" if sync else message)
            time.sleep(_POLL_SECONDS)
        return run.exit_code() == 0


def dagster_ui(home: DemoHome, environment: Mapping[str, str], port: int) -> SupervisedProcess:
    """Return the process of Dagster's webserver, daemon and code server. A `with` block starts it."""
    dev = [sys.executable, "-m", "dagster", "dev", "-w", str(home.workspace), "-h", HOST, "-p", str(port)]
    return SupervisedProcess(dev, environment, home.dagster_log)


def wait_for_ui(home: DemoHome, dagster: SupervisedProcess, port: int, showing: Showing) -> None:
    """Return when the UI shows the code location. Raises DemoError if that does not happen in time."""
    give_up = time.monotonic() + _START_SECONDS
    with (
        showing("waiting for the Dagster UI to load the syncs"),
        httpx.Client(base_url=f"http://{HOST}:{port}", timeout=10, trust_env=False) as http,
    ):
        while dagster.exit_code() is None and time.monotonic() < give_up:
            if _is_loaded(http, home):
                return
            time.sleep(_POLL_SECONDS)
    raise DemoError(f"Dagster did not start; see {home.dagster_log}")


def _is_loaded(http: httpx.Client, home: DemoHome) -> bool:
    try:
        response = http.post("/graphql", json={"query": _LOCATIONS})
        response.raise_for_status()
    except httpx.HTTPError:
        return False
    for entry in response.json()["data"]["workspaceOrError"].get("locationEntries", []):
        if entry["name"] != LOCATION or entry["loadStatus"] != "LOADED":
            continue
        loaded = entry["locationOrLoadError"]
        if loaded["__typename"] == "PythonError":
            raise DemoError(f"Dagster cannot load {LOCATION}; see {home.dagster_log}")
        return True
    return False
