"""All Dagster definitions of the removals.

Goes in: the asset's spec, and what a run and a tick do. Comes out: the asset with checks, a sensor, two jobs and a
schedule.
"""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from cr_pipelines.components.pii_removals.checks import REMOVED_IN_TIME, removal_check_specs
from cr_pipelines.components.pii_removals.execution import RemovalEvents
from cr_pipelines.components.pii_removals.options import RemovalRunConfig, RemovalSensor
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection, connection_metadata
from cr_pipelines.components.shared.failures import NO_RUN_RETRY, without_text
from cr_pipelines.components.shared.runs import TICK_WAIT_SECONDS, run_in_progress
from cr_pipelines.components.shared.schedules import SyncSchedule, build_schedule
from cr_pipelines.removal import Removals
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import SourceMissing, WarehouseBusy, WarehouseError

ExecuteRemovals = Callable[
    [dg.AssetExecutionContext, RemovalRunConfig, CommonRoomResource, WarehouseResource], RemovalEvents
]
OpenRemovals = Callable[..., Removals]
"""Takes a warehouse resource, and `wait_seconds`."""


def build_removal_definitions(
    spec: dg.AssetSpec,
    *,
    sources: Sequence[dg.AssetSpec],
    open_removals: OpenRemovals,
    execute: ExecuteRemovals,
    sensor: RemovalSensor,
    verification: SyncSchedule,
    connection: Connection = DEFAULT_CONNECTION,
) -> dg.Definitions:
    """Return the removals' asset with its checks, a job and a sensor that settle, a job and a schedule that verify.

    Args:
        spec: the asset, usually from `build_removal_spec`.
        sources: upstream tables that no other code defines.
        open_removals: returns the removals of a warehouse resource.
        execute: what a run does.
        sensor: how the table of requests is watched.
        verification: when submitted removals are looked up.
        connection: the resources to use; its name is part of the names of jobs, sensor and schedule.
    """
    name = connection.qualified(spec.key.path[-1])
    settle = dg.define_asset_job(
        f"settle_{name}",
        selection=dg.AssetSelection.assets(spec.key),
        tags=NO_RUN_RETRY,
        description="Settles every privacy request that is due, or those that the sensor names.",
    )
    verify = dg.define_asset_job(
        f"verify_{name}",
        selection=dg.AssetSelection.checks(dg.AssetCheckKey(spec.key, REMOVED_IN_TIME)),
        tags=NO_RUN_RETRY,
        description="Looks up everyone whose removal is due for a lookup, and checks that none is overdue.",
    )
    return dg.Definitions(
        assets=[*sources, _build_asset(spec, execute, connection)],
        jobs=[settle, verify],
        sensors=[_build_sensor(name, spec.key, settle, open_removals, sensor, connection)],
        schedules=[build_schedule(verify, verification)],
    )


def _build_asset(spec: dg.AssetSpec, execute: ExecuteRemovals, connection: Connection) -> dg.AssetsDefinition:
    # No pool: a removal must not wait for a sync to end, and its few requests respect the server's rate limit headers.
    @dg.multi_asset(
        name=spec.key.to_python_identifier(),
        specs=[spec.merge_attributes(metadata=connection_metadata(connection))],
        check_specs=removal_check_specs(spec.key),
        can_subset=True,
        required_resource_keys=connection.resource_keys,
    )
    def removals_asset(
        context: dg.AssetExecutionContext,
        config: RemovalRunConfig,
    ) -> RemovalEvents:
        yield from execute(context, config, connection.room(context.resources), connection.open(context.resources))

    return removals_asset


def _build_sensor(
    name: str,
    key: dg.AssetKey,
    job: Any,
    open_removals: OpenRemovals,
    sensor: RemovalSensor,
    connection: Connection,
) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{name}_sensor",
        job=job,
        minimum_interval_seconds=sensor.interval_seconds,
        required_resource_keys={connection.warehouse},
        default_status=dg.DefaultSensorStatus[sensor.status.upper()],
        description="Suppresses everyone who asked to be removed as soon as it sees their request, and starts one run "
        "at a time to settle the requests that are due.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            removals = open_removals(connection.open(context.resources), wait_seconds=TICK_WAIT_SECONDS)
            in_progress = run_in_progress(context, key, removals.run_lives)
            if in_progress is not None:
                removals.take_in()
                return dg.SkipReason(f"run {in_progress} is in progress; the next tick checks again")
            batch = removals.next_batch(sensor.requests_per_run)
        except SourceMissing as error:
            return dg.SkipReason(f"{name} is disabled: {error}")
        except WarehouseBusy as error:
            return dg.SkipReason(f"the warehouse cannot be read now; the next tick tries again: {error}")
        except (SourceUnusable, WarehouseError, dg.Failure):
            # An unreadable table of requests must not look like an empty one.
            raise
        except Exception as error:
            raise without_text(error) from None
        if batch is None:
            return dg.SkipReason("no request is due")
        config = {"ops": {key.to_python_identifier(): {"config": {"request_ids": batch.request_ids}}}}
        return dg.RunRequest(run_key=batch.key, run_config=config)

    return watch
