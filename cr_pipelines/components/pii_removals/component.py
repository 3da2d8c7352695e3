"""The component of privacy requests.

Goes in: the attributes of a `defs.yaml`. Comes out: the definitions of the removals; subclasses change the asset or
its runs.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Self

import dagster as dg
from pydantic import Field, PrivateAttr, model_validator
from typing_extensions import override

from cr_pipelines.components.connection import connection_of
from cr_pipelines.components.pii_removals.definitions import build_removal_definitions
from cr_pipelines.components.pii_removals.execution import RemovalEvents, execute_removals
from cr_pipelines.components.pii_removals.options import RemovalRunConfig, RemovalSensor, RequestColumns
from cr_pipelines.components.pii_removals.specs import build_removal_spec, build_request_specs
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.project import components_of_project
from cr_pipelines.components.shared.runs import TICK_STATEMENT_SECONDS
from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.removal import Removals, RequestSource, Timing
from cr_pipelines.resources import CommonRoomResource, WarehouseResource


class CommonRoomPiiRemovals(dg.Component, dg.Model, dg.Resolvable):
    """Removes people from Common Room whose privacy requests are in a table, and verifies it.

    A sensor watches the table, a job settles the requests that are due, and a scheduled job verifies that Common Room
    removed everyone within its 15 days. As soon as a request is seen, no sync sends the person.

    A `CommonRoomConnection` provides the resources, or else the code location: `common_room` and `warehouse`.
    """

    source: str = Field(
        default="common_room_pii_requests",
        description="A table or view (table, schema.table, catalog.schema.table), or a SELECT statement.",
    )
    connection: str | None = Field(
        default=None,
        description="Name of the CommonRoomConnection to use. Default: the project's only one, or else the one named "
        "default, or else the resources common_room and warehouse.",
        examples=["eu"],
    )
    columns: RequestColumns = Field(default=RequestColumns(), description="Names of the source's columns.")
    asset_key: dg.ResolvedAssetKey | None = Field(
        default=None,
        description="Key of the asset, its parts separated by slashes. Default: pii_removals, after common_room or the "
        "name of the connection.",
        examples=["common_room/pii_removals"],
    )
    upstream: Sequence[dg.ResolvedAssetKey] | None = Field(
        default=None,
        description="Keys of the assets that the source is or reads, if other code defines them. Default: an asset for "
        "the source's table.",
    )
    sensor: RemovalSensor = Field(default=RemovalSensor(), description="How the source is watched.")
    verification: SyncSchedule = Field(
        default=SyncSchedule(cron="0 6 * * *"), description="When to look up submitted removals."
    )
    retry_after_seconds: float = Field(
        default=60.0,
        gt=0,
        description="How long to wait after a removal fails for the first time. Doubles with each failure, up to a "
        "day.",
    )
    max_people_per_address: int | None = Field(
        default=None,
        description="For how many people or things an address or account may be sent and still belong to one person. "
        "An address sent for more is shared: the request waits until somebody confirms or lifts it. The state schema "
        "stores the number for every sync and removal. Default: the number there, which is 5 at first.",
        examples=[10],
    )
    description: str | None = Field(
        default=None, description="Description of the asset, in Markdown. Default: what is removed where."
    )
    group_name: str | None = Field(
        default=None, description="Group of the asset. Default: common_room, or the name of the connection."
    )
    owners: Sequence[str] = Field(default=(), description="Owners of the asset: email addresses, or team:name.")

    _connection: Connection = PrivateAttr(DEFAULT_CONNECTION)

    @model_validator(mode="after")
    def _check(self) -> Self:
        # Raises ValueError for an invalid source.
        _ = self.requests
        return self

    @property
    def requests(self) -> RequestSource:
        """Where requests arrive, as the removals take it."""
        return replace(self.columns.of(self.source), max_people_per_address=self.max_people_per_address)

    def get_removals(self, warehouse: WarehouseResource, *, wait_seconds: float | None = None) -> Removals:
        """Return the removals of a warehouse. Override it to change their timing or their clock."""
        return Removals(
            warehouse.get_warehouse(
                wait_seconds=wait_seconds,
                statement_seconds=None if wait_seconds is None else TICK_STATEMENT_SECONDS,
            ),
            self.requests,
            warehouse.get_state_schema(),
            Timing(first_pause=timedelta(seconds=self.retry_after_seconds)),
        )

    def get_asset_spec(self) -> dg.AssetSpec:
        """Return the asset before any run. Override it to add metadata or other upstream assets."""
        return build_removal_spec(
            self.requests,
            self.asset_key or dg.AssetKey([self._connection.group, "pii_removals"]),
            upstream=self.upstream,
            description=self.description,
            group_name=self.group_name,
            owners=self.owners,
            connection=self._connection,
        )

    def execute(
        self,
        context: dg.AssetExecutionContext,
        config: RemovalRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
    ) -> RemovalEvents:
        """Settle or verify. Override it to do something before, after or instead."""
        return execute_removals(self.get_removals(warehouse), context, config, common_room)

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        self._connection = connection_of(context, self.connection)
        self._check_max_people_per_address(context)
        sources = build_request_specs(self.requests, group_name=self.group_name, connection=self._connection)
        return build_removal_definitions(
            self.get_asset_spec(),
            sources=sources if self.upstream is None else [],
            open_removals=self.get_removals,
            execute=self.execute,
            sensor=self.sensor,
            verification=self.verification,
            connection=self._connection,
        )

    def _check_max_people_per_address(self, context: dg.ComponentLoadContext) -> None:
        numbers = {
            other.max_people_per_address
            for other in [self, *components_of_project(context, CommonRoomPiiRemovals)]
            if connection_of(context, other.connection) == self._connection
        }
        if len(numbers - {None}) > 1:
            raise ValueError(
                "two removals of one connection have different numbers in max_people_per_address; a state schema has "
                "one, so set the same number in both, or set it in one of them only"
            )

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="Removes people from Common Room by a table of privacy requests, and verifies it.",
            tags=["common-room", "privacy"],
            produces=["asset", "asset_check", "job", "schedule", "sensor"],
        )
