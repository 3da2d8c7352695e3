"""One run of a sync, from the source to the ledger.

Goes in: a sync, its warehouse and the room. Comes out: a report on every row. The steps follow a row's path: plan
inside the warehouse, deliver what the plan offers, record the outcome.
"""

import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from cr_pipelines.api import BadToken, CommonRoomClient, CommonRoomError, NotTheApi, OperationGone, UnknownSource
from cr_pipelines.sync.deliver.changed_columns import ChangedColumns
from cr_pipelines.sync.deliver.circuit_breaker import CircuitBreaker
from cr_pipelines.sync.deliver.key_names import KeyNames
from cr_pipelines.sync.deliver.mirror import Deletions, RemoteState
from cr_pipelines.sync.deliver.outcomes import OutcomeRecorder
from cr_pipelines.sync.deliver.progress import ProgressReporter
from cr_pipelines.sync.deliver.recorder import Recorder
from cr_pipelines.sync.deliver.run_end import RunEnd
from cr_pipelines.sync.deliver.silence import ServerSilent, watch_silence
from cr_pipelines.sync.deliver.workers import Delivery
from cr_pipelines.sync.errors import OtherRoom, RoomNotConfirmed, SyncError
from cr_pipelines.sync.event_loop import run_in_loop
from cr_pipelines.sync.explanation import RowExplanation
from cr_pipelines.sync.interruption import Interruption, run_interruptibly
from cr_pipelines.sync.model import Destination, Options, Partition, RunKey, Sync
from cr_pipelines.sync.plan import Plan, Planner, describe
from cr_pipelines.sync.plan.dataframe import FRAME
from cr_pipelines.sync.plan.record_statements import PlannedRun
from cr_pipelines.sync.privacy.ingestion import privacy_state
from cr_pipelines.sync.privacy.lease import lease_clock
from cr_pipelines.sync.privacy.requests import RequestSource
from cr_pipelines.sync.privacy.sent_addresses import KnownAddresses, SentAddresses
from cr_pipelines.sync.privacy.suppression import SuppressionList
from cr_pipelines.sync.privacy.watch import SuppressionWatch
from cr_pipelines.sync.report import MOST_EXPLAINED, MOST_KEYS, Progress, Report, SyncStopped
from cr_pipelines.sync.state.column_hashes import HashedColumns, read_column_hashes
from cr_pipelines.sync.state.heartbeat import Heartbeat
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.outbox import Outbox
from cr_pipelines.sync.state.room import RoomCheck
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.sync.timing import Timing
from cr_pipelines.sync.worker_pool import WorkerPool
from cr_pipelines.warehouse import Session, SourceSession, Warehouse, WarehouseError


