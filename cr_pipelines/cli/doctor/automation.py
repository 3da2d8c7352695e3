"""Which schedules and sensors are turned on, and whether Dagster's daemon is running to start them.

Goes in: the project's schedules and sensors, and the instance at DAGSTER_HOME. Comes out: findings. Nothing is
turned on or off.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.project import Project

_DAEMONS = ("SCHEDULER", "SENSOR")
_SILENT_SECONDS = 300
"""After this long without a heartbeat, Dagster itself considers a daemon dead."""


def check_automation(checklist: Checklist, project: Project) -> None:
    """Print which schedules and sensors are on and off, and whether a daemon runs them."""
    checklist.section("Schedules and sensors")
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        checklist.note(
            "DAGSTER_HOME is not set; set it to the same folder as for Dagster to see which schedules and sensors "
            "are on"
        )
    elif not Path(home).is_dir():
        checklist.problem("DAGSTER_HOME is not a folder; create it, or set it to the same folder as for Dagster")
    else:
        checklist.attempt("schedules and sensors", lambda: _check_instance(checklist, project))


def _check_instance(checklist: Checklist, project: Project) -> None:
    with dg.DagsterInstance.get() as instance:
        running = {state.name: state.is_running for state in instance.all_instigator_state()}
        heartbeats = instance.get_daemon_heartbeats()
    now = datetime.now(UTC).timestamp()
    alive = any(now - heartbeats[name].timestamp < _SILENT_SECONDS for name in _DAEMONS if name in heartbeats)
    states = {name: running.get(name, by_default) for name, by_default in project.automation().items()}
    on, off = ([name for name, is_on in states.items() if is_on is wanted] for wanted in (True, False))
    if on and not alive:
        checklist.problem(f"on, but nothing runs them: {_listed(on)}; start dagster-daemon, or `dagster dev`")
    elif on:
        checklist.ok(f"on: {_listed(on)}")
    if off:
        checklist.note(f"off: {_listed(off)}; turn them on under Automation in Dagster")
    if not states:
        checklist.note("the definitions have none")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names))
