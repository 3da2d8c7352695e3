"""Whether privacy requests wait for somebody.

Goes in: an open warehouse and where requests are. Comes out: findings about requests that nobody submits, that nobody
can read, or that wait for a decision. It records nothing.
"""

from datetime import UTC, datetime

from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.sync import RequestSource, privacy_messages, privacy_state
from cr_pipelines.warehouse import Warehouse


def check_privacy(checklist: Checklist, warehouse: Warehouse, schema: str, source: RequestSource) -> None:
    """Print whether every privacy request has been submitted."""
    checklist.section("Privacy requests")

    def read() -> tuple[int, str | None]:
        with warehouse.session() as session, warehouse.source_session(session) as reading:
            return privacy_state(session, schema, source, datetime.now(UTC), record=False, reading=reading)

    found = checklist.attempt("privacy requests", read)
    if found is None:
        return
    messages = privacy_messages(*found)
    for message in messages:
        checklist.problem(message)
    if not messages:
        checklist.ok(f"no privacy request in {source.relation} waits")
