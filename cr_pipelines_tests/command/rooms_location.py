"""A code location with two connections, which have a sync of the same name and one of their own."""

import dagster as dg

from cr_pipelines.components import Connection, build_sync_definitions, build_sync_spec
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

defs = dg.Definitions.merge(
    *(
        build_sync_definitions(
            sync, spec=build_sync_spec(sync, connection=Connection.of(room)), connection=Connection.of(room)
        )
        for room in ("eu", "us")
        for sync in (
            Sync("contacts", "contact", "common_room_contacts"),
            Sync(f"people_of_{room}", "contact", "common_room_contacts"),
        )
    ),
    dg.Definitions(
        resources={
            key: value
            for room in ("eu", "us")
            for key, value in {
                f"{room}_common_room": CommonRoomResource(),
                f"{room}_warehouse": WarehouseResource(state_schema=room),
            }.items()
        }
    ),
)
