"""What is installed, what runs, how large the state is, and whether privacy requests wait.

Goes in: an open warehouse whose state schema is ready. Comes out: findings.
"""

import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.project import Project
from cr_pipelines.removal import Removals
from cr_pipelines.sync import StateSchema
from cr_pipelines.sync.state.ledger import SYNC_LEDGER, SYNC_OUTCOMES
from cr_pipelines.sync.state.runs import SYNC_RUNS
from cr_pipelines.warehouse import Relation, SourceMissing, Warehouse
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
    """Print which runs are running, and how many rows the state has."""
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
            f"{sync}{of_day} is running since {started_at:%Y-%m-%d %H:%M} UTC on {host}, process {process}; last sign "
            f"of life {silent:.0f} s ago"
        )


def check_privacy(checklist: Checklist, project: Project, warehouse: Warehouse) -> None:
    """Print how many privacy requests wait, and whether any are not taken in or overdue."""
    checklist.section("Privacy requests")
    checklist.attempt("privacy requests", lambda: _check_privacy(checklist, project, warehouse))


def _check_privacy(checklist: Checklist, project: Project, warehouse: Warehouse) -> None:
    standing = Removals(warehouse, schema=project.state_schema).standing()
    known = sum(standing.by_status.values())
    with warehouse.source_session() as session:
        try:
            session.columns(Relation(_REQUESTS))
        except SourceMissing:
            if not known:
                checklist.note(f"off, because there is no table {_REQUESTS}")
                return
            asked = 0
        else:
            [(asked,)] = session.fetch_all(
                f"SELECT count(*) FROM {session.dialect.relation(Relation(_REQUESTS))} AS requests"
            )
    listed = ", ".join(f"{number:,} {status}" for status, number in sorted(standing.by_status.items()))
    checklist.ok(f"{count(known, 'request')} known{f': {listed}' if listed else ''}")
    if asked > known:
        checklist.problem(
            f"{count(asked - known, 'row')} of {_REQUESTS} not taken in, so these people are still synced: turn on the "
            "sensor pii_removals_sensor in Dagster, or materialize common_room/pii_removals"
        )
    if standing.overdue:
        checklist.problem(f"{count(len(standing.overdue), 'request')} overdue: see cr-pipelines pii report")
