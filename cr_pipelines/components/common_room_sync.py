"""The component that a `defs.yaml` names."""

import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Annotated, Self

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from cr_pipelines.components._definitions import build_sync_definitions
from cr_pipelines.components._execution import SyncEvents, execute_sync
from cr_pipelines.components._options import RejectionThresholds, SyncRunConfig, SyncSchedule
from cr_pipelines.components._specs import GROUP, build_source_specs, build_sync_spec
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

_NAME = re.compile(r"[A-Za-z0-9_]+")


class SyncScaffoldParams(BaseModel):
    """What `dg scaffold defs` may be told about a new sync."""

    kind: str = "contact"
    source: str = "common_room_contacts"


class SyncScaffolder(dg.Scaffolder[SyncScaffoldParams]):
    """Writes a `defs.yaml` that works as it is, named after its folder."""

    @classmethod
    @override
    def get_scaffold_params(cls) -> type[SyncScaffoldParams]:
        return SyncScaffoldParams

    @override
    def scaffold(self, request: dg.ScaffoldRequest[SyncScaffoldParams]) -> None:
        params = request.params or SyncScaffoldParams()
        attributes = {
            "kind": params.kind,
            "source": params.source,
            "asset_key": f"{GROUP}/{request.target_path.stem}",
            "schedule": {"cron": "0 * * * *", "status": "stopped"},
        }
        dg.scaffold_component(request, attributes)


@dg.scaffold_with(SyncScaffolder)
class CommonRoomSync(dg.Component, dg.Model, dg.Resolvable):
    """Keeps Common Room in step with a table, view or query of the warehouse.

    The source's column names say what goes where. Each run sends what is new or changed; what could not be sent
    is in the view `rejected_rows`, with the field and the reason.

    The code location has to provide the resources `common_room` and `warehouse`.
    """

    # An automation condition is no pydantic type.
    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: str = Field(description="What the rows are, which decides their columns.", examples=["contact"])
    source: str = Field(
        description="A table or view (table, schema.table, catalog.schema.table), or a SELECT statement.",
        examples=["common_room_contacts", "SELECT user_id AS id, email FROM crm.people"],
    )
    asset_key: dg.ResolvedAssetKey = Field(
        description="Key of the asset, its parts divided by slashes.", examples=["common_room/contacts"]
    )
    name: str | None = Field(
        default=None,
        description="What the ledger calls the sync; default the last part of asset_key. Under a new name every row "
        "counts as new.",
    )
    upstream: Sequence[dg.ResolvedAssetKey] | None = Field(
        default=None,
        description="Keys of the assets that the source is or reads, such as a dbt model, when other code defines "
        "them. Default: the source's table, as an asset of its own.",
        examples=[["marts/people"]],
    )
    clear_nulls: bool = Field(
        default=False,
        description="Whether a null in custom_fields clears the field in Common Room, which cannot be undone.",
    )
    schedule: SyncSchedule | None = Field(default=None, description="When it runs on its own; default never.")
    rejections: RejectionThresholds = Field(
        default=RejectionThresholds(), description="When the check rejections_under_threshold fails."
    )
    automation_condition: Annotated[
        dg.AutomationCondition | None,  # type: ignore[type-arg]
        dg.Resolver.default(model_field_type=str | None),
    ] = Field(
        default=None,
        description="When Dagster runs it by what happens upstream, beside or instead of a schedule.",
        examples=["{{ dg.AutomationCondition.eager() }}"],
    )
    description: str | None = Field(default=None, description="Markdown for people; default: what goes where.")
    group_name: str | None = Field(default=GROUP, description="The box in the lineage.")
    owners: Sequence[str] = Field(
        default=(), description="Addresses of colleagues, or team:name.", examples=[["team:growth"]]
    )
    tags: Mapping[str, str] = Field(default={}, description="Dagster tags.")
    kinds: Sequence[str] | None = Field(
        default=None, description="Kinds of the asset; default commonroom and the warehouse of CR_WAREHOUSE_URL."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} must consist of letters, digits and _")
        # Both raise ValueError for what cannot be, with what can.
        _ = self.sync.contract, self.sync.relation
        return self

    @property
    def sync(self) -> Sync:
        """What to sync, as the engine takes it."""
        name = self.name or re.sub(r"[^A-Za-z0-9_]", "_", self.asset_key.path[-1])
        return Sync(name, self.kind, self.source, self.clear_nulls)

    def get_asset_spec(self) -> dg.AssetSpec:
        """The sync's asset before any run. Override it to add metadata or other upstream assets."""
        return build_sync_spec(
            self.sync,
            asset_key=self.asset_key,
            upstream=self.upstream,
            description=self.description,
            group_name=self.group_name,
            owners=self.owners,
            tags=self.tags,
            kinds=self.kinds,
            automation_condition=self.automation_condition,
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
    ) -> SyncEvents:
        """What a run does. Override it to do something before, after or instead."""
        return execute_sync(self.sync, context, config, common_room, warehouse, rejections=self.rejections)

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        return build_sync_definitions(
            self.sync,
            spec=self.get_asset_spec(),
            sources=self._source_specs(context),
            schedule=self.schedule,
            rejections=self.rejections,
            execute=self.execute,
        )

    def _source_specs(self, context: dg.ComponentLoadContext) -> list[dg.AssetSpec]:
        """The source's table, unless another sync reads the same one and comes first: Dagster takes a key once."""
        tree = context.component_tree
        # A tree made for a test (`dg.ComponentTree.for_test`) has no folder to look through.
        others = tree.get_all_components(of_type=CommonRoomSync) if isinstance(tree.defs_module, ModuleType) else []
        readers = [sync for sync in others if sync.upstream is None and sync.source == self.source]
        if readers and readers[0] is not self:
            return []
        return build_source_specs(self.sync, upstream=self.upstream, group_name=self.group_name)

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="A table of the warehouse, kept in step with Common Room.",
            tags=["common-room", "reverse-etl"],
            produces=["asset", "asset_check", "job", "schedule"],
        )
