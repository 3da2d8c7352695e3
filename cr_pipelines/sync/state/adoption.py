"""Adoption: give a state schema to a different room or destination source.

Goes in: the room that the token is for. Comes out: the room in `state_room`, and a ledger without what was sent to the
former room, so that the next run of each sync sends all its rows.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from cr_pipelines.sync.errors import AlreadyRunning, SyncError
from cr_pipelines.sync.event_loop import check_no_loop_runs, run_in_loop
from cr_pipelines.sync.model import Destination
from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.room import Room, StateRoom, ask_room
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Session, Warehouse


@dataclass(frozen=True)
class RoomAdoption:
    """What an adoption does, or would do.

    Attributes:
        room: the token's room, with the destination source of the run.
        before: the room that the schema belonged to; None if it belonged to none.
        rows: how many rows of each sync are sent again.
        unverified_removals: privacy requests that were sent to the former room and are not verified there.
    """

    room: Room
    before: Room | None
    rows: dict[str, int] = field(default_factory=dict)
    unverified_removals: int = 0

    @property
    def changes(self) -> bool:
        """Whether the schema belonged to another room or destination source."""
        return self.before is not None and (
            self.before.is_other(self.room) or self.before.has_other_source(self.room.source_id)
        )


def adopt_room(
    warehouse: Warehouse,
    destination: Destination,
    schema: str = "common_room",
    *,
    syncs_of_source: Collection[str] = (),
    dry_run: bool = False,
) -> RoomAdoption:
    """Give the state schema to the token's room. Nothing is sent, and nothing is deleted in either room.

    Args:
        warehouse: where the state schema is.
        destination: the room.
        schema: of the state tables.
        syncs_of_source: the syncs that write to a destination source; if only the destination source differs, the rows
            of other syncs are kept.
        dry_run: only find out what would be sent again.

    Raises:
        AlreadyRunning: a run of a sync is still active.
        SyncError: the API names no room.
        CommonRoomError: the room cannot be read.
        WarehouseError: the state schema cannot be read or written.
    """
    check_no_loop_runs()
    asked: list[Room | None] = []

    async def ask() -> None:
        async with destination.open_client() as client:
            asked.append(await ask_room(client, destination.source_id))

    run_in_loop(ask())
    [room] = asked
    if room is None:
        raise SyncError("the API did not name the token's room, so the state schema cannot be assigned to it")
    with warehouse.session() as session:
        StateSchema(session, schema).prepare()
        with session.lock(schema):
            return _adopt(session, schema, room, syncs_of_source, dry_run=dry_run)


def _adopt(
    session: Session, schema: str, room: Room, syncs_of_source: Collection[str], *, dry_run: bool
) -> RoomAdoption:
    state, ledger = StateRoom(session, schema), Ledger(session, schema)
    adoption = RoomAdoption(room, state.read())
    if adoption.changes and adoption.before is not None:
        counted = dict(session.fetch_all(statements.rows_by_sync(ledger.names)))
        if not adoption.before.is_other(room):
            counted = {sync: rows for sync, rows in counted.items() if sync in syncs_of_source}
        [(unverified,)] = session.fetch_all(statements.count_unverified_removals(ledger.names))
        adoption = replace(adoption, rows=counted, unverified_removals=unverified)
    if dry_run:
        return adoption
    alive = RunRegistry(session, schema).find_alive()
    if alive is not None:
        raise AlreadyRunning(f"{alive} has not ended; nothing was changed. Wait for the run, or end it")

    def work() -> None:
        for sync in adoption.rows:
            ledger.delete_sync(sync)
        state.record(room)

    session.transaction(work)
    return adoption
