import asyncio
import gc
import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from cr_pipelines.api import (
    AnswerLost,
    BadToken,
    CommonRoomClient,
    CommonRoomError,
    InvalidRequest,
    NotFound,
    UnknownSource,
)
from cr_pipelines.sync._journal import MOST_UNRECORDED, Journal
from cr_pipelines.sync._plan import Plan
from cr_pipelines.sync._report import Progress, RejectedRow, Report
from cr_pipelines.sync._spool import PlannedRow
from cr_pipelines.sync._sync import Destination, Options, Sync, SyncError
from cr_pipelines.sync.contract import Context, InvalidRow, Outgoing, Problem, Room, RowReader

_log = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0

_WORKERS = 128
"""Rows in hand at once. The client's own gate decides how many are in flight."""

_FIRST_STRETCH = 50
"""When so many answers came and every one refused the row, the fault is not in the rows."""

_FAILURES_IN_A_ROW = 100
"""When so many rows in a row spent their retries, the server is down."""

_SHOWN_REJECTED = 20

_REJECTED_ADVICE = (
    "Common Room refused this row (HTTP {status}) without saying which field; compare it with rows that arrived, "
    "mend it in the source, and it is sent again"
)


class Delivery:
    """Sends the rows of a plan and takes down what became of each."""

    def __init__(
        self,
        sync: Sync,
        plan: Plan,
        journal: Journal,
        report: Report,
        options: Options,
        on_progress: Callable[[Progress], None] | None,
    ):
        self._sync = sync
        self._contract = sync.contract
        self._plan = plan
        self._journal = journal
        self._report = report
        self._options = options
        self._on_progress = on_progress
        self._rows = iter(plan.spool)
        self._done = 0
        self._accepted = 0
        self._failures_in_a_row = 0
        self._held: list[tuple[PlannedRow, Outgoing, CommonRoomError]] = []
        self._all_refused = False
        self._stopped_by: str | None = None
        self._written = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []

    async def run(self, destination: Destination) -> None:
        """Offer every planned row to the room, or only check them when the run is a dry one.

        Fills the report. An early end is noted in it and does not raise; errors that leave nothing to report
        (a token that cannot even read, a warehouse that cannot record) are raised.
        """
        source_id = destination.source_id
        if self._contract.needs_source_id and source_id is None:
            raise SyncError(
                f"{self._sync.name}: no destination source is named; set COMMON_ROOM_DESTINATION_SOURCE_ID to "
                "the id of the API signal in Common Room (Settings > Sources)"
            )
        async with destination.open_client() as client:
            try:
                with _fewer_collections():
                    if self._options.dry_run:
                        self._check_only(await self._reader(client, source_id))
                    else:
                        await self._send_all(client, source_id)
            except (BadToken, UnknownSource) as error:
                self._stopped_by = str(error)
            finally:
                self._release_held()
                self._account(client)

    async def _reader(self, client: CommonRoomClient, source_id: int | None) -> RowReader:
        room = Room()
        if any(column.needs_room for column in self._plan.match.columns):
            room = await Room.read(client, source_id)
        return RowReader(self._contract, self._plan.match.columns, Context(room, self._sync.clear_nulls))

    def _check_only(self, reader: RowReader) -> None:
        for row in self._rows:
            outgoing = self._check(row, reader)
            if outgoing is not None:
                self._report.delivered += 1
                if len(self._report.samples) < self._options.samples:
                    self._report.samples.append(outgoing.request.wire_json().decode())

    async def _send_all(self, client: CommonRoomClient, source_id: int | None) -> None:
        # The run's heartbeat begins before the first request, which may wait long for the rate limit.
        recording = asyncio.create_task(self._record())
        reporting = asyncio.create_task(self._report_progress(client))
        working = asyncio.create_task(self._work_all(client, source_id))
        ends: set[asyncio.Task[None]] = {working, recording}
        try:
            # A ledger that cannot be written must end the sending at once.
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if recording.done():
                recording.result()
            await working
        finally:
            await _put_away(recording, reporting, working, *self._workers)

    async def _work_all(self, client: CommonRoomClient, source_id: int | None) -> None:
        reader = await self._reader(client, source_id)
        workers = min(_WORKERS, self._plan.offered)
        self._workers = [asyncio.create_task(self._work(client, source_id or 0, reader)) for _ in range(workers)]
        await asyncio.gather(*self._workers)

    async def _work(self, client: CommonRoomClient, source_id: int, reader: RowReader) -> None:
        for row in self._rows:
            outgoing = self._check(row, reader)
            if outgoing is not None:
                await self._send(client, source_id, row, outgoing)
            self._done += 1
            while len(self._journal) >= MOST_UNRECORDED:
                self._written.clear()
                await self._written.wait()
            if self._stopped_by is not None:
                return
            if outgoing is None and self._done % 256 == 0:
                # A long stretch of rows that are not sent must not keep the other tasks from their turn.
                await asyncio.sleep(0)

    def _check(self, row: PlannedRow, reader: RowReader) -> Outgoing | None:
        """The request for a row, or None when it is not to be sent; the reason is taken down."""
        if row.key in self._journal.suppressed.keys:
            self._withhold(row)
            return None
        try:
            outgoing = reader.read(row.values)
        except InvalidRow as fault:
            self._refuse(row, fault.problems[0], "; ".join(found.message for found in fault.problems))
            return None
        except Exception as fault:
            # No row may hold up the others; the text is left out, since it may quote the row.
            problem = Problem("", "unreadable", f"the row cannot be read ({type(fault).__name__}); look for odd values")
            self._refuse(row, problem, problem.message)
            return None
        if not self._journal.suppressed.addresses.isdisjoint(outgoing.address_hashes):
            self._withhold(row)
            return None
        mended = row.why == "recheck" and row.was_status == "invalid" and row.was_delivered == row.fingerprint
        if mended and self._options.resync != "all":
            self._report.unchanged += 1
            self._add(row, "delivered", email_hash=outgoing.email_hash)
            return None
        return outgoing

    def _withhold(self, row: PlannedRow) -> None:
        self._report.suppressed += 1
        if row.was_status != "suppressed" or row.was_fingerprint != row.fingerprint:
            self._add(row, "suppressed", reason_code="suppressed", message="the person asked to be forgotten")

    def _refuse(self, row: PlannedRow, problem: Problem, message: str) -> None:
        self._report.invalid += 1
        self._report.add_problem(row.key, problem.field, problem.reason_code, message)
        if len(self._report.rejected_rows) < _SHOWN_REJECTED:
            self._report.rejected_rows.append(
                RejectedRow(row.key, "invalid", problem.field, problem.reason_code, message)
            )
        known = (row.was_status, row.was_fingerprint, row.was_message) == (
            "invalid",
            row.fingerprint,
            message,
        )
        if not known:
            self._add(row, "invalid", reason_code=problem.reason_code, field=problem.field, message=message)

    def _add(self, row: PlannedRow, status: str, **details: object) -> None:
        if not self._options.dry_run:
            self._journal.add(row, status, **details)  # type: ignore[arg-type]

    async def _send(self, client: CommonRoomClient, source_id: int, row: PlannedRow, outgoing: Outgoing) -> None:
        self._journal.in_doubt.add(row.key)
        try:
            answer = await self._contract.send(client, source_id, outgoing.request)
        except (BadToken, UnknownSource) as error:
            self._stopped_by = str(error)
        except (InvalidRequest, NotFound) as error:
            self._failures_in_a_row = 0
            self._held.append((row, outgoing, error))
            if self._accepted:
                self._release_held()
            elif len(self._held) >= _FIRST_STRETCH or self._all_refused:
                self._stop_on_refusals(error)
        except AnswerLost as error:
            self._report.unknown += 1
            self._take_down(row, outgoing, "unknown", error, str(error))
        except CommonRoomError as error:
            self._report.failed += 1
            self._take_down(row, outgoing, "failed", error, str(error))
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                self._stopped_by = f"the last {self._failures_in_a_row} rows failed: {error}"
        else:
            self._failures_in_a_row = 0
            self._accepted += 1
            self._report.delivered += 1
            self._journal.add(
                row,
                "delivered",
                attempts=answer.attempts,
                http_status=answer.status,
                email_hash=outgoing.email_hash,
            )
            if self._held:
                self._release_held()
        self._journal.in_doubt.discard(row.key)

    def _take_down(
        self, row: PlannedRow, outgoing: Outgoing, status: str, error: CommonRoomError, message: str
    ) -> None:
        self._journal.add(
            row,
            status,
            attempts=error.attempts,
            http_status=error.http_status,
            reason_code=error.reason_code,
            message=message,
            email_hash=outgoing.email_hash,
        )

    def _release_held(self) -> None:
        """Refusals count against the rows once the API has taken any row, or when the run ends."""
        for row, outgoing, error in self._held:
            self._report.rejected += 1
            message = _REJECTED_ADVICE.format(status=error.http_status)
            if len(self._report.rejected_rows) < _SHOWN_REJECTED:
                self._report.rejected_rows.append(RejectedRow(row.key, "rejected", None, error.reason_code, message))
            self._take_down(row, outgoing, "rejected", error, message)
        self._held.clear()

    def _stop_on_refusals(self, error: CommonRoomError) -> None:
        """Refusals of everything are no fault of the rows: they are offered again when that is mended."""
        self._all_refused = True
        self._stopped_by = self._stopped_by or (
            f"Common Room refused each of the first {len(self._held)} rows ({error.reason_code}); the fault is "
            "one that they share, so nothing more was sent. Compare a payload of `cr-pipelines plan "
            f"{self._sync.name}` with the API's description"
        )
        for row, outgoing, refusal in self._held:
            self._report.failed += 1
            self._take_down(row, outgoing, "failed", refusal, "refused like every other row of this run")
        self._held.clear()

    async def _record(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            if self._journal.due or self._journal.heartbeat_due:
                await asyncio.to_thread(self._journal.flush)
                self._written.set()

    async def _report_progress(self, client: CommonRoomClient) -> None:
        done, moment = 0, time.monotonic()
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            now = time.monotonic()
            pace = (self._done - done) / (now - moment)
            done, moment = self._done, now
            left = (self._plan.offered - self._done) / pace if pace else None
            self._tell(Progress(self._sync.name, self._done, self._plan.offered, pace, left, client.stats.rate_limited))

    def _tell(self, progress: Progress) -> None:
        if self._on_progress is None:
            return
        try:
            self._on_progress(progress)
        except Exception as error:
            _log.warning("progress could not be reported: %s", type(error).__name__)

    def _account(self, client: CommonRoomClient) -> None:
        stats, report = client.stats, self._report
        report.requests = stats.requests
        report.rate_limited = stats.rate_limited
        report.retries = stats.retries
        report.rate_limit = stats.limit
        report.interval_seconds = stats.interval_seconds
        report.rate_used = stats.rate_used
        if self._stopped_by is not None:
            report.state, report.stopped_by = "stopped", self._stopped_by


async def _put_away(*tasks: asyncio.Task[None]) -> None:
    pending: Collection[asyncio.Task[None]] = tasks
    while pending:
        # Again and again: a request that ends just as it is cancelled takes no note of it in pyreqwest, and waits on.
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=0.1)
        for task in done:
            if not task.cancelled():
                task.exception()


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Collect garbage rarely: at thousands of rows a second its default pauses cost a tenth of the pace."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
