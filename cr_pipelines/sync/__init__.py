"""The engine: what a sync is, and what a run of it does.

A row's path: `contract` says what its columns mean, `plan` finds out whether it must be sent, `privacy` keeps
suppressed people out, `deliver` sends it, `state` records what became of it, and `report` sums it up.
"""

from cr_pipelines.sync.audit import AUDITED_KINDS, AuditReport, audit_sync
from cr_pipelines.sync.catalog import CATALOG_TABLES, UnknownName, read_catalog, unknown_names
from cr_pipelines.sync.counters import COUNTERS, Counter
from cr_pipelines.sync.entry_point import run_sync
from cr_pipelines.sync.errors import (
    AlreadyRunning,
    OtherRoom,
    RoomNotConfirmed,
    SourceUnusable,
    StateSchemaTooNew,
    SyncError,
    TakenOver,
)
from cr_pipelines.sync.event_loop import run_in_loop
from cr_pipelines.sync.explanation import LedgerEntry, RowExplanation
from cr_pipelines.sync.model import (
    REMOVALS,
    Destination,
    Options,
    Partition,
    Resync,
    RunKey,
    Sync,
)
from cr_pipelines.sync.plan.dataframe import as_arrow
from cr_pipelines.sync.plan.partitions import RowsOutside, rows_outside
from cr_pipelines.sync.privacy.address_limit import AddressLimit
from cr_pipelines.sync.privacy.confirmation import wait_until_confirmed
from cr_pipelines.sync.privacy.ingestion import PROMISED, Ingested, ingest, privacy_state
from cr_pipelines.sync.privacy.people import shared_addresses
from cr_pipelines.sync.privacy.requests import RequestSource
from cr_pipelines.sync.privacy.sent_addresses import KnownAddresses
from cr_pipelines.sync.privacy.suppression import SuppressionList
from cr_pipelines.sync.report import (
    Problem,
    Progress,
    RejectedRow,
    Report,
    SyncStopped,
    duration,
    privacy_messages,
    rows,
    without_own_name,
)
from cr_pipelines.sync.state.adoption import RoomAdoption, adopt_room
from cr_pipelines.sync.state.compaction import CompactedPartition, compact_ledger
from cr_pipelines.sync.state.copying import copy_state
from cr_pipelines.sync.state.frames import read_frame, write_frame
from cr_pipelines.sync.state.heartbeat import Heartbeat
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.people import PII_REMOVALS
from cr_pipelines.sync.state.processes import mark_running
from cr_pipelines.sync.state.room import Room, RoomCheck, StateRoom, check_room
from cr_pipelines.sync.state.runs import RunRecord, RunRegistry
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.sync.timing import Timing
from cr_pipelines.sync.worker_pool import WorkerPool

__all__ = [
    "AUDITED_KINDS",
    "CATALOG_TABLES",
    "COUNTERS",
    "PII_REMOVALS",
    "PROMISED",
    "REMOVALS",
    "AddressLimit",
    "AlreadyRunning",
    "AuditReport",
    "CompactedPartition",
    "Counter",
    "Destination",
    "Heartbeat",
    "Ingested",
    "KnownAddresses",
    "Ledger",
    "LedgerEntry",
    "Options",
    "OtherRoom",
    "Partition",
    "Problem",
    "Progress",
    "RejectedRow",
    "Report",
    "RequestSource",
    "Resync",
    "Room",
    "RoomAdoption",
    "RoomCheck",
    "RoomNotConfirmed",
    "RowExplanation",
    "RowsOutside",
    "RunKey",
    "RunRecord",
    "RunRegistry",
    "SourceUnusable",
    "StateRoom",
    "StateSchema",
    "StateSchemaTooNew",
    "SuppressionList",
    "Sync",
    "SyncError",
    "SyncStopped",
    "TakenOver",
    "Timing",
    "UnknownName",
    "WorkerPool",
    "adopt_room",
    "as_arrow",
    "audit_sync",
    "check_room",
    "compact_ledger",
    "copy_state",
    "duration",
    "ingest",
    "mark_running",
    "privacy_messages",
    "privacy_state",
    "read_catalog",
    "read_frame",
    "rows",
    "rows_outside",
    "run_in_loop",
    "run_sync",
    "shared_addresses",
    "unknown_names",
    "wait_until_confirmed",
    "without_own_name",
    "write_frame",
]
