"""The end of a run: the last writes, the fold, and how the run ended.

Goes in: what the run has in memory. Comes out: a ledger with every outcome, and the run's row in `sync_runs`.
"""

import logging
import time

from cr_pipelines.sync.deliver.changed_columns import ChangedColumns
from cr_pipelines.sync.deliver.mirror import Deletions
from cr_pipelines.sync.deliver.outage import Outage
from cr_pipelines.sync.deliver.recorder import Recorder
from cr_pipelines.sync.interruption import Interruption, run_interruptibly
from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.privacy.sent_addresses import SentAddresses
from cr_pipelines.sync.privacy.suppression import SuppressionList
from cr_pipelines.sync.report import MOST_KEYS, RejectedRow, Report
from cr_pipelines.sync.state.column_hashes import write_column_hashes
from cr_pipelines.sync.state.heartbeat import Heartbeat
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.outbox import Outbox
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.warehouse import Session, Warehouse, WarehouseError

_log = logging.getLogger(__name__)


class RunEnd:
    """The end of one run."""

    def __init__(
        self,
        run: RunKey,
        warehouse: Warehouse,
        schema: str,
        outbox: Outbox,
        addresses: SentAddresses,
        recorder: Recorder,
        heartbeat: Heartbeat,
        report: Report,
        columns: ChangedColumns,
        *,
        counts_dropped: bool,
    ):
        """`counts_dropped` says whether rows may have been delivered without a bad value."""
        self._key = run
        self._warehouse = warehouse
        self._schema = schema
        self._outbox = outbox
        self._addresses = addresses
        self._recorder = recorder
        self._heartbeat = heartbeat
        self._report = report
        self._columns = columns
        self._counts_dropped = counts_dropped

    def record_after(self, error: BaseException, deletions: Deletions | None) -> None:
        """Record a run that an error ended. Raise that error even if nothing can be recorded."""
        try:
            # After an outage that outlasted the run, or when somebody ends the run, try only once.
            self.record(deletions, outage_seconds=0)
        except WarehouseError as failure:
            _log.warning("the end of the run could not be recorded after %s: %s", type(error).__name__, failure)

    def record(self, deletions: Deletions | None, outage_seconds: float) -> None:
        """Record what became of every row, and that the run has ended."""
        if self._report.dry_run:
            return

        def record(interruption: Interruption) -> None:
            with self._warehouse.session() as session:
                outage.in_session = True
                self._recorder.write(session)
                self.record_in(session, interruption, deletions)

        outage = Outage(outage_seconds)
        while True:
            outage.in_session = False
            try:
                run_interruptibly(record)
            except WarehouseError as error:
                time.sleep(outage.pause_after(error))
            else:
                return

    def record_in(self, session: Session, interruption: Interruption, deletions: Deletions | None) -> None:
        """Record the end in a session in which everything else has been written."""
        ledger, runs = Ledger(session, self._schema), RunRegistry(session, self._schema)
        try:
            interruption.watch(session)
            with self._heartbeat.keep_beating(self._warehouse):
                ledger.fold(self._key.sync)
                self._addresses.finish(session)
                SuppressionList(session, ledger.names).suppress_rows(self._key.sync)
        except BaseException:
            # The outcomes are written: the next run folds them.
            if not interruption.requested:
                raise
            self._report.state = "interrupted"
        finally:
            interruption.release()
        write_column_hashes(session, self._schema, self._key.sync, self._columns.accepted)
        if self._counts_dropped:
            self._report.rows_with_dropped_values = ledger.dropped_rows(self._key.sync, self._key.partition)
        if deletions is not None:
            ledger.delete_keys(self._key.sync, deletions.absent_keys)
        rejected = ledger.rejected_rows(self._key.sync, self._key.partition, MOST_KEYS)
        self._report.rejected_rows = [RejectedRow(self._report.shown_key(key), *rest) for key, *rest in rejected]
        taken_over = runs.taken_over(*self._key) if self._report.state in ("succeeded", "stopped") else None
        if taken_over is not None:
            self._report.state = "interrupted"
        runs.finish(*self._key, self._report.state, self._report.counts(), in_doubt=self._outbox.in_doubt)
        if taken_over is not None:
            raise taken_over
