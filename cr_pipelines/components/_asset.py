from collections.abc import Callable

import dagster as dg

from cr_pipelines.components import _checks
from cr_pipelines.components._execution import SyncEvents, execute_sync
from cr_pipelines.components._options import RejectionThresholds, SyncRunConfig
from cr_pipelines.components._specs import describing
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

POOL = "common_room_api"
"""Syncs share the token's limit: give this pool a limit in Dagster to run fewer at once."""

Execute = Callable[[dg.AssetExecutionContext, SyncRunConfig, CommonRoomResource, WarehouseResource], SyncEvents]


def build_sync_asset(
    sync: Sync,
    spec: dg.AssetSpec,
    *,
    rejections: RejectionThresholds | None = None,
    execute: Execute | None = None,
) -> dg.AssetsDefinition:
    """The asset that performs a sync, with its checks.

    Args:
        sync: what to sync.
        spec: the asset, usually of `build_sync_spec`.
        rejections: thresholds of the check on rejected rows.
        execute: what a run does instead of `execute_sync`.

    Returns:
        an asset that can be materialized, or have its checks executed alone, which is a dry run.
    """
    thresholds = rejections or RejectionThresholds()

    # Only a multi-asset, be it of one, may end well and leave the asset, or a check, as it was.
    @dg.multi_asset(
        name=spec.key.to_python_identifier(),
        specs=[spec.merge_attributes(metadata=describing(sync)).replace_attributes(skippable=True)],
        check_specs=_checks.check_specs(spec.key, thresholds),
        can_subset=True,
        pool=POOL,
    )
    def sync_asset(
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
    ) -> SyncEvents:
        if execute is None:
            yield from execute_sync(sync, context, config, common_room, warehouse, rejections=thresholds)
        else:
            yield from execute(context, config, common_room, warehouse)

    return sync_asset
