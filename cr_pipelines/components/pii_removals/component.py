"""The component for privacy requests that a `defs.yaml` names."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Self

import dagster as dg
from pydantic import Field, model_validator
from typing_extensions import override

from cr_pipelines.components.pii_removals.definitions import (
    build_removal_definitions,
    build_removal_spec,
    build_request_specs,
)
from cr_pipelines.components.pii_removals.execution import RemovalEvents, execute_removals
from cr_pipelines.components.pii_removals.options import RemovalRunConfig, RemovalSensor, RequestColumns
from cr_pipelines.components.sync.options import SyncSchedule
from cr_pipelines.components.sync.specs import GROUP
from cr_pipelines.removal import Removals, RequestSource, Timing
from cr_pipelines.resources import CommonRoomResource, WarehouseResource


class CommonRoomPiiRemovals(dg.Component, dg.Model, dg.Resolvable):
    """Has Common Room forget the people whose privacy requests are in a table, and proves it.

    A sensor watches the table, a job settles what is due, and a scheduled job looks whether Common Room kept its 15
    days. From the moment that a request is seen, every sync withholds the person.

    The code location has to provide the resources `common_room` and `warehouse`.
    """

    source: str = Field(
        default="common_room_pii_requests",
        description="A table or view (table, schema.table, catalog.schema.table), or a SELECT statement.",
    )
    columns: RequestColumns = Field(default=RequestColumns(), description="What the source calls its columns.")
    asset_key: dg.ResolvedAssetKey = Field(
        default=dg.AssetKey([GROUP, "pii_removals"]),
        description="Key of the asset, its parts divided by slashes.",
        examples=["common_room/pii_removals"],
    )
    upstream: Sequence[dg.ResolvedAssetKey] | None = Field(
        default=None,
        description="Keys of the assets that the source is or reads, when other code defines them. Default: the "
        "source's table, as an asset of its own.",
    )
    sensor: RemovalSensor = Field(default=RemovalSensor(), description="How the source is watched.")
    verification: SyncSchedule = Field(
        default=SyncSchedule(cron="0 6 * * *"), description="When submitted removals are looked up."
    )
    retry_after_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Pause after a removal's first failure. It doubles with each further one, up to a day.",
    )
    description: str | None = Field(default=None, description="Markdown for people.")
    group_name: str | None = Field(default=GROUP, description="The box in the lineage.")
    owners: Sequence[str] = Field(default=(), description="Addresses of colleagues, or team:name.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        # Raises ValueError for a source that cannot be.
        _ = self.requests
        return self

    @property
    def requests(self) -> RequestSource:
        """Where requests arrive, as the engine takes it."""
        return self.columns.of(self.source)

    def get_removals(self, warehouse: WarehouseResource, *, busy_seconds: float | None = None) -> Removals:
        """The removals of a warehouse. Override it to change their timing or their clock."""
        return Removals(
            warehouse.get_warehouse(busy_seconds=busy_seconds),
            self.requests,
            warehouse.get_state_schema(),
            Timing(first_pause=timedelta(seconds=self.retry_after_seconds)),
        )

    def get_asset_spec(self) -> dg.AssetSpec:
        """The asset before any run. Override it to add metadata or other upstream assets."""
        return build_removal_spec(
            self.requests,
            self.asset_key,
            upstream=self.upstream,
            description=self.description,
            group_name=self.group_name,
            owners=self.owners,
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        config: RemovalRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
    ) -> RemovalEvents:
        """What a run does. Override it to do something before, after or instead."""
        return execute_removals(self.get_removals(warehouse), context, config, common_room)

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        return build_removal_definitions(
            self.get_asset_spec(),
            sources=build_request_specs(self.requests, group_name=self.group_name) if self.upstream is None else [],
            open_removals=self.get_removals,
            execute=self.execute,
            sensor=self.sensor,
            verification=self.verification,
        )

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="A table of privacy requests, each settled in Common Room and proven.",
            tags=["common-room", "privacy"],
            produces=["asset", "asset_check", "job", "schedule", "sensor"],
        )
