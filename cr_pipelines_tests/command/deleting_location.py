"""A code location whose tags sync deletes tags that leave the source."""

import dagster as dg

from cr_pipelines.components import build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

defs = dg.Definitions.merge(
    build_sync_definitions(Sync("tags", "tag", "common_room_tags", on_source_delete="delete")),
    dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
)
