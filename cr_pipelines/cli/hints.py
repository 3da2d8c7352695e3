"""Hints for errors: which table was meant, and whether the destination source is the right one.

Goes in: the project, and what went wrong. Comes out: a phrase to end a message with that lists what exists.
"""

import asyncio
import difflib
from collections.abc import Iterator
from contextlib import contextmanager

from cr_pipelines.api import CommonRoomError
from cr_pipelines.cli.project import Project
from cr_pipelines.sync import Destination, Report, Sync
from cr_pipelines.warehouse import Relation, SourceMissing, WarehouseError
from cr_pipelines.wording import count

_MOST_TABLES = 5


@contextmanager
def naming_tables(project: Project, relation: Relation) -> Iterator[None]:
    """Raise a SourceMissing of the block with the tables that may be meant."""
    try:
        yield
    except SourceMissing as error:
        raise SourceMissing(f"{error}{tables_like(project, relation)}") from None


def tables_like(project: Project, relation: Relation) -> str:
    """Return `; there is crm.contacts`, or an empty string if no table has a similar name.

    The sources of other syncs and the tables of state schemas are left out.
    """
    if relation.is_query:
        return ""
    try:
        with project.open_warehouse().source_session() as session:
            found = session.fetch_all(
                "SELECT table_schema, table_name FROM information_schema.tables "
                "WHERE table_schema NOT IN ('information_schema', 'pg_catalog')"
            )
    except WarehouseError:
        return ""
    wanted = str(relation).replace('"', "").lower().rpartition(".")[2]
    taken = {str(sync.relation).replace('"', "").lower() for sync in project.syncs} - {wanted}
    states = {project.state_schema, *(schema for schema, name in found if str(name).lower() == "sync_ledger")}
    by_name: dict[str, list[str]] = {}
    for schema, name in found:
        if schema not in states and str(name).lower() not in taken:
            by_name.setdefault(str(name).lower(), []).append(f"{schema}.{name}")
    names = [wanted] if wanted in by_name else difflib.get_close_matches(wanted, by_name, n=_MOST_TABLES, cutoff=0.7)
    tables = [table for name in names for table in by_name[name]][:_MOST_TABLES]
    return f"; there is {' and '.join(tables)}: use that name in the sync, or create a view" if tables else ""


def source_id_problem(project: Project, sync: Sync, report: Report) -> str | None:
    """Return that the destination source is wrong, if that is why custom fields are unknown."""
    unknown = any(problem.reason_code == "unknown_custom_field" for problem in (*report.problems, *report.dropped))
    destination = project.common_room.destination()
    if not unknown or not sync.contract.needs_source_id or destination.source_id is None:
        return None
    try:
        of_source, of_room = asyncio.run(_fields(destination))
    except CommonRoomError:
        return None
    return None if of_source or not of_room else no_field_writable(destination.source_id, of_room)


def no_field_writable(source_id: int | None, of_room: int) -> str:
    """Return what is probably wrong when a destination source can write none of the room's custom fields."""
    return (
        f"destination source {source_id} cannot write any of the room's {count(of_room, 'custom field')}: compare "
        "COMMON_ROOM_DESTINATION_SOURCE_ID with the room's API signals (Settings > Sources), or allow the signal to "
        "write the fields"
    )


async def _fields(destination: Destination) -> tuple[int, int]:
    async with destination.open_client() as client:
        of_room = await client.list_custom_fields()
        return len(await client.list_custom_fields(destination.source_id)), len(of_room)
