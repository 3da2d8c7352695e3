"""The component of a sync, and its scaffolder.

Goes in: the attributes of a `defs.yaml`. Comes out: the definitions of a sync; subclasses change its asset or its runs.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from typing_extensions import override

from cr_pipelines.components.connection import connection_of
from cr_pipelines.components.pii_removals import CommonRoomPiiRemovals
from cr_pipelines.components.shared.assets import GROUP
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.project import assets_of_others, components_of_project
from cr_pipelines.components.shared.requests import sync_requests_metadata
from cr_pipelines.components.shared.scaffolding import scaffold_with_hint
from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.components.sync.automation import on_source_update
from cr_pipelines.components.sync.definitions import build_sync_definitions
from cr_pipelines.components.sync.execution import SyncEvents, execute_sync
from cr_pipelines.components.sync.options import (
    DailyPartitions,
    DeliveryAudit,
    DeliveryThresholds,
    RejectionThresholds,
    SyncFreshness,
    SyncRunConfig,
)
from cr_pipelines.components.sync.specs import (
    build_source_specs,
    build_sync_spec,
    built_in_source,
)
from cr_pipelines.components.sync.upstream import MAPPINGS, dbt_model_key, time_window, warn_of_missing_model
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines.sync.contract import CONTRACTS

_NAME = re.compile(r"[A-Za-z0-9_]+")
_ON_SOURCE_UPDATE = "on_source_update"
_NO_TABLE = "data_frame"
"""The source of a sync that reads a data frame; no table has to have this name."""


class SyncScaffoldParams(BaseModel):
    """The options of `dg scaffold defs` for a new sync."""

    kind: str = Field(default="contact", description=f"One of {', '.join(CONTRACTS)}.")
    source: str | None = Field(
        default=None, description="Table or view to read. Default: that of the built-in sync of the kind."
    )
    connection: str | None = Field(default=None, description="Name of the CommonRoomConnection to use.")


class SyncScaffolder(dg.Scaffolder[SyncScaffoldParams]):
    """Writes a `defs.yaml` that works without changes, named after its folder."""

    @classmethod
    @override
    def get_scaffold_params(cls) -> type[SyncScaffoldParams]:
        return SyncScaffoldParams

    @override
    def scaffold(self, request: dg.ScaffoldRequest[SyncScaffoldParams]) -> None:
        params = request.params or SyncScaffoldParams()
        source = params.source or built_in_source(params.kind)
        attributes: dict[str, Any] = {
            "kind": params.kind,
            "source": source,
            "asset_key": f"{params.connection or GROUP}/{request.target_path.stem}",
            **({"connection": params.connection} if params.connection else {}),
            "schedule": {"cron": "0 * * * *", "status": "stopped"},
        }
        if Sync(request.target_path.stem, params.kind, source).contract.partition_by:
            attributes["partitions"] = {"start": "2025-01-01"}
        scaffold_with_hint(request, attributes)


@dg.scaffold_with(SyncScaffolder)
class CommonRoomSync(dg.Component, dg.Model, dg.Resolvable):
    """Keeps Common Room in sync with a table, view or query of the warehouse, or with a data frame.

    The source's column names are the mapping. Each run sends new and changed rows; rows that could not be sent are in
    the view `rejected_rows`, with the field and the reason. An hourly sync of a dbt model:

        type: cr_pipelines.components.CommonRoomSync
        attributes:
          kind: contact
          source: marts.people
          dbt_model: people
          asset_key: common_room/people
          schedule: {cron: "0 * * * *"}

    Activities, day by day; an update of their source syncs the last two weeks again:

        type: cr_pipelines.components.CommonRoomSync
        attributes:
          kind: activity
          source: product.events
          upstream:
            - product/events
          asset_key: common_room/product_events
          partitions: {start: "2025-01-01", recheck_days: 14}
          automation_condition: on_source_update
          freshness: {fail_after_hours: 26}

    Segment members from a data frame that another asset returns:

        type: cr_pipelines.components.CommonRoomSync
        attributes:
          kind: segment_member
          frame: models/likely_champions
          asset_key: common_room/likely_champions
          batch_size: 50

    A `CommonRoomConnection` provides the resources, or else the code location: `common_room` and `warehouse`.
    """

    # An automation condition is not a pydantic type.
    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: str = Field(
        description=f"What each row is, which determines its columns: {', '.join(CONTRACTS)}.", examples=["contact"]
    )
    source: str | None = Field(
        default=None,
        description="A table or view (table, schema.table, catalog.schema.table), or a SELECT statement.",
        examples=["common_room_contacts", "SELECT user_id AS id, email FROM crm.people"],
    )
    frame: dg.ResolvedAssetKey | None = Field(
        default=None,
        description="Instead of a source: the key of an asset that returns a pandas DataFrame with these columns.",
        examples=["models/likely_champions"],
    )
    asset_key: dg.ResolvedAssetKey = Field(
        description="Key of the asset, its parts separated by slashes.", examples=["common_room/contacts"]
    )
    name: str | None = Field(
        default=None,
        description="Name of the sync in the ledger. Default: the last part of asset_key. Under a new name, every row "
        "counts as new.",
    )
    upstream: Sequence[dg.ResolvedAssetKey] | None = Field(
        default=None,
        description="Keys of the assets that the source is or reads, if other code defines them. Default: an asset for "
        "the source's table.",
        examples=[["marts/people"]],
    )
    partition_mapping: Annotated[dg.PartitionMapping | str | None, dg.Resolver.default(model_field_type=str | None)] = (
        Field(
            default=None,
            description="How days depend on the partitions of the upstream assets: time_window, all, last, or one of "
            "Dagster's mappings from a template variable. Default: time_window for an upstream asset of this code "
            "location whose partitions are times in UTC, and all for every other one.",
            examples=["all", "{{ time_window(start_offset=-1) }}"],
        )
    )
    dbt_model: str | None = Field(
        default=None,
        description="Name of the dbt model that builds the source; its dagster-dbt asset becomes the upstream asset. "
        "Write schema.model if dbt's schema config is set. If the model has a custom key, use upstream instead.",
        examples=["people", "marts.people"],
    )
    connection: str | None = Field(
        default=None,
        description="Name of the CommonRoomConnection to use. Default: the project's only one, or else the one named "
        "default, or else the resources common_room and warehouse.",
        examples=["eu"],
    )
    clear_nulls: bool = Field(
        default=False,
        description="Whether a null custom field clears the field in Common Room. This cannot be undone.",
    )
    batch_size: int | None = Field(
        default=None,
        description="Maximum number of rows per request, for kinds whose rows share requests. Default: 100.",
    )
    max_not_found_runs: int = Field(
        default=5,
        description="How many runs in a row may fail to find a row's contact or segment in Common Room (404). Until "
        "then the row is failed and sent again; after that it is rejected.",
    )
    on_source_delete: Literal["keep", "delete"] = Field(
        default="keep",
        description="What to do with a tag whose row was deleted from the source. delete removes the tag in Common "
        "Room, and from everything that has it.",
    )
    max_deletions: int = Field(
        default=10,
        description="Maximum number of tags that one run deletes, or a tenth of all tags if that is more. If there are "
        "more to delete, the run deletes none and fails.",
    )
    recreate_deleted: bool = Field(
        default=False,
        description="Whether to recreate a tag that is in the source but was deleted manually in Common Room.",
    )
    on_invalid_value: Literal["reject_row", "drop_value"] = Field(
        default="reject_row",
        description="What happens to a row with a bad value in an optional column. reject_row does not send the row. "
        "drop_value delivers it without the value, and shows it in the view dropped_values and in the check "
        "values_complete. A bad value in a required column always rejects the row.",
    )
    audit: DeliveryAudit = Field(
        default=DeliveryAudit(),
        description="How the check delivered_rows_stored looks up delivered contacts. Only for kind contact.",
        examples=[{"sample": 50, "schedule": {"cron": "20 * * * *"}}],
    )
    partitions: DailyPartitions | None = Field(
        default=None,
        description="Sync day by day, in UTC; only for activities. Default: every run syncs all rows.",
        examples=[{"start": "2025-01-01"}],
    )
    schedule: SyncSchedule | None = Field(
        default=None, description="When to run on a schedule. No schedule by default."
    )
    rejections: RejectionThresholds = Field(
        default=RejectionThresholds(), description="When the check rejections_under_threshold fails."
    )
    delivery: DeliveryThresholds = Field(
        default=DeliveryThresholds(), description="When the check delivery_complete warns and fails."
    )
    freshness: SyncFreshness | None = Field(
        default=None, description="Maximum age of the latest materialization. Unlimited by default."
    )
    automation_condition: Annotated[
        dg.AutomationCondition | str | None,  # type: ignore[type-arg]
        dg.Resolver.default(model_field_type=str | None),
    ] = Field(
        default=None,
        description="When to run because of upstream changes, in addition to or instead of a schedule: "
        "on_source_update, or one of Dagster's automation conditions. Needs an automation sensor that is turned on.",
        examples=["on_source_update", "{{ dg.AutomationCondition.eager() }}"],
    )
    description: str | None = Field(
        default=None, description="Description of the asset, in Markdown. Default: what is synced where."
    )
    group_name: str | None = Field(
        default=None, description="Group of the asset. Default: common_room, or the name of the connection."
    )
    owners: Sequence[str] = Field(
        default=(), description="Owners of the asset: email addresses, or team:name.", examples=[["team:growth"]]
    )
    tags: Mapping[str, str] = Field(default={}, description="Dagster tags of the asset.")
    kinds: Sequence[str] | None = Field(
        default=None,
        description="Kinds of the asset. Default: commonroom, and the engine in the scheme of CR_WAREHOUSE_URL.",
    )

    _connection: Connection = PrivateAttr(DEFAULT_CONNECTION)
    _known: Mapping[dg.AssetKey, dg.AssetSpec] = PrivateAttr({})

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} must consist of letters, digits and _")
        if (self.source is None) == (self.frame is None):
            raise ValueError("name either a source or a frame, and not both")
        if self.frame is not None and (self.upstream is not None or self.dbt_model is not None):
            raise ValueError("the frame is the upstream asset; leave upstream and dbt_model out")
        if isinstance(self.automation_condition, str) and self.automation_condition != _ON_SOURCE_UPDATE:
            raise ValueError(
                f"automation_condition {self.automation_condition!r} is neither {_ON_SOURCE_UPDATE} nor a condition "
                "such as {{ dg.AutomationCondition.eager() }}"
            )
        if isinstance(self.partition_mapping, str) and self.partition_mapping not in MAPPINGS:
            raise ValueError(
                f"partition_mapping {self.partition_mapping!r} is neither {', '.join(MAPPINGS)} nor a mapping such as "
                "{{ time_window(start_offset=-1) }}"
            )
        # Both raise ValueError for invalid values, and name the valid ones.
        _ = self.sync.contract, self.sync.relation
        return self

    @property
    def sync(self) -> Sync:
        """What to sync, as the engine takes it."""
        return Sync(
            self.name or re.sub(r"[^A-Za-z0-9_]", "_", self.asset_key.path[-1]),
            self.kind,
            self.source or _NO_TABLE,
            clear_nulls=self.clear_nulls,
            batch_size=self.batch_size,
            max_not_found_runs=self.max_not_found_runs,
            on_source_delete=self.on_source_delete,
            max_deletions=self.max_deletions,
            recreate_deleted=self.recreate_deleted,
            on_invalid_value=self.on_invalid_value,
        )

    @property
    def upstream_keys(self) -> list[dg.AssetKey] | None:
        """The upstream assets that other code defines; None if the component defines the source's table itself."""
        if self.frame is not None:
            return [self.frame]
        if self.upstream is None and self.dbt_model is None:
            return None
        return [*(self.upstream or ()), *([dbt_model_key(self.dbt_model)] if self.dbt_model else [])]

    def get_asset_spec(self) -> dg.AssetSpec:
        """Return the sync's asset before any run. Override it to add metadata or other upstream assets."""
        condition, mapping = self.automation_condition, self.partition_mapping
        return build_sync_spec(
            self.sync,
            asset_key=self.asset_key,
            upstream=self.upstream_keys,
            partition_mapping=MAPPINGS[mapping] if isinstance(mapping, str) else mapping,
            description=self.description,
            group_name=self.group_name,
            owners=self.owners,
            tags=self.tags,
            kinds=self.kinds,
            automation_condition=on_source_update(self.partitions) if isinstance(condition, str) else condition,
            partitions=self.partitions,
            freshness=self.freshness,
            frame=self.frame,
            known=self._known,
            connection=self._connection,
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
        frame: object | None = None,
    ) -> SyncEvents:
        """Run the sync. Override it to do something before, after or instead; `frame` is passed if there is one."""
        return execute_sync(
            self.sync,
            context,
            config,
            common_room,
            warehouse,
            rejections=self.rejections,
            delivery=self.delivery,
            frame=frame,
        )

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        self._connection = connection_of(context, self.connection)
        if self.upstream_keys:
            known = assets_of_others(context, CommonRoomSync)
            self._known = known or {}
            if known is not None and self.dbt_model:
                warn_of_missing_model(self.sync.name, self.dbt_model, known)
        return build_sync_definitions(
            self.sync,
            spec=self.get_asset_spec().merge_attributes(metadata=self._requests_metadata(context)),
            sources=self._source_specs(context),
            schedule=self.schedule,
            partitions=self.partitions,
            rejections=self.rejections,
            delivery=self.delivery,
            audit=self.audit,
            frame=self.frame,
            execute=self.execute,
            connection=self._connection,
        )

    def _requests_metadata(self, context: dg.ComponentLoadContext) -> dict[str, Any]:
        """Return which tables of requests the sync reads; nothing if the project has no removals."""
        removals = components_of_project(context, CommonRoomPiiRemovals)
        own = (found.requests for found in removals if connection_of(context, found.connection) == self._connection)
        return sync_requests_metadata(list(dict.fromkeys(own))) if removals else {}

    def _source_specs(self, context: dg.ComponentLoadContext) -> list[dg.AssetSpec]:
        """Return the source's table, unless an earlier sync reads the same one: Dagster takes a key only once."""
        others = components_of_project(context, CommonRoomSync)
        readers = [
            sync
            for sync in others
            if sync.upstream_keys is None
            and sync.source == self.source
            and connection_of(context, sync.connection) == self._connection
        ]
        if readers and readers[0] is not self:
            return []
        return build_source_specs(
            self.sync, upstream=self.upstream_keys, group_name=self.group_name, connection=self._connection
        )

    @classmethod
    @override
    def get_additional_scope(cls) -> Mapping[str, Any]:
        return {**super().get_additional_scope(), "time_window": time_window}

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="Keeps Common Room in sync with a table of the warehouse.",
            tags=["common-room", "reverse-etl"],
            produces=["asset", "asset_check", "job", "schedule"],
        )
