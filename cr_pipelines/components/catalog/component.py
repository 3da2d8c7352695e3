"""The component of the catalog.

Goes in: the attributes of a `defs.yaml`, and the other syncs of the project. Comes out: the definitions of the catalog.
"""

import dagster as dg
from pydantic import Field
from typing_extensions import override

from cr_pipelines.components.catalog.definitions import build_catalog_definitions
from cr_pipelines.components.connection import connection_of
from cr_pipelines.components.shared.project import components_of_project
from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.components.sync import CommonRoomSync


class CommonRoomCatalog(dg.Component, dg.Model, dg.Resolvable):
    """Reads the room's activity types, custom fields, segments with statuses, and tags into tables.

    The check `names_known` of each table lists the names that the project's syncs use and the room does not have:

        type: cr_pipelines.components.CommonRoomCatalog
        attributes:
          schedule: {cron: "20 4 * * *"}

    A `CommonRoomConnection` provides the resources, or else the code location: `common_room` and `warehouse`.
    """

    connection: str | None = Field(
        default=None,
        description="Name of the CommonRoomConnection to use. Default: the project's only one, or else the one named "
        "default, or else the resources common_room and warehouse.",
        examples=["eu"],
    )
    schedule: SyncSchedule | None = Field(
        default=None, description="When to run on a schedule. No schedule by default."
    )
    group_name: str | None = Field(
        default=None, description="Group of the assets. Default: common_room, or the name of the connection."
    )

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        # Only a run has the rows of a data frame.
        connection = connection_of(context, self.connection)
        syncs = [
            sync.sync
            for sync in components_of_project(context, CommonRoomSync)
            if sync.frame is None and connection_of(context, sync.connection) == connection
        ]
        return build_catalog_definitions(
            syncs, schedule=self.schedule, group_name=self.group_name, connection=connection
        )

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="What a Common Room workspace defines, as tables.",
            tags=["common-room"],
            produces=["asset", "asset_check", "job", "schedule"],
        )
