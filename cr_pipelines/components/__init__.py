"""Dagster components for Common Room, and the Python factories behind them.

Goes in: YAML, or plain Python values. Comes out: Dagster definitions. There is one folder per component; `shared` has
what several of them use.
"""

from cr_pipelines.components.alerts import Alert, CommonRoomAlerts, EmailChannel
from cr_pipelines.components.catalog import CommonRoomCatalog, build_catalog_definitions
from cr_pipelines.components.connection import CommonRoomConnection
from cr_pipelines.components.pii_removals import (
    CommonRoomPiiRemovals,
    RemovalEvents,
    RemovalRunConfig,
    RemovalSensor,
    RequestColumns,
    execute_removals,
)
from cr_pipelines.components.shared.connections import Connection
from cr_pipelines.components.shared.frames import DataFrameIOManager
from cr_pipelines.components.shared.requests import request_sources_of
from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.components.sync import (
    CommonRoomSync,
    DailyPartitions,
    DeliveryAudit,
    DeliveryThresholds,
    RejectionThresholds,
    SyncEvents,
    SyncFreshness,
    SyncRunConfig,
    build_source_specs,
    build_sync_asset,
    build_sync_definitions,
    build_sync_spec,
    connections_of,
    dbt_model_key,
    execute_sync,
    first_days_of,
    on_source_update,
    syncs_of,
)

__all__ = [
    "Alert",
    "CommonRoomAlerts",
    "CommonRoomCatalog",
    "CommonRoomConnection",
    "CommonRoomPiiRemovals",
    "CommonRoomSync",
    "Connection",
    "DailyPartitions",
    "DataFrameIOManager",
    "DeliveryAudit",
    "DeliveryThresholds",
    "EmailChannel",
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
    "connections_of",
    "dbt_model_key",
    "execute_removals",
    "execute_sync",
    "first_days_of",
    "on_source_update",
    "request_sources_of",
    "syncs_of",
]
