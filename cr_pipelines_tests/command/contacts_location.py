"""A code location with a sync of contacts and nothing else, which loads in no time."""

import dagster as dg

from cr_pipelines.components import build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

defs = dg.Definitions.merge(
    build_sync_definitions(Sync("contacts", "contact", "common_room_contacts")),
    dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
)
