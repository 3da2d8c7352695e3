"""Two code locations with a sync of the same name and key, and a job of the user's own over everything."""

import dagster as dg

from cr_pipelines.components import SyncSchedule, build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync


def location(state_schema: str) -> dg.Definitions:
    built = build_sync_definitions(
        Sync("contacts", "contact", "common_room_contacts"), schedule=SyncSchedule(cron="0 * * * *")
    )
    own = dg.Definitions(
        jobs=[dg.define_asset_job("everything", selection=dg.AssetSelection.all())],
        resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource(state_schema=state_schema)},
    )
    return dg.Definitions.merge(built, own)


ours = location("ours")
theirs = location("theirs")
