"""The component that reads what a room defines."""

from types import ModuleType

import dagster as dg
from pydantic import Field
from typing_extensions import override

from cr_pipelines.components.catalog.definitions import build_catalog_definitions
from cr_pipelines.components.sync.component import CommonRoomSync
from cr_pipelines.components.sync.options import SyncSchedule
from cr_pipelines.components.sync.specs import GROUP
from cr_pipelines.sync import Sync


class CommonRoomCatalog(dg.Component, dg.Model, dg.Resolvable):
    """Reads the room's activity types, custom fields, segments with statuses, and tags into tables.

    The check `names_known` of each says what the syncs of the same project name and the room lacks:

        type: cr_pipelines.components.CommonRoomCatalog
        attributes:
          schedule: {cron: "20 4 * * *"}

    The code location has to provide the resources `common_room` and `warehouse`.
    """

    schedule: SyncSchedule | None = Field(default=None, description="When it runs on its own; default never.")
    group_name: str | None = Field(default=GROUP, description="The box in the lineage.")

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        return build_catalog_definitions(_syncs(context), schedule=self.schedule, group_name=self.group_name)

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="What a Common Room workspace defines, as tables.",
            tags=["common-room"],
            produces=["asset", "asset_check", "job", "schedule"],
        )


def _syncs(context: dg.ComponentLoadContext) -> list[Sync]:
    """The syncs of the project's YAML that have a source to look through."""
    tree = context.component_tree
    # A tree made for a test (`dg.ComponentTree.for_test`) has no folder to look through.
    found = tree.get_all_components(of_type=CommonRoomSync) if isinstance(tree.defs_module, ModuleType) else []
    return [component.sync for component in found if component.frame is None]
