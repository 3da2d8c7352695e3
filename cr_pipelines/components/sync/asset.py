"""The asset of a sync, with its checks.

Goes in: a sync and the spec of its asset. Comes out: an asset whose runs perform the sync.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import dagster as dg

from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection, connection_metadata
from cr_pipelines.components.sync.checks import check_specs
from cr_pipelines.components.sync.execution import SyncEvents, execute_sync
from cr_pipelines.components.sync.options import DeliveryThresholds, RejectionThresholds, SyncRunConfig
from cr_pipelines.components.sync.specs import sync_metadata
from cr_pipelines.sync import Sync

Execute = Callable[..., SyncEvents]
"""Takes the arguments of `execute_sync` after the sync: context, config, common_room, warehouse, and maybe `frame`."""


def build_sync_asset(
    sync: Sync,
    spec: dg.AssetSpec,
    *,
    rejections: RejectionThresholds | None = None,
    delivery: DeliveryThresholds | None = None,
    days_per_run: int = 1,
    frame: dg.AssetKey | None = None,
    execute: Execute | None = None,
    connection: Connection = DEFAULT_CONNECTION,
) -> dg.AssetsDefinition:
    """Return the asset that performs a sync, with its checks.

    Materializing the asset syncs. Executing its checks alone is a dry run.

    Args:
        sync: what to sync.
        spec: the asset, usually from `build_sync_spec`.
        rejections: thresholds of the check on rejected rows.
        delivery: thresholds of the check on rows that did not arrive.
        days_per_run: how many partitions of a backfill share a run, if the spec has partitions.
        frame: an asset that returns a pandas DataFrame, which is read instead of the sync's source.
        execute: what a run does instead of `execute_sync`.
        connection: the resources that a run uses.
    """
    thresholds = rejections or RejectionThresholds()
    arrival = delivery or DeliveryThresholds()
    perform: Execute = execute or partial(execute_sync, sync, rejections=thresholds, delivery=arrival)

    metadata = {**sync_metadata(sync, frame), **connection_metadata(connection)}
    # Only a multi-asset, even of one asset, may succeed without materializing the asset or executing a check.
    as_asset = dg.multi_asset(
        name=spec.key.to_python_identifier(),
        specs=[spec.merge_attributes(metadata=metadata).replace_attributes(skippable=True)],
        check_specs=check_specs(
            spec.key, thresholds, arrival, spec.partitions_def, drops_values=sync.on_invalid_value == "drop_value"
        ),
        ins={"frame": dg.AssetIn(frame)} if frame else {},
        backfill_policy=dg.BackfillPolicy.multi_run(days_per_run) if spec.partitions_def else None,
        can_subset=True,
        pool=connection.pool,
        required_resource_keys=connection.resource_keys,
    )
    if frame is None:

        @as_asset
        def sync_asset(
            context: dg.AssetExecutionContext,
            config: SyncRunConfig,
        ) -> SyncEvents:
            yield from perform(context, config, connection.room(context.resources), connection.open(context.resources))

        return sync_asset

    @as_asset
    def frame_asset(
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        frame: Any,
    ) -> SyncEvents:
        room, warehouse = connection.room(context.resources), connection.open(context.resources)
        yield from perform(context, config, room, warehouse, frame=frame)

    return frame_asset
