from collections.abc import Callable, Iterable, Sequence

import dagster as dg

from cr_pipelines.components.pii_removals.checks import REMOVED_IN_TIME, removal_check_specs
from cr_pipelines.components.pii_removals.execution import RemovalEvents
from cr_pipelines.components.pii_removals.options import RemovalRunConfig, RemovalSensor
from cr_pipelines.components.sync.execution import without_text
from cr_pipelines.components.sync.options import SyncSchedule
from cr_pipelines.components.sync.schedule import run_going_on
from cr_pipelines.components.sync.specs import GROUP, warehouse_kind
from cr_pipelines.removal import Removals, RequestSource
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import SourceMissing, WarehouseError

ExecuteRemovals = Callable[
    [dg.AssetExecutionContext, RemovalRunConfig, CommonRoomResource, WarehouseResource], RemovalEvents
]
OpenRemovals = Callable[..., Removals]

_BUSY_SECONDS = 5.0
"""A tick may take a minute in all; another process may keep a DuckDB file for longer."""


def build_removal_spec(
    source: RequestSource,
    asset_key: dg.AssetKey,
    *,
    upstream: Iterable[dg.AssetKey] | None = None,
    description: str | None = None,
    group_name: str | None = GROUP,
    owners: Sequence[str] = (),
) -> dg.AssetSpec:
    """The asset of the removals, as it is before any run; `upstream` replaces the source's table."""
    return dg.AssetSpec(
        key=asset_key,
        deps=_upstream_keys(source) if upstream is None else list(upstream),
        description=description
        or f"Has Common Room forget everyone who asked for it in `{source.relation}`: DELETE /user/{{email}}, once for "
        "each person, after every sync has stopped sending them. What became of each request is in `pii_removals`; "
        "`cr-pipelines pii report` shows it.",
        group_name=group_name,
        owners=list(owners),
        kinds={"commonroom", warehouse_kind()},
        skippable=True,
    )


def build_request_specs(source: RequestSource, *, group_name: str | None = GROUP) -> list[dg.AssetSpec]:
    """The table of requests as an external asset; none for a query."""
    columns = [
        dg.TableColumn(source.request_id, "text", "The request's id; not an address, nor a name."),
        dg.TableColumn(source.email, "text", "E-mail address of the person to be forgotten."),
        dg.TableColumn(source.requested_at, "timestamp", "When it was requested; for the report."),
    ]
    return [
        dg.AssetSpec(
            key=key,
            group_name=group_name,
            kinds={warehouse_kind()},
            description="A table or view of yours with a row for each privacy request. Rows may come late, in any "
            "order, and dated back.",
            metadata={
                "dagster/table_name": source.source,
                "dagster/column_schema": dg.TableSchema(columns=columns),
            },
        )
        for key in _upstream_keys(source)
    ]


def _upstream_keys(source: RequestSource) -> list[dg.AssetKey]:
    return [] if source.relation.is_query else [dg.AssetKey(source.source.split("."))]


def build_removal_definitions(
    spec: dg.AssetSpec,
    *,
    sources: Sequence[dg.AssetSpec],
    open_removals: OpenRemovals,
    execute: ExecuteRemovals,
    sensor: RemovalSensor,
    verification: SyncSchedule,
) -> dg.Definitions:
    """The removals' asset with its checks, a job and a sensor that settle, a job and a schedule that verify.

    Args:
        spec: the asset, usually of `build_removal_spec`.
        sources: upstream tables that no other code defines.
        open_removals: gives the removals of a warehouse resource, and takes `busy_seconds`.
        execute: what a run does.
        sensor: how the table of requests is watched.
        verification: when submitted removals are looked up.
    """
    key = spec.key
    name = key.path[-1]

    # No pool: a removal waits for no sync to end, and its few requests share the token by the server's headers.
    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[spec],
        check_specs=removal_check_specs(key),
        can_subset=True,
    )
    def removals_asset(
        context: dg.AssetExecutionContext,
        config: RemovalRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
    ) -> RemovalEvents:
        yield from execute(context, config, common_room, warehouse)

    settle = dg.define_asset_job(
        f"settle_{name}",
        selection=dg.AssetSelection.assets(key),
        description="Settles every privacy request that is due, or those that the sensor names.",
    )
    verify = dg.define_asset_job(
        f"verify_{name}",
        selection=dg.AssetSelection.checks(dg.AssetCheckKey(key, REMOVED_IN_TIME)),
        description="Looks up everyone whose removal it is time to look up, and checks that none is overdue.",
    )

    @dg.sensor(
        name=f"{name}_sensor",
        job=settle,
        minimum_interval_seconds=sensor.interval_seconds,
        default_status=dg.DefaultSensorStatus[sensor.status.upper()],
        description="Withholds everyone who asks to be forgotten as soon as their request is seen, and asks for one "
        "run at a time that settles what is due.",
    )
    def watch(context: dg.SensorEvaluationContext, warehouse: WarehouseResource) -> dg.RunRequest | dg.SkipReason:
        try:
            removals = open_removals(warehouse, busy_seconds=_BUSY_SECONDS)
            going_on = run_going_on(context.instance, key, settle.name, removals.run_lives)
            if going_on is not None:
                removals.take_in()
                return dg.SkipReason(f"run {going_on} has not ended; the next tick looks again")
            batch = removals.next_batch(sensor.requests_per_run)
        except SourceMissing as error:
            return dg.SkipReason(f"{name} is disabled: {error}")
        except SourceUnusable:
            raise
        except WarehouseError as error:
            return dg.SkipReason(f"the warehouse cannot be read now, the next tick tries again: {error}")
        except Exception as error:
            raise without_text(error) from None
        if batch is None:
            return dg.SkipReason("no request is due")
        config = {"ops": {key.to_python_identifier(): {"config": {"request_ids": batch.request_ids}}}}
        return dg.RunRequest(run_key=batch.key, run_config=config)

    schedule = dg.ScheduleDefinition(
        name=f"verify_{name}_schedule",
        job=verify,
        cron_schedule=verification.cron,
        execution_timezone=verification.timezone,
        default_status=dg.DefaultScheduleStatus[verification.status.upper()],
        description=f"Runs verify_{name}.",
    )
    return dg.Definitions(
        assets=[*sources, removals_asset], jobs=[settle, verify], sensors=[watch], schedules=[schedule]
    )
