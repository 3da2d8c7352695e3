from collections.abc import Sequence

import dagster as dg

from cr_pipelines.components._asset import Execute, build_sync_asset
from cr_pipelines.components._options import RejectionThresholds, SyncSchedule
from cr_pipelines.components._schedule import build_sync_job
from cr_pipelines.components._specs import build_source_specs, build_sync_spec
from cr_pipelines.sync import Sync


def build_sync_definitions(
    sync: Sync,
    *,
    spec: dg.AssetSpec | None = None,
    sources: Sequence[dg.AssetSpec] | None = None,
    schedule: SyncSchedule | None = None,
    rejections: RejectionThresholds | None = None,
    execute: Execute | None = None,
) -> dg.Definitions:
    """Everything that Dagster needs for a sync: its asset with checks, its source, a job, and a schedule.

        build_sync_definitions(Sync("people", kind="contact", source="crm.people"))

    The run-time resources `common_room` and `warehouse` come with the code location.

    Args:
        sync: what to sync.
        spec: the asset; default `build_sync_spec(sync)`.
        sources: upstream tables that no other code defines; by default those of `build_source_specs(sync)`
            when there is no `spec`, else none.
        schedule: when to run; None for no schedule.
        rejections: thresholds of the check on rejected rows.
        execute: what a run does instead of `execute_sync`.

    Raises:
        ValueError: a kind or a source that cannot be.
    """
    asset = build_sync_asset(sync, spec or build_sync_spec(sync), rejections=rejections, execute=execute)
    if sources is None:
        sources = build_source_specs(sync) if spec is None else []
    return dg.Definitions.merge(dg.Definitions(assets=[*sources, asset]), build_sync_job(sync, asset.key, schedule))
