"""Syncs in Dagster: the component, and the factory behind it.

Goes in: YAML, or a `Sync` in Python. Comes out: an asset per sync, with checks, a job and schedules.
"""

from cr_pipelines.components.sync.asset import build_sync_asset
from cr_pipelines.components.sync.automation import on_source_update
from cr_pipelines.components.sync.component import CommonRoomSync
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
    connections_of,
    first_days_of,
    syncs_of,
)
from cr_pipelines.components.sync.upstream import dbt_model_key

__all__ = [
    "CommonRoomSync",
    "DailyPartitions",
    "DeliveryAudit",
    "DeliveryThresholds",
    "RejectionThresholds",
    "SyncEvents",
    "SyncFreshness",
    "SyncRunConfig",
    "build_source_specs",
    "build_sync_asset",
    "build_sync_definitions",
    "build_sync_spec",
    "connections_of",
    "dbt_model_key",
    "execute_sync",
    "first_days_of",
    "on_source_update",
    "syncs_of",
]
