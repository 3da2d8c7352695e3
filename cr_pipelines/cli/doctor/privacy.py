"""Whether privacy requests need attention.

Goes in: an open warehouse and where requests are. Comes out: findings about requests that are not submitted, cannot be
read, wait for a decision, or are overdue. It records no request.
"""

from datetime import UTC, datetime

from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.project import Project
from cr_pipelines.removal import Removals
from cr_pipelines.sync import privacy_messages, privacy_state
from cr_pipelines.warehouse import Relation, SourceMissing, SourceSession, Warehouse, WarehouseError
from cr_pipelines.wording import count


def check_privacy(checklist: Checklist, project: Project, warehouse: Warehouse) -> None:
    """Print how many privacy requests are known, and whether any wait, cannot be read, or are overdue."""
    checklist.section("Privacy requests")
    checklist.attempt("privacy requests", lambda: _check_privacy(checklist, project, warehouse))


def _check_privacy(checklist: Checklist, project: Project, warehouse: Warehouse) -> None:
    standing = Removals(warehouse, schema=project.state_schema).standing()
    known = sum(standing.by_status.values())
    with warehouse.session() as session, warehouse.source_session(session) as reading:
        if not known and not any(_exists(reading, source.relation) for source in project.requests):
            tables = ", ".join(str(source.relation) for source in project.requests)
            checklist.note(
                f"off, because there is no table {tables}" if tables else "off, because no removals use this connection"
            )
            return
        found = privacy_state(
            session, project.state_schema, project.requests, datetime.now(UTC), record=False, reading=reading
        )
    listed = ", ".join(f"{number:,} {status}" for status, number in sorted(standing.by_status.items()))
    checklist.ok(f"{count(known, 'request')} known{f': {listed}' if listed else ''}")
    for message in privacy_messages(found.unsubmitted, len(found.undecided), found.problem):
        checklist.problem(message)
    if standing.overdue:
        checklist.problem(f"{count(len(standing.overdue), 'request')} overdue: see cr-pipelines pii report")


def _exists(session: SourceSession, relation: Relation) -> bool:
    try:
        session.columns(relation)
    except SourceMissing:
        return False
    except WarehouseError:
        # It is said with the reason.
        return True
    return True
