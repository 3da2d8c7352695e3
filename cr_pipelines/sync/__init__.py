"""The engine: what a sync is, and what a run of it does.

The way of a row: `contract` says what its columns mean, `_plan` finds out whether it must be sent, `_spool` keeps
it while it waits, `_delivery` sends it, `_outbox` and `_ledger` record what became of it, `_report` tells.
"""

from cr_pipelines.sync.catalog import CATALOG_TABLES, UnknownName, read_catalog, unknown_names
from cr_pipelines.sync.counters import COUNTERS, Counter
from cr_pipelines.sync.errors import AlreadyRunning, SourceUnusable, StateSchemaTooNew, SyncError
from cr_pipelines.sync.event_loop import run_in_loop
from cr_pipelines.sync.model import (
    REMOVALS,
    Destination,
    Options,
    Partition,
    Resync,
    Sync,
)
from cr_pipelines.sync.privacy.confirmation import wait_until_confirmed
from cr_pipelines.sync.report import Problem, Progress, RejectedRow, Report, SyncStopped, rows
from cr_pipelines.sync.run import run_sync
from cr_pipelines.sync.state.compaction import CompactedPartition, compact_ledger
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.people import PII_REMOVALS
from cr_pipelines.sync.state.runs import RunRecord, RunRegistry, mark_running
from cr_pipelines.sync.state.schema import StateSchema

__all__ = [
    "CATALOG_TABLES",
    "COUNTERS",
    "PII_REMOVALS",
    "REMOVALS",
    "AlreadyRunning",
    "CompactedPartition",
    "Counter",
    "Destination",
    "Ledger",
    "Options",
    "Partition",
    "Problem",
    "Progress",
    "RejectedRow",
    "Report",
    "Resync",
    "RunRecord",
    "RunRegistry",
    "SourceUnusable",
    "StateSchema",
    "StateSchemaTooNew",
    "Sync",
    "SyncError",
    "SyncStopped",
    "UnknownName",
    "compact_ledger",
    "mark_running",
    "read_catalog",
    "rows",
    "run_in_loop",
    "run_sync",
    "unknown_names",
    "wait_until_confirmed",
]
