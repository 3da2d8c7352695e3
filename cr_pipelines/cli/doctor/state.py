"""What is installed, what runs, how large the state is, and whether privacy requests wait.

Goes in: an open warehouse whose state schema is ready. Comes out: findings.
"""

import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.project import Project
from cr_pipelines.sync import StateSchema
from cr_pipelines.sync.state.ledger import SYNC_LEDGER, SYNC_OUTCOMES
from cr_pipelines.sync.state.runs import SYNC_RUNS
from cr_pipelines.warehouse import Warehouse
from cr_pipelines.wording import count

_PACKAGES = ("cr-pipelines", "dagster", "duckdb", "pyarrow", "pydantic")
_REQUESTS = "common_room_pii_requests"


def check_versions(checklist: Checklist) -> None:
    """Print what is installed."""
    checklist.section("Versions")
    named = [f"Python {'.'.join(map(str, sys.version_info[:3]))}"]
    for package in _PACKAGES:
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    checklist.ok(", ".join(named))


def check_state(checklist: Checklist, project: Project, warehouse: Warehouse) -> None:
    """Print the active runs, and how many rows the state has."""
    checklist.section("State")
    checklist.attempt("the state", lambda: _check_state(checklist, project, warehouse))


def _check_state(checklist: Checklist, project: Project, warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        state = StateSchema(session, project.state_schema)
        columns = ["sync", "partition", "host", "process", "started_at", "heartbeat_at"]
        running = state.fetch(SYNC_RUNS, columns, "state = 'running'")
        rows = {
            table.name: session.fetch_all(f"SELECT count(*) FROM {state.names.table(table.name)}")[0][0]
            for table in (SYNC_LEDGER, SYNC_OUTCOMES)
        }
    checklist.ok(f"{count(rows['sync_ledger'], 'row')} in sync_ledger, {rows['sync_outcomes']:,} in the outbox")
    now = datetime.now(UTC)
    for sync, partition, host, process, started_at, heartbeat_at in running:
        of_day = f" of {partition}" if partition else ""
        silent = (now - heartbeat_at).total_seconds()
        checklist.note(
            f"{sync}{of_day} is running since {started_at:%Y-%m-%d %H:%M} UTC on {host}, process {process}; last "
            f"heartbeat {silent:.0f} s ago"
        )
