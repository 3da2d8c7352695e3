"""Syncs as Dagster definitions: a component for YAML, and the factory behind it for Python."""

from cr_pipelines.components._asset import build_sync_asset
from cr_pipelines.components._definitions import build_sync_definitions
from cr_pipelines.components._execution import SyncEvents, execute_sync
from cr_pipelines.components._options import RejectionThresholds, SyncRunConfig, SyncSchedule
from cr_pipelines.components._removal_execution import RemovalEvents, execute_removals
from cr_pipelines.components._removal_options import RemovalRunConfig, RemovalSensor, RequestColumns
from cr_pipelines.components._specs import build_source_specs, build_sync_spec, syncs_of
from cr_pipelines.components.common_room_pii_removals import CommonRoomPiiRemovals
from cr_pipelines.components.common_room_sync import CommonRoomSync

__all__ = [
    "CommonRoomPiiRemovals",
    "CommonRoomSync",
    "RejectionThresholds",
    "RemovalEvents",
    "RemovalRunConfig",
    "RemovalSensor",
    "RequestColumns",
    "SyncEvents",
    "SyncRunConfig",
    "SyncSchedule",
    "build_source_specs",
    "build_sync_asset",
    "build_sync_definitions",
    "build_sync_spec",
    "execute_removals",
    "execute_sync",
    "syncs_of",
]