class Run:
    """One run of a sync."""

    def __init__(
        self,
        sync: Sync,
        warehouse: Warehouse,
        destination: Destination,
        schema: str,
        options: Options,
        partition: Partition | None,
        run_id: str,
        frame: pa.Table | None,
        timing: Timing,
        requests: Sequence[RequestSource],
    ):
        self.key = RunKey(run_id, sync.name, partition.name if partition else "")
        self._sync = sync
        self._warehouse = warehouse
        self._destination = destination
        self._schema = schema
        self._options = options
        self._partition = partition
        self._frame = frame
        self._timing = timing
        self._requests = requests
        self._source_id = destination.source_id if sync.contract.writes_to_source(sync.contract.columns) else None
        self._watch = SuppressionWatch(self.key, schema, self._source_id, timing, sync.contract.kind)
        self._addresses = SentAddresses(self.key, sync.contract.kind, self._source_id, schema)
        self._heartbeat = Heartbeat(self.key, schema, timing.heartbeat_seconds, lease_clock)
        self._breaker = CircuitBreaker()
        self._column_hashes: Mapping[str, HashedColumns] = {}
        self._room = RoomCheck(warehouse, schema, self._source_id, dry_run=options.dry_run)
        writer = self._source_id if sync.contract.needs_source_id else None
        self._names = KeyNames(sync, schema, partition, writer)
        self._order = 0
        self._begun = time.monotonic()
        self._has_ended = False
        self._report = Report(sync.name, run_id, partition=self.key.partition, dry_run=options.dry_run)
        self._report.hides_keys = sync.contract.key_names_person

    def go(
        self, on_plan: Callable[[Report], None] | None = None, on_progress: Callable[[Progress], None] | None = None
    ) -> Report:
        """Run, and return the report. Raises as `run_sync` does."""
        remote = self._read_room()
        self._resolve_names()
        plan = self._plan(remote)
        if self._has_ended:
            plan.spool.close()
            return self._report
        outbox, recorder, columns, end = self._recording(plan)
        deletions: Deletions | None = None
        try:
            if plan.offered:
                if on_plan is not None:
                    on_plan(self._report)
                self._deliver(plan, remote, outbox, recorder, columns, on_progress)
            elif self._room.may_differ(self._destination):
                self._with_client(lambda client: self._room.check(client, sends=False))
            if remote is not None and self._sync.on_source_delete == "delete" and not self._breaker.is_open:
                deletions = Deletions(remote, plan.deletable)
                self._delete(plan, deletions)
        except BaseException as error:
            self._report.state = "failed" if isinstance(error, Exception) else "interrupted"
            self._complete_report(deletions)
            end.record_after(error, deletions)
            raise
        finally:
            plan.spool.close()
        self._complete_report(deletions)
        end.record(deletions, self._timing.outage_seconds)
        if self._report.stopped_by is not None:
            raise SyncStopped(self._report)
        return self._report

    def _recording(self, plan: Plan) -> tuple[Outbox, Recorder, ChangedColumns, RunEnd]:
        """Return what records the outcomes of the planned rows, and the end of the run."""
        outbox = Outbox(self.key, self._order, self._schema, plan.row_hash_version)
        recorder = Recorder(self._warehouse, outbox, self._addresses, self._watch, self._heartbeat, self._timing)
        columns = ChangedColumns(plan.columns, self._column_hashes, self._report)
        end = RunEnd(
            self.key,
            self._warehouse,
            self._schema,
            outbox,
            self._addresses,
            recorder,
            self._heartbeat,
            self._report,
            columns,
            counts_dropped=self._sync.on_invalid_value == "drop_value",
        )
        return outbox, recorder, columns, end

    def _read_room(self) -> RemoteState | None:
        """Read what the room has, if the sync mirrors its source."""
        mirror = self._sync.contract.mirror
        if mirror is None:
            return None
        found: list[RemoteState] = []

        async def read(client: CommonRoomClient) -> None:
            await self._room.check(client, sends=False)
            found.append(await RemoteState.read(client, mirror))

        with self._warehouse.session() as session:
            self._prepare(session)
        self._with_client(read)
        return found[0]

    def _resolve_names(self) -> None:
        """Find out what the names in the source's key mean, if any of them are new."""

        def look(interruption: Interruption) -> None:
            with self._warehouse.session() as session:
                interruption.watch(session)
                self._prepare(session)
                with self._source_in(session) as source:
                    interruption.watch(source)
                    self._names.look(session, source)
                interruption.release()

        async def read(client: CommonRoomClient) -> None:
            with suppress(CommonRoomError, OtherRoom, RoomNotConfirmed):
                await self._room.check(client, sends=False)
                await self._names.read(client)

        if self._names.exist:
            # If the room cannot be read now, the run fails later where it needs this, and records the failure.
            with suppress(WarehouseError):
                run_interruptibly(look)
        if self._names.are_new:
            self._with_client(read)

    def _prepare(self, session: Session) -> None:
        if self._frame is not None:
            session.register_arrow(FRAME, self._frame)
        StateSchema(session, self._schema).prepare()
        self._room.read(session)

    def _plan(self, remote: RemoteState | None) -> Plan:
        """Claim the run, make the plan and note what it found, all in one session that a signal ends."""
        plans: list[Plan] = []
        try:
            run_interruptibly(lambda interruption: plans.append(self._plan_unless(interruption, remote)))
        except BaseException:
            if plans and not self._options.dry_run:
                # The signal arrived after the plan was made.
                with self._warehouse.session() as session:
                    RunRegistry(session, self._schema).finish(*self.key, "interrupted", {})
            raise
        for explanation in self._report.explanations:
            if self._watch.suppressed.address_of(explanation.key) is not None:
                explanation.suppress()
        describe(plans[0], self._report)
        return plans[0]

    def _plan_unless(self, interruption: Interruption, remote: RemoteState | None) -> Plan:
        with self._warehouse.session() as session:
            interruption.watch(session)
            self._prepare(session)
            # The warehouse has the frame for this session: nothing else may keep its rows in memory.
            self._frame = None
            ledger, runs = Ledger(session, self._schema), RunRegistry(session, self._schema)
            self._report.suppressed_before = runs.most_suppressed(self._sync.name, self.key.partition)
            if self._options.dry_run:
                plan = self._plan_in(session, ledger, remote, interruption)
            else:
                # Claim before folding: this run then sees everything that another run announced, and the other
                # announces nothing more.
                self._order = runs.claim(*self.key, self._options.resync)
                try:
                    with self._heartbeat.keep_beating(self._warehouse):
                        plan = self._plan_in(session, ledger, remote, interruption)
                    self._heartbeat.beat_if_due(session)
                except BaseException as error:
                    interrupted = interruption.requested or not isinstance(error, Exception)
                    interruption.release()
                    self._note_plan_failed(session, None if interrupted else error)
                    raise
            self._watch.look(session)
            if self._is_quiet(plan, remote):
                self._end_at_once(plan, session, interruption)
            interruption.release()
        return plan

    def _is_quiet(self, plan: Plan, remote: RemoteState | None) -> bool:
        """Return whether the run has nothing to do in the room."""
        has_work = self._options.dry_run or plan.offered or remote is not None
        return not has_work and not self._room.may_differ(self._destination)

    def _end_at_once(self, plan: Plan, session: Session, interruption: Interruption) -> None:
        """End a quiet run in the session of its plan. If that fails, it ends as any other run does."""
        describe(plan, self._report)
        self._complete_report(None)
        *_, end = self._recording(plan)
        with suppress(WarehouseError):
            end.record_in(session, interruption, None)
            self._has_ended = True

    def _note_plan_failed(self, session: Session, error: BaseException | None) -> None:
        """Record why there is no plan; None for a signal. The cause may have ended the session, too."""
        why = str(error) if isinstance(error, SyncError | WarehouseError) else type(error).__name__
        state, values = ("interrupted", {}) if error is None else ("failed", {"stopped_by": why})
        try:
            RunRegistry(session, self._schema).finish(*self.key, state, values)
        except WarehouseError:
            with suppress(WarehouseError), self._warehouse.session() as another:
                RunRegistry(another, self._schema).finish(*self.key, state, values)

    def _plan_in(
        self, session: Session, ledger: Ledger, remote: RemoteState | None, interruption: Interruption
    ) -> Plan:
        ledger.fold(self._sync.name)
        KnownAddresses(session, ledger.names).fold_ended(self._sync.name)
        with self._warehouse.source_session(session) as source:
            interruption.watch(source)
            self._suppress(session, ledger, source)
            # A data frame is where the state tables are.
            reading = session if self._sync.source == FRAME else source
            planner = Planner(
                session, self._schema, self._sync, self._options, self._partition, reading, self._names.found
            )
            plan = planner.plan(None if remote is None else remote.ids)
        planner.count_problems(plan, self._report)
        if plan.offered:
            self._column_hashes = read_column_hashes(session, self._schema, self._sync.name)
        if self._options.dry_run and 0 < len(self._options.keys) <= MOST_EXPLAINED:
            entries, comparisons = ledger.entries(self._sync.name, self._options.keys), planner.comparisons()
            self._report.explanations = [
                RowExplanation(key, comparisons.get(key, "not_in_source"), entries.get(key))
                for key in self._options.keys
            ]
        if not self._options.dry_run:
            planner.begin(plan, PlannedRun(self.key.run_id, self._order))
        return plan

    def _suppress(self, session: Session, ledger: Ledger, source: SourceSession) -> None:
        """Suppress everyone who has asked so far, and note which requests wait."""
        found = privacy_state(
            session, self._schema, self._requests, datetime.now(UTC), record=not self._options.dry_run, reading=source
        )
        self._report.requests_waiting, self._report.requests_undecided = found.unsubmitted, found.undecided
        self._report.requests_problem = found.problem
        SuppressionList(session, ledger.names).suppress_rows(self._sync.name)

    def _source_in(self, session: Session) -> AbstractContextManager[SourceSession]:
        # A data frame is where the state tables are.
        return nullcontext(session) if self._sync.source == FRAME else self._warehouse.source_session(session)

    def _deliver(
        self,
        plan: Plan,
        remote: RemoteState | None,
        outbox: Outbox,
        recorder: Recorder,
        columns: ChangedColumns,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        """Send every planned row to the room, or only check it in a dry run."""
        if self._sync.contract.writes_to_source(plan.match.columns) and self._source_id is None:
            raise SyncError(
                f"{self._sync.name}: no destination source is named; set COMMON_ROOM_DESTINATION_SOURCE_ID to "
                "the id of the API signal in Common Room (Settings > Sources)"
            )
        dry_run = self._options.dry_run
        outcomes = OutcomeRecorder(self._sync, None if dry_run else outbox, self._report, self._breaker, columns.accept)
        delivery = Delivery(
            self._sync, plan, self._options, self._source_id, self._watch, outcomes, self._breaker, columns
        )
        progress = ProgressReporter(self._sync.name, plan.offered, on_progress, self._timing)
        catalog = None if remote is None else remote.catalog

        async def deliver(client: CommonRoomClient) -> None:
            try:
                await self._check_room(client, sends=not dry_run)
                if dry_run:
                    self._report.samples, self._report.sample_targets = await delivery.preview(
                        client, catalog, self._report.explanations
                    )
                else:
                    await delivery.run(client, catalog, outbox, self._addresses, recorder, progress)
            except (BadToken, UnknownSource, OperationGone, NotTheApi) as error:
                self._breaker.stop(str(error))
            finally:
                outcomes.close()
            self._breaker.close()

        try:
            self._with_client(deliver)
        except ServerSilent as error:
            self._breaker.stop(str(error))

    def _delete(self, plan: Plan, deletions: Deletions) -> None:
        """Delete what left the source from the room, unless it is too much or this is a dry run."""
        mirror = self._sync.contract.mirror
        if mirror is None or self._options.dry_run:
            return
        refusal = deletions.refusal(self._sync, plan.delivered_before)
        if refusal is not None:
            self._breaker.stop(refusal)
        elif deletions.keys:

            async def delete(client: CommonRoomClient) -> None:
                await self._check_room(client, sends=True)
                stopped_by = await deletions.delete(client, mirror)
                if stopped_by is not None:
                    self._breaker.stop(stopped_by)

            try:
                self._with_client(delete)
            except ServerSilent as error:
                self._breaker.stop(str(error))

    async def _check_room(self, client: CommonRoomClient, *, sends: bool) -> None:
        """Check the room, and raise NotTheApi if rows would go to whatever responds in place of the API."""
        await self._room.check(client, sends=sends)
        if isinstance(self._room.problem, NotTheApi):
            raise self._room.problem

    def _with_client(self, work: Callable[[CommonRoomClient], Coroutine[Any, Any, None]]) -> None:
        """Do work in the room, and count its requests, without those that find out which room it is."""
        before = self._room.requests

        async def run() -> None:
            async with self._destination.open_client() as client:
                try:
                    await WorkerPool().run(work(client), watch_silence(client, self._timing.silence_seconds))
                finally:
                    self._report.add_traffic(client.stats)
                    self._report.requests -= self._room.requests - before

        run_in_loop(run())

    def _complete_report(self, deletions: Deletions | None) -> None:
        """Report how the run ended, and the rows without an outcome."""
        report = self._report
        report.stopped_by = self._breaker.reason
        report.unreachable = self._breaker.unreachable
        report.other_room = self._room.other
        if report.stopped_by is not None and report.state == "succeeded":
            report.state = "stopped"
        if deletions is not None:
            deleted = deletions.keys if self._options.dry_run else deletions.deleted
            report.deletions, report.deletion_keys = len(deleted), deleted[:MOST_KEYS]
        report.count_not_sent()
        report.seconds = time.monotonic() - self._begun
