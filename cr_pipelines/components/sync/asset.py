from collections.abc import Callable
from typing import Any

import dagster as dg

from cr_pipelines.components.sync import checks as _checks
from cr_pipelines.components.sync.execution import SyncEvents, execute_sync
from cr_pipelines.components.sync.options import RejectionThresholds, SyncRunConfig
from cr_pipelines.components.sync.specs import describing
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

POOL = "common_room_api"
"""Syncs share the token's limit: give this pool a limit in Dagster to run fewer at once."""

Execute = Callable[..., SyncEvents]
"""Takes what `execute_sync` takes after the sync: context, config, common_room, warehouse, and `frame` where one is."""


def build_sync_asset(
    sync: Sync,
    spec: dg.AssetSpec,
    *,
    rejections: RejectionThresholds | None = None,
    days_per_run: int = 1,
    frame: dg.AssetKey | None = None,
    execute: Execute | None = None,
) -> dg.AssetsDefinition:
    """The asset that performs a sync, with its checks.

    Args:
        sync: what to sync.
        spec: the asset, usually of `build_sync_spec`.
        rejections: thresholds of the check on rejected rows.
        days_per_run: so many partitions of a backfill share a run, if the spec has partitions.
        frame: an asset that returns a pandas DataFrame, which is read in place of the sync's source.
        execute: what a run does instead of `execute_sync`.

    Returns:
        an asset that can be materialized, or have its checks executed alone, which is a dry run.
    """
    thresholds = rejections or RejectionThresholds()

    def events(
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
        **given: Any,
    ) -> SyncEvents:
        if execute is not None:
            return execute(context, config, common_room, warehouse, **given)
        return execute_sync(sync, context, config, common_room, warehouse, rejections=thresholds, **given)

    # Only a multi-asset, be it of one, may end well and leave the asset, or a check, as it was.
    as_asset = dg.multi_asset(
        name=spec.key.to_python_identifier(),
        specs=[spec.merge_attributes(metadata=describing(sync, frame)).replace_attributes(skippable=True)],
        check_specs=_checks.check_specs(spec.key, thresholds, spec.partitions_def),
        ins={"frame": dg.AssetIn(frame)} if frame else {},
        backfill_policy=dg.BackfillPolicy.multi_run(days_per_run) if spec.partitions_def else None,
        can_subset=True,
        pool=POOL,
    )
    if frame is None:

        @as_asset
        def sync_asset(
            context: dg.AssetExecutionContext,
            config: SyncRunConfig,
            common_room: CommonRoomResource,
            warehouse: WarehouseResource,
        ) -> SyncEvents:
            yield from events(context, config, common_room, warehouse)

        return sync_asset

    @as_asset
    def frame_asset(
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
        frame: Any,
    ) -> SyncEvents:
        yield from events(context, config, common_room, warehouse, frame=frame)

    return frame_asset
