import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from cr_pipelines.sync.contract import Mirror
from cr_pipelines.sync.deliver.mirror import RemoteState
from cr_pipelines.sync.deliver.workers import Delivery
from cr_pipelines.sync.errors import SyncError
from cr_pipelines.sync.event_loop import check_no_loop_runs, run_in_loop
from cr_pipelines.sync.model import Destination, Options, Partition, Sync
from cr_pipelines.sync.plan.dataframe import FRAME, as_arrow
from cr_pipelines.sync.plan.planner import Plan, Planner
from cr_pipelines.sync.report import MOST_KEYS, Progress, RejectedRow, Report, SyncStopped
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.outbox import Outbox
from cr_pipelines.sync.state.runs import RunRegistry, mark_running
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Warehouse, WarehouseError

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_REJECTED = 20


def run_sync(
    sync: Sync,
    warehouse: Warehouse,
    destination: Destination,
    *,
    schema: str = "common_room",
    options: Options | None = None,
    partition: Partition | None = None,
    frame: "pd.DataFrame | pa.Table | None" = None,
    run_id: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Bring Common Room up to a source: plan in the warehouse, send what changed, record every outcome.

    Args:
        sync: what to sync.
        warehouse: where the source and our own tables are. No session is open while requests are sent,
            but for short writes of outcomes.
        destination: the room. No client is made when nothing has to be sent.
        schema: the warehouse schema of our own tables, made when it is not there.
        options: what this run does differently.
        partition: the day of the source to look at; None for all of it.
        frame: rows to read in place of the sync's source, which needs no table then; they are lent to the warehouse
            for the plan and not kept there. Its columns are the contract, as a table's would be.
        run_id: names the run in the ledger; made up when None.
        on_progress: called every few seconds while rows are sent.

    Returns:
        what became of every row.

    Raises:
        SourceMissing, SourceUnusable: the source cannot be read, or does not fit the contract.
        AlreadyRunning: another run of the same sync is alive.
        StateSchemaTooNew: a later version of cr-pipelines has migrated the state schema.
        SyncStopped: going on could not work; what was done is recorded, and the rest waits.
        SyncError, CommonRoomError, WarehouseError: nothing could be sent or recorded.
    """
    return Run(sync, warehouse, destination, schema, options or Options(), partition, frame, run_id, on_progress).go()


class Run:
    """One run of a sync, from plan to ledger."""

    def __init__(
        self,
        sync: Sync,
        warehouse: Warehouse,
        destination: Destination,
        schema: str,
        options: Options,
        partition: Partition | None,
        frame: "pd.DataFrame | pa.Table | None",
        run_id: str | None,
        on_progress: Callable[[Progress], None] | None,
    ):
        self._sync = sync if frame is None else replace(sync, source=FRAME)
        self._lent = None if frame is None else as_arrow(frame)
        self._warehouse = warehouse
        self._destination = destination
        self._schema = schema
        self._options = options
        self._partition = partition
        self._partition_name = partition.name if partition else ""
        self._run_id = run_id or uuid.uuid4().hex
        self._on_progress = on_progress
        self._report = Report(sync.name, self._run_id, partition=self._partition_name, dry_run=options.dry_run)
        self._remote: RemoteState | None = None

    def go(self) -> Report:
        """Run, and give the report. Raises as `run_sync` says."""
        check_no_loop_runs()
        with mark_running(self._run_id):
            return self._go()

    def _go(self) -> Report:
        begun = time.monotonic()
        source_id = self._destination.source_id if self._sync.contract.needs_source_id else None
        outbox = Outbox(self._warehouse, self._schema, self._sync.name, self._partition_name, self._run_id, source_id)
        plan: Plan | None = None
        try:
            self._look_into_room()
            plan = self._plan(outbox, source_id)
            self._take_over(plan)
            if plan.offered:
                delivery = Delivery(self._sync, plan, outbox, self._report, self._options, self._on_progress)
                run_in_loop(delivery.run(self._destination, self._remote.catalog if self._remote else None))
            self._remove_what_left(plan)
        except Exception:
            self._report.state = "failed"
            raise
        except BaseException:
            self._report.state = "interrupted"
            raise
        finally:
            if self._report.stopped_by is not None and self._report.state == "succeeded":
                self._report.state = "stopped"
            if plan is not None:
                plan.spool.close()
                self._account(plan)
                self._report.seconds = time.monotonic() - begun
                if not self._options.dry_run:
                    self._record(outbox)
        if self._report.stopped_by is not None:
            raise SyncStopped(self._report)
        return self._report

    def _look_into_room(self) -> None:
        mirror = self._sync.contract.mirror

        async def look(mirror: Mirror) -> None:
            self._remote = await RemoteState.read(mirror, self._destination, self._report)

        if mirror is not None:
            run_in_loop(look(mirror))

    def _remove_what_left(self, plan: Plan) -> None:
        mirror, remote, report = self._sync.contract.mirror, self._remote, self._report
        if mirror is None or remote is None or self._sync.on_source_delete == "keep" or report.stopped_by is not None:
            return
        if self._options.dry_run:
            doomed = remote.removable(plan)
            report.deletions, report.deletion_keys = len(doomed), doomed[:MOST_KEYS]
        elif plan.removable:
            run_in_loop(remote.remove(mirror, self._sync, plan, self._destination, report))

    def _plan(self, outbox: Outbox, source_id: int | None) -> Plan:
        with self._warehouse.session() as session:
            if self._lent is not None:
                session.register_arrow(FRAME, self._lent)
                self._lent = None
            StateSchema(session, self._schema).prepare()
            ledger, runs = Ledger(session, self._schema), RunRegistry(session, self._schema)
            ledger.fold(self._sync.name)
            if not self._options.dry_run:
                runs.claim(self._run_id, self._sync.name, self._partition_name, self._options.resync)
            try:
                planner = Planner(session, ledger, self._sync, self._options, self._partition)
                plan = planner.plan(None if self._remote is None else self._remote.ids)
                planner.count_problems(plan, self._report)
                if not self._options.dry_run:
                    planner.begin(plan, self._run_id, source_id)
            except BaseException as error:
                if not self._options.dry_run:
                    why = str(error) if isinstance(error, SyncError | WarehouseError) else type(error).__name__
                    runs.finish(self._run_id, self._sync.name, self._partition_name, "failed", {"stopped_by": why})
                raise
            outbox.row_hash_version = plan.row_hash_version
            outbox.look(session)
            return plan

    def _take_over(self, plan: Plan) -> None:
        report, offered = self._report, plan.offered
        report.source_rows = plan.source_rows
        report.offered = offered
        report.offered_new = plan.offered_new
        report.unknown_keys = plan.unknown_keys
        report.null_keys = plan.null_keys
        report.duplicate_rows = plan.duplicate_rows
        report.invalid = plan.null_keys + plan.duplicate_rows
        report.absent_from_source = plan.gone
        report.emptied = plan.emptied
        report.columns = plan.columns
        report.ignored_columns = plan.match.ignored
        report.deleted_remotely = len(plan.missing)
        report.deleted_remotely_keys = list(plan.missing[:MOST_KEYS])
        kept = {why: count for why, count in plan.compared.items() if why not in plan.settled_offered}
        report.unchanged = kept.get("unchanged", 0) + kept.get("missing", 0)
        report.rejected = kept.get("rejected", 0)
        report.unknown = kept.get("unknown", 0)
        report.changed_after_delivery = kept.get("outdated", 0)

    def _account(self, plan: Plan) -> None:
        """Give every row that has no outcome its place."""
        report = self._report
        placed = (
            report.unchanged + report.delivered + report.invalid + report.rejected + report.failed
            + report.suppressed + report.unknown
        )  # fmt: skip
        report.not_sent = report.source_rows - placed

    def _record(self, outbox: Outbox) -> None:
        with self._warehouse.session() as session:
            outbox.write(session)
            ledger = Ledger(session, self._schema)
            ledger.fold(self._sync.name)
            if self._remote is not None:
                ledger.delete_keys(self._sync.name, self._remote.removed)
            RunRegistry(session, self._schema).finish(
                self._run_id, self._sync.name, self._partition_name, self._report.state, self._report.counts(),
                in_doubt=outbox.in_doubt,
            )  # fmt: skip
            self._report.rejected_rows = [
                RejectedRow(*row)
                for row in ledger.rejected_rows(self._sync.name, self._partition_name, _SHOWN_REJECTED)
            ]
