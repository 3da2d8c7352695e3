import asyncio
import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from cr_pipelines.api import (
    BadToken,
    CommonRoomClient,
    CommonRoomError,
    InvalidRequest,
    NotFound,
    ResponseLost,
    UnexpectedResponse,
    UnknownSource,
    WriteResponse,
    with_send_hook,
)
from cr_pipelines.sync.contract import Catalog, CatalogPart, Context, RowReader
from cr_pipelines.sync.deliver.outcomes import Verdicts
from cr_pipelines.sync.deliver.validate import Batch, Validator, halves
from cr_pipelines.sync.errors import SyncError
from cr_pipelines.sync.model import Destination, Options, Sync
from cr_pipelines.sync.plan import Plan
from cr_pipelines.sync.privacy.send_guard import Identity, InFlight, LeaseExpired, RowSuppressed, SendGuard
from cr_pipelines.sync.report import Progress, Report
from cr_pipelines.sync.state.outbox import MOST_UNRECORDED, Outbox

_log = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0

_WORKERS = 128
"""Parcels in hand at once. The client's own gate decides how many are in flight."""

_WORKERS_SENDING_ONCE = 32
"""As above, of operations that append: a kill leaves as many rows in doubt, and once more as many announced."""


class Delivery:
    """Sends the rows of a plan and takes down what became of each."""

    def __init__(
        self,
        sync: Sync,
        plan: Plan,
        outbox: Outbox,
        report: Report,
        options: Options,
        on_progress: Callable[[Progress], None] | None,
    ):
        self._sync = sync
        self._contract = sync.contract
        self._plan = plan
        self._outbox = outbox
        self._report = report
        self._options = options
        self._on_progress = on_progress
        self._send_guard = SendGuard(outbox)
        self._verdicts = Verdicts(sync, outbox, report)
        self._source_id: int | None = None
        self._done = 0
        self._announced: deque[Batch] = deque()
        self._announcing = asyncio.Lock()
        self._flushing = asyncio.Lock()
        self._written = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []

    async def run(self, destination: Destination, catalog: Catalog | None = None) -> None:
        """Offer every planned row to the room, or only check them when the run is a dry one.

        `catalog` is what was read of it already; by default, what the rows need is read first. Fills the report. An
        early end is noted in it and does not raise; errors that leave nothing to report (a token that cannot even
        read, a warehouse that cannot record) are raised.
        """
        self._source_id = destination.source_id
        if self._contract.needs_source_id and self._source_id is None:
            raise SyncError(
                f"{self._sync.name}: no destination source is named; set COMMON_ROOM_DESTINATION_SOURCE_ID to "
                "the id of the API signal in Common Room (Settings > Sources)"
            )
        async with destination.open_client() as client:
            try:
                with _fewer_collections():
                    if self._options.dry_run:
                        self._check_only(await self._validator(client, catalog))
                    else:
                        await self._send_all(client, catalog)
            except (BadToken, UnknownSource) as error:
                self._verdicts.stop(str(error))
            finally:
                self._verdicts.release_held()
                self._report.add_traffic(client.stats)
                self._report.stopped_by = self._verdicts.stopped_by

    async def _validator(self, client: CommonRoomClient, catalog: Catalog | None) -> Validator:
        columns = self._plan.match.columns
        context = Context(catalog or await self._read_catalog(client), self._sync.clear_nulls)
        reader = RowReader(self._contract, columns, context)
        return Validator(self._sync, reader, self._outbox, self._report, self._options)

    async def _read_catalog(self, client: CommonRoomClient) -> Catalog:
        columns = self._plan.match.columns
        facts = {fact for column in columns for fact in column.needs}
        segments: Iterable[object] = ()
        if CatalogPart.SEGMENT_STATUSES in facts:
            segments = self._plan.spool.distinct([column.name for column in columns].index("segment"))
        writer = self._source_id if self._contract.needs_source_id else None
        return await Catalog.read(client, facts, source_id=writer, segments=segments)

    def _check_only(self, validator: Validator) -> None:
        for batch in validator.batches(self._plan.spool):
            self._report.delivered += len(batch)
            if batch and len(self._report.samples) < self._options.samples:
                self._report.samples.append(self._request(batch).wire_json().decode())

    async def _send_all(self, client: CommonRoomClient, catalog: Catalog | None) -> None:
        # The run's heartbeat begins before the first request, which may wait long for the rate limit.
        recording = asyncio.create_task(self._record())
        reporting = asyncio.create_task(self._report_progress(client))
        working = asyncio.create_task(self._work_all(client, catalog))
        ends: set[asyncio.Task[None]] = {working, recording}
        try:
            # A ledger that cannot be written must end the sending at once.
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if recording.done():
                recording.result()
            await working
        finally:
            await _put_away(recording, reporting, working, *self._workers)
            for batch in self._announced:
                self._verdicts.withdraw(batch)

    async def _work_all(self, client: CommonRoomClient, catalog: Catalog | None) -> None:
        validator = await self._validator(client, catalog)
        batches = validator.batches(self._plan.spool)
        most = _WORKERS if self._contract.repeatable else _WORKERS_SENDING_ONCE
        self._workers = [
            asyncio.create_task(self._work(client, validator, batches)) for _ in range(min(most, self._plan.offered))
        ]
        await asyncio.gather(*self._workers)

    async def _work(self, client: CommonRoomClient, validator: Validator, batches: Iterator[Batch]) -> None:
        while self._verdicts.stopped_by is None:
            if self._contract.repeatable:
                batch = next(batches, None)
            else:
                batch = await self._announced_parcel(batches)
            if batch is None:
                return
            if batch:
                await self._send(client, validator, batch)
            self._done += len(batch) or 1
            while len(self._outbox) >= MOST_UNRECORDED:
                self._written.clear()
                await self._written.wait()
            if not batch and self._done % 256 == 0:
                # A long stretch of rows that are not sent must not keep the other tasks from their turn.
                await asyncio.sleep(0)

    async def _announced_parcel(self, batches: Iterator[Batch]) -> Batch | None:
        """The next batch of what must not be sent twice; the ledger has it before it goes."""
        async with self._announcing:
            if not self._announced and self._verdicts.stopped_by is None:
                self._announced.extend(islice(batches, _WORKERS_SENDING_ONCE))
                for batch in self._announced:
                    self._verdicts.announce(batch)
                if any(self._announced):
                    await self._flush()
            return self._announced.popleft() if self._announced else None

    async def _send(self, client: CommonRoomClient, validator: Validator, batch: Batch) -> None:
        keys = [item.row.key for item in batch]
        in_flight = self._send_guard.in_flight(
            *(Identity(row.key, outgoing.person, outgoing.address_hashes) for row, outgoing in batch)
        )
        self._outbox.in_doubt.update(keys)
        try:
            answer = await self._ask(client, self._request(batch), in_flight)
        except asyncio.CancelledError:
            if not self._contract.repeatable:
                self._verdicts.abandon(batch)
            raise
        except RowSuppressed as found:
            for rest in validator.without_withheld(batch, found.email_hash, in_flight.attempts):
                await self._send(client, validator, rest)
        except (BadToken, UnknownSource) as error:
            self._verdicts.stop(str(error))
            if not self._contract.repeatable:
                self._verdicts.withdraw(batch)
        except (InvalidRequest, NotFound) as error:
            if len(batch) > 1:
                # So that one bad row costs few requests and none of the others.
                for half in halves(batch):
                    if self._verdicts.stopped_by is None:
                        await self._send(client, validator, half)
            elif isinstance(error, NotFound):
                self._verdicts.miss(batch[0], error)
            else:
                self._verdicts.refuse(batch[0], error)
        except CommonRoomError as error:
            doubtful = isinstance(error, ResponseLost | UnexpectedResponse)
            if doubtful and not self._contract.repeatable:
                self._verdicts.lose(batch, error)
            else:
                self._verdicts.fail(batch, error)
        else:
            self._verdicts.accept(batch, answer)
        self._outbox.in_doubt.difference_update(keys)

    async def _ask(self, client: CommonRoomClient, request: Any, in_flight: InFlight) -> WriteResponse:
        """Send a request through the door, waiting while the run must first look who is withheld."""
        while True:
            try:
                with with_send_hook(in_flight):
                    return await self._contract.send(client, self._source_id, request)
            except LeaseExpired:
                while self._send_guard.lapsed:
                    self._written.clear()
                    await self._written.wait()

    def _request(self, batch: Batch) -> Any:
        batching = self._contract.batching
        requests = [item.outgoing.request for item in batch]
        return requests[0] if batching is None or len(requests) == 1 else batching.combine(requests)

    async def _record(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            self._outbox.clear_of = max(self._outbox.clear_of, self._send_guard.clear_of())
            if self._outbox.due or self._outbox.heartbeat_due:
                await self._flush()
                self._written.set()

    async def _flush(self) -> None:
        async with self._flushing:
            await asyncio.to_thread(self._outbox.flush)

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


async def _put_away(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Collect garbage rarely: at thousands of rows a second its default pauses cost a tenth of the pace."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
