"""Whether the environment, Common Room and the warehouse are ready for a run.

Goes in: the environment and the project's resources. Comes out: findings, whether Common Room responds, and the open
warehouse.
"""

import asyncio
import os
import re
from typing import NamedTuple

from cr_pipelines.api import DEFAULT_BASE_URL, TokenStatus
from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.hints import no_field_writable
from cr_pipelines.cli.project import Project
from cr_pipelines.settings import DEMO_WAREHOUSE_URL
from cr_pipelines.sync import Destination, Room, StateRoom, StateSchema, check_room
from cr_pipelines.warehouse import Warehouse, host_of, shown_url
from cr_pipelines.wording import count

_ENVIRONMENT = {
    "COMMON_ROOM_API_TOKEN": "",
    "COMMON_ROOM_BASE_URL": DEFAULT_BASE_URL,
    "COMMON_ROOM_DESTINATION_SOURCE_ID": "",
    "CR_WAREHOUSE_URL": DEMO_WAREHOUSE_URL,
    "CR_STATE_URL": "",
    "CR_STATE_SCHEMA": "",
}
"""The variables, and the default of each."""


class _Room(NamedTuple):
    """What Common Room says about a token: its room, its limit, and the custom fields that can be written.

    `fields_of_source` are those of the destination source, `fields_of_room` those of any.
    """

    status: TokenStatus
    source_id: int | None
    fields_of_source: int
    fields_of_room: int
    limit: int | None
    credentials_hash: str


def check_environment(checklist: Checklist) -> None:
    """Print the variables. A bad value shows up where it is used."""
    checklist.section("Environment")
    for name, default in _ENVIRONMENT.items():
        value = os.environ.get(name)
        if not value:
            checklist.note(f"{name} is not set{f'; using the default {default}' if default else ''}")
        else:
            checklist.ok(_shown(name, value))


def check_common_room(checklist: Checklist, project: Project) -> Room | None:
    """Print what the token can do. Return its room, or None if Common Room does not respond."""
    checklist.section("Common Room")
    room = checklist.attempt("Common Room", lambda: asyncio.run(_ask(project.common_room.destination())))
    if room is None:
        return None
    checklist.ok(f"the token is valid for the room {room.status.community_name} (id {room.status.community_id})")
    if room.source_id is not None:
        _check_destination_source(checklist, room)
    if room.limit is None:
        checklist.note("Common Room did not report a rate limit")
    else:
        checklist.ok(f"rate limit of the token: {count(room.limit, 'request')} per interval")
    return Room(room.status.community_id, room.status.community_name, room.source_id, room.credentials_hash)


def check_warehouse(checklist: Checklist, project: Project) -> Warehouse | None:
    """Print whether the warehouse can be used. Return it, or None if it is not readable or the state not writable."""
    checklist.section("Warehouse")
    schema = project.state_schema

    def read() -> Warehouse:
        warehouse = project.open_warehouse()
        with warehouse.source_session():
            return warehouse

    def look(warehouse: Warehouse) -> bool:
        with warehouse.session() as session:
            return StateSchema(session, schema).exists()

    def write(warehouse: Warehouse) -> int | None:
        with warehouse.session() as session:
            state = StateSchema(session, schema)
            state.prepare()
            return state.version()

    warehouse = checklist.attempt("the warehouse", read)
    if warehouse is None:
        return None
    checklist.ok(f"the {warehouse.kind} warehouse can be read")
    existed = checklist.attempt("the state", lambda: look(warehouse))
    if existed is None:
        return None
    if warehouse.is_apart:
        checklist.ok(f"the state is in {shown_url(warehouse.url)}; the warehouse is only read")
    version = checklist.attempt(f"the state schema {schema}", lambda: write(warehouse))
    if version is None:
        return None
    state = "can be written" if existed else "did not exist and has been created"
    checklist.ok(f"the state schema {schema} {state} (version {version})")
    return warehouse


def check_state_room(checklist: Checklist, project: Project, warehouse: Warehouse, room: Room | None) -> None:
    """Print which room the state schema belongs to, and whether it is that of the token."""
    schema = project.state_schema

    def compare() -> None:
        with warehouse.session() as session:
            recorded = StateRoom(session, schema).read()
        if recorded is None:
            checklist.note(
                f"the state schema {schema} belongs to no room yet; the first run that sends rows records it"
            )
            return
        if room is not None:
            check_room(schema, recorded, room)
        checklist.ok(f"the state schema {schema} belongs to room {recorded}")

    checklist.attempt("the room of the state schema", compare)


def _check_destination_source(checklist: Checklist, room: _Room) -> None:
    if room.fields_of_source or not room.fields_of_room:
        checklist.ok(f"destination source {room.source_id} can write {count(room.fields_of_source, 'custom field')}")
    else:
        checklist.problem(no_field_writable(room.source_id, room.fields_of_room))


async def _ask(destination: Destination) -> _Room:
    source_id = destination.source_id
    async with destination.open_client() as client:
        status = await client.token_status()
        of_room = await client.list_custom_fields()
        of_source = of_room if source_id is None else await client.list_custom_fields(source_id)
        return _Room(status, source_id, len(of_source), len(of_room), client.stats.limit, client.credentials_hash)


def _shown(name: str, value: str) -> str:
    """Return a variable for display, without what may be a secret that was put into the wrong variable."""
    match name:
        case "CR_WAREHOUSE_URL" | "CR_STATE_URL":
            return f"{name} is {shown_url(value)}"
        case "COMMON_ROOM_BASE_URL":
            scheme, host = value.partition("://")[0], host_of(value)
            return f"{name} is {scheme}://{host}/…" if host and scheme in ("http", "https") else f"{name} is set"
        case "COMMON_ROOM_DESTINATION_SOURCE_ID" if re.fullmatch(r"[0-9]{1,18}", value.strip()):
            return f"{name} is {value}"
        case "CR_STATE_SCHEMA" if re.fullmatch(r"\w{1,63}", value) and not re.search(r"\d{4}", value):
            return f"{name} is {value}"
    return f"{name} is set"
