"""All Dagster definitions of a sync: the Python factory behind the component.

Goes in: a sync and the choices about it. Comes out: its asset with checks, its source, a job and schedules.
"""

from collections.abc import Sequence

import dagster as dg

from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.components.sync.asset import Execute, build_sync_asset
from cr_pipelines.components.sync.audit import build_audit_definitions
from cr_pipelines.components.sync.options import DailyPartitions, DeliveryAudit, DeliveryThresholds, RejectionThresholds
from cr_pipelines.components.sync.schedule import build_sync_job
from cr_pipelines.components.sync.specs import build_source_specs, build_sync_spec
from cr_pipelines.sync import Sync


def build_sync_definitions(
    sync: Sync,
    *,
    spec: dg.AssetSpec | None = None,
    sources: Sequence[dg.AssetSpec] | None = None,
    schedule: SyncSchedule | None = None,
    partitions: DailyPartitions | None = None,
    rejections: RejectionThresholds | None = None,
    delivery: DeliveryThresholds | None = None,
    audit: DeliveryAudit | None = None,
    frame: dg.AssetKey | None = None,
    execute: Execute | None = None,
    connection: Connection = DEFAULT_CONNECTION,
) -> dg.Definitions:
    """Return all that Dagster needs for a sync: its asset with checks, its source, a job, and schedules.

        build_sync_definitions(Sync("people", kind="contact", source="crm.people"))

    The code location provides the resources of the connection: `common_room` and `warehouse`, unless you name others.

    Args:
        sync: what to sync.
        spec: the asset; default `build_sync_spec(sync)`, with the partitions.
        sources: upstream tables that no other code defines. Default: those of `build_source_specs(sync)` when neither
            `spec` nor `frame` is given, otherwise none.
        schedule: when to run; None for no schedule.
        partitions: sync the source day by day; a `spec` must have the same partitions.
        rejections: thresholds of the check on rejected rows.
        delivery: thresholds of the check on rows that did not arrive.
        audit: how the check `delivered_rows_stored` of a sync of contacts looks delivered rows up.
        frame: an asset that returns a pandas DataFrame with the contract's columns. It is read instead of the sync's
            source, so no table is needed; plan and ledger are the same.
        execute: what a run does instead of `execute_sync`.
        connection: the keys of the resources, and a prefix for the names of the job and its schedules, such as
            `Connection("eu", "eu_common_room", "eu_warehouse")`.

    Raises:
        ValueError: for an invalid kind or source.
    """
    if sources is None:
        sources = build_source_specs(sync) if spec is None and frame is None else []
    if spec is None:
        spec = build_sync_spec(sync, partitions=partitions, frame=frame)
    asset = build_sync_asset(
        sync,
        spec,
        rejections=rejections,
        delivery=delivery,
        days_per_run=partitions.days_per_run if partitions else 1,
        frame=frame,
        execute=execute,
        connection=connection,
    )
    job = build_sync_job(sync, asset.key, schedule, partitions, frame, connection, asset.check_keys)
    audits = (
        dg.Definitions() if frame else build_audit_definitions(sync, asset.key, audit or DeliveryAudit(), connection)
    )
    return dg.Definitions.merge(dg.Definitions(assets=[*sources, asset]), job, audits)
