"""The room that a state schema belongs to: the one that the ledger's rows were sent to.

Goes in: what GET /api-token-status says about a token. Comes out: one row of `state_room`, recorded by the first run
that sends, and `OtherRoom` for a run that would send elsewhere.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cr_pipelines.api import BadToken, CommonRoomClient, CommonRoomError
from cr_pipelines.errors import CrPipelinesError
from cr_pipelines.sync.errors import OtherRoom, RoomNotConfirmed
from cr_pipelines.sync.model import Destination
from cr_pipelines.sync.state.schema import StateSchema, Table, declare
from cr_pipelines.warehouse import Session, Warehouse

STATE_ROOM = declare(
    Table(
        "state_room",
        {
            "room_id": "text",
            "room_name": "text",
            "source_id": "bigint",
            "credentials_hash": "text",
            "recorded_at": "timestamp",
        },
    )
)


@dataclass(frozen=True)
class Room:
    """A room, as its token identifies it, and a destination source in it.

    Attributes:
        id, name: at least one of them is set.
        source_id: None for a run that writes to no destination source.
        credentials_hash: a hash of the client's credentials; the same client does not need to ask again.
    """

    id: str | None
    name: str | None
    source_id: int | None
    credentials_hash: str

    def is_other(self, room: "Room") -> bool:
        """Return whether the other room is a different one. A room that is renamed keeps its id."""
        if self.id is not None and room.id is not None:
            return self.id != room.id
        return self.name != room.name

    def has_other_source(self, source_id: int | None) -> bool:
        """Return whether a run to this destination source would write to a different one."""
        return None not in (self.source_id, source_id) and self.source_id != source_id

    def __str__(self) -> str:
        named = f"{self.name or 'without a name'} (id {self.id})" if self.id is not None else f"{self.name}"
        return named if self.source_id is None else f"{named}, destination source {self.source_id}"


class StateRoom:
    """The table `state_room` within one session."""

    def __init__(self, session: Session, schema: str):
        self._state = StateSchema(session, schema)

    def read(self) -> Room | None:
        """Return the room that the schema belongs to; None before the first run that sends."""
        found = self._state.fetch(STATE_ROOM, ("room_id", "room_name", "source_id", "credentials_hash"))
        return Room(*found[0]) if found else None

    def record(self, room: Room) -> None:
        """Assign the schema to this room, within a transaction."""
        row = {
            "room_id": room.id,
            "room_name": room.name,
            "source_id": room.source_id,
            "credentials_hash": room.credentials_hash,
            "recorded_at": datetime.now(UTC),
        }

        self._state.clear(STATE_ROOM)
        self._state.insert(STATE_ROOM, row)


class RoomCheck:
    """Checks for one run that it sends to the room of its state schema.

    It asks for the room at most once. A run that sends nothing asks only if its token or its base URL has changed since
    the last check.

    Attributes:
        other: in a dry run, why a real run would stop before it sends.
        problem: why the room could not be read the last time, if it could not.
        requests: how many requests the check took.
    """

    def __init__(self, warehouse: Warehouse, schema: str, source_id: int | None, *, dry_run: bool = False):
        self._warehouse = warehouse
        self._schema = schema
        self._source_id = source_id
        self._dry_run = dry_run
        self._recorded: Room | None = None
        self._asked: Room | None = None
        self.other: str | None = None
        self.problem: CommonRoomError | None = None
        self.requests = 0

    def read(self, session: Session) -> None:
        """Read which room the schema belongs to, in a session of the run."""
        self._recorded = StateRoom(session, self._schema).read()

    def may_differ(self, destination: Destination) -> bool:
        """Return whether it takes a request to tell if a run that sends nothing is for the schema's room."""
        if self._recorded is None:
            return False
        try:
            return self._is_unchecked(destination.open_client())
        except CrPipelinesError:
            # Without a token, nothing can be sent to the wrong room.
            return False

    async def check(self, client: CommonRoomClient, *, sends: bool) -> None:
        """Return only if the run may continue. `sends`: it is about to send something, which records the room.

        Raises:
            OtherRoom: the schema belongs to another room, or destination source. A dry run only notes it.
            RoomNotConfirmed: the token's room cannot be read, and the token is not the one that was last checked.
            BadToken: Common Room refuses the token.
        """
        try:
            await self._check(client, sends=sends and not self._dry_run)
        except (OtherRoom, RoomNotConfirmed) as error:
            if not self._dry_run:
                raise
            self.other = str(error)

    async def _check(self, client: CommonRoomClient, *, sends: bool) -> None:
        is_unchecked = self._is_unchecked(client)
        if not sends and not is_unchecked:
            return
        error = await self._ask(client)
        if self._asked is not None:
            if self._recorded is not None:
                check_room(self._schema, self._recorded, self._asked)
            if sends:
                await asyncio.to_thread(self._record, self._asked)
        elif is_unchecked:
            raise RoomNotConfirmed(
                f"the state schema {self._schema} belongs to room {self._recorded}, and whether this token is for the "
                f"same room is not known, so nothing was sent: {error or 'the API did not name a room'}"
            )

    def _is_unchecked(self, client: CommonRoomClient) -> bool:
        recorded = self._recorded
        return recorded is not None and (
            recorded.credentials_hash != client.credentials_hash or recorded.has_other_source(self._source_id)
        )

    async def _ask(self, client: CommonRoomClient) -> CommonRoomError | None:
        if self._asked is not None:
            return None
        try:
            self._asked = await ask_room(client, self._source_id)
            self.problem = None
        except BadToken:
            raise
        except CommonRoomError as error:
            self.problem = error
            return error
        finally:
            asked = client.stats.by_operation.get("token_status")
            self.requests += asked.requests if asked is not None else 0
        return None

    def _record(self, room: Room) -> None:
        if self._recorded == _with_source_of(room, self._recorded):
            return
        with self._warehouse.session() as session, session.lock(self._schema):
            state = StateRoom(session, self._schema)
            # Another run may have recorded its room since this one began.
            self._recorded = state.read()
            if self._recorded is not None:
                check_room(self._schema, self._recorded, room)
            self._recorded = recorded = _with_source_of(room, self._recorded)
            session.transaction(lambda: state.record(recorded))


def _with_source_of(room: Room, recorded: Room | None) -> Room:
    """Return the room, with the recorded destination source if the run has none."""
    source_id = recorded.source_id if recorded is not None and room.source_id is None else room.source_id
    return replace(room, source_id=source_id)


async def ask_room(client: CommonRoomClient, source_id: int | None) -> Room | None:
    """Return a token's room; None if the API names none. Raises CommonRoomError."""
    status = await client.token_status()
    if status.community_id is None and status.community_name is None:
        return None
    return Room(status.community_id, status.community_name, source_id, client.credentials_hash)


def check_room(schema: str, recorded: Room, room: Room) -> None:
    """Raise OtherRoom unless the schema belongs to this room."""
    if recorded.is_other(room) or recorded.has_other_source(room.source_id):
        raise OtherRoom(
            f"the state schema {schema} belongs to room {recorded}, but this run is for room {room}, so nothing was "
            "sent. Set CR_STATE_SCHEMA to another schema for this room; or, if this room replaces the other one, run "
            "`cr-pipelines state adopt`, after which all rows are sent again"
        )
