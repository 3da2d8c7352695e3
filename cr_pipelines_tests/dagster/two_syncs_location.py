"""A code location with two syncs that may run at once."""

import dagster as dg

from cr_pipelines.components import build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

SECOND = "SELECT 'other' || id AS id, full_name FROM common_room_contacts"

defs = dg.Definitions.merge(
    build_sync_definitions(Sync("contacts", "contact", "common_room_contacts")),
    build_sync_definitions(Sync("others", "contact", SECOND)),
    dg.Definitions(
        resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()},
        executor=dg.in_process_executor,
    ),
)
