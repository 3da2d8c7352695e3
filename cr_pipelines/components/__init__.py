"""Syncs as Dagster definitions: a component for YAML, and the factory behind it for Python."""

from cr_pipelines.components.catalog.component import CommonRoomCatalog
from cr_pipelines.components.catalog.definitions import build_catalog_definitions
from cr_pipelines.components.pii_removals.component import CommonRoomPiiRemovals
from cr_pipelines.components.pii_removals.execution import RemovalEvents, execute_removals
from cr_pipelines.components.pii_removals.options import RemovalRunConfig, RemovalSensor, RequestColumns
from cr_pipelines.components.sync.asset import build_sync_asset
from cr_pipelines.components.sync.automation import on_source_update
from cr_pipelines.components.sync.component import CommonRoomSync
from cr_pipelines.components.sync.definitions import build_sync_definitions
from cr_pipelines.components.sync.execution import SyncEvents, execute_sync
from cr_pipelines.components.sync.options import (
    DailyPartitions,
    RejectionThresholds,
    SyncFreshness,
    SyncRunConfig,
    SyncSchedule,
)
from cr_pipelines.components.sync.specs import (
    build_source_specs,
    build_sync_spec,
    dbt_model_key,
    partitioned_syncs_of,
    syncs_of,
)

__all__ = [
    "CommonRoomCatalog",
    "CommonRoomPiiRemovals",
    "CommonRoomSync",
    "DailyPartitions",
    "RejectionThresholds",
    "RemovalEvents",
    "RemovalRunConfig",
    "RemovalSensor",
    "RequestColumns",
    "SyncEvents",
    "SyncFreshness",
    "SyncRunConfig",
    "SyncSchedule",
    "build_catalog_definitions",
    "build_source_specs",
    "build_sync_asset",
    "build_sync_definitions",
    "build_sync_spec",
    "dbt_model_key",
    "execute_removals",
    "execute_sync",
    "on_source_update",
    "partitioned_syncs_of",
    "syncs_of",
]
