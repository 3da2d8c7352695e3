"""Workers send the batches of a plan concurrently.

Goes in: a plan, and a client of the room. Comes out: every planned row has an outcome, or waits for another run because
the circuit breaker opened.
"""

import asyncio
import gc
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from cr_pipelines.api import (
    BadToken,
    CommonRoomClient,
    CommonRoomError,
    FailureReported,
    InvalidRequest,
    NotFound,
    NotTheApi,
    OperationGone,
    UnexpectedResponse,
    UnknownSource,
    WriteResponse,
    with_send_hook,
)
from cr_pipelines.sync.contract import Catalog, CatalogPart, Context, RowReader
from cr_pipelines.sync.contract.types import Request
from cr_pipelines.sync.deliver.batches import Batch, Skipped, batched
from cr_pipelines.sync.deliver.changed_columns import ChangedColumns
from cr_pipelines.sync.deliver.circuit_breaker import CircuitBreaker
from cr_pipelines.sync.deliver.confirmation import Confirmation
from cr_pipelines.sync.deliver.noted_steps import NotedSteps
from cr_pipelines.sync.deliver.outcomes import OutcomeRecorder
from cr_pipelines.sync.deliver.progress import ProgressReporter
from cr_pipelines.sync.deliver.recorder import Recorder
from cr_pipelines.sync.deliver.validate import Validator
from cr_pipelines.sync.explanation import RowExplanation
from cr_pipelines.sync.model import Options, Sync
from cr_pipelines.sync.plan import Plan
from cr_pipelines.sync.privacy.send_guard import InFlight, LeaseExpired, RowSuppressed, SendGuard
from cr_pipelines.sync.privacy.sent_addresses import SentAddresses
from cr_pipelines.sync.privacy.watch import SuppressionWatch
from cr_pipelines.sync.state.outbox import Outbox
from cr_pipelines.sync.worker_pool import WorkerPool

_WORKERS = 128
"""How many batches are processed at once. The client's rate limiter decides how many are in flight."""

_WORKERS_SENDING_ONCE = 32
"""As above, for operations that append: a kill leaves this many rows in doubt, and this many more announced."""


@dataclass(frozen=True)
class Delivery:
    """What is needed to send the rows of a plan.

    Attributes:
        source_id: the destination source, if the sync has one.
    """

    sync: Sync
    plan: Plan
    options: Options
    source_id: int | None
    watch: SuppressionWatch
    outcomes: OutcomeRecorder
    breaker: CircuitBreaker
    columns: ChangedColumns

    async def preview(
        self, client: CommonRoomClient, catalog: Catalog | None, explanations: Sequence[RowExplanation]
    ) -> tuple[list[str], list[str]]:
        """Check every planned row without sending it, explain some, and return some requests as JSON, with targets."""
        samples: list[str] = []
        targets: list[str] = []
        explained = {explanation.key: explanation for explanation in explanations}
        with _fewer_collections():
            for step in self.steps(await self.validator(client, catalog)):
                if explained:
                    self._explain(step, explained)
                if isinstance(step, Batch):
                    self.outcomes.preview(step)
                    if len(samples) < self.options.samples:
                        request = step.request(self.sync.contract.batching)
                        samples.append(request.wire_json().decode())
                        targets.append(self._target(request))
        return samples, targets

    def _target(self, request: Request) -> str:
        """Return the method and path of a request."""
        places = {"{destinationSourceId}": self.source_id, "{id}": getattr(request, "segment_id", None)}
        target = self.sync.contract.endpoint
        for place, value in places.items():
            target = target if value is None else target.replace(place, str(value))
        return target

    def _explain(self, step: Batch | Skipped, explained: Mapping[str, RowExplanation]) -> None:
        """Complete the explanations of the requested rows."""
        for row in (step.row,) if isinstance(step, Skipped) else (item.row for item in step):
            explanation = explained[row.key]
            explanation.values = dict(zip((column.name for column in self.plan.match.columns), row.values, strict=True))
            explanation.outcome = step.status if isinstance(step, Skipped) else "delivered"
        if isinstance(step, Batch):
            for item in step:
                explained[item.row.key].request = item.outgoing.request.wire_json().decode()
        elif step.status == "suppressed":
            explained[step.row.key].suppress()
        else:
            explained[step.row.key].problem = step.message

    async def run(
        self,
        client: CommonRoomClient,
        catalog: Catalog | None,
        outbox: Outbox,
        addresses: SentAddresses,
        recorder: Recorder,
        progress: ProgressReporter,
    ) -> None:
        """Send every planned row, or as many as the circuit breaker lets through.

        Args:
            client: the room.
            catalog: what has already been read of the room; None to read what the rows need.
            outbox: where the outcomes go.
            addresses: where the addresses and ids under which rows are sent are noted.
            recorder: writes outcomes and addresses.
            progress: counts outcomes.

        Raises:
            CommonRoomError: the catalog cannot be read.
            WarehouseError: outcomes cannot be written.
        """
        with _fewer_collections():
            await _Workers(self, client, outbox, addresses, recorder, progress).run(catalog)

    async def validator(
        self, client: CommonRoomClient, catalog: Catalog | None, addresses: SentAddresses | None = None
    ) -> Validator:
        """Return the validator of the planned rows, with the parts of the catalog that they need.

        `addresses` notes who is suppressed; None in a dry run, which records nothing.
        """
        columns = self.plan.match.columns
        context = Context(catalog or await self._read_catalog(client), self.sync.clear_nulls)
        drops = self.sync.on_invalid_value == "drop_value"
        reader = RowReader(self.sync.contract, columns, context, drop_invalid=drops)
        return Validator(
            reader,
            self.watch,
            resend_delivered=self.options.resync == "all",
            repeatable=self.sync.contract.repeatable,
            on_suppressed=None if addresses is None else addresses.note_suppressed,
        )

    def steps(self, validator: Validator) -> Iterator[Batch | Skipped]:
        """Yield the batches of the plan, and each skipped row once it is recorded."""
        batching = self.sync.contract.batching
        max_rows = 1 if batching is None else self.sync.batch_size or batching.most
        for step in batched(map(validator.check, self.plan.spool), max_rows):
            if isinstance(step, Skipped):
                self.outcomes.skip(step)
            else:
                for item in step:
                    self.columns.compare(item.row)
            yield step

    async def _read_catalog(self, client: CommonRoomClient) -> Catalog:
        columns = self.plan.match.columns
        parts = {part for column in columns for part in column.needs}
        segments: Iterable[object] = ()
        if CatalogPart.SEGMENT_STATUSES in parts:
            segments = self.plan.spool.distinct([column.name for column in columns].index("segment"))
        writer = self.source_id if self.sync.contract.needs_source_id else None
        return await Catalog.read(client, parts, source_id=writer, segments=segments)


class _Workers:
    """The workers of one delivery, and the batches that they share."""

    def __init__(
        self,
        delivery: Delivery,
        client: CommonRoomClient,
        outbox: Outbox,
        addresses: SentAddresses,
        recorder: Recorder,
        progress: ProgressReporter,
    ):
        self._delivery = delivery
        self._contract = delivery.sync.contract
        self._outcomes = delivery.outcomes
        self._breaker = delivery.breaker
        self._guard = SendGuard(delivery.watch, addresses.mark_sent)
        self._confirmation = Confirmation(client, delivery.source_id)
        self._client = client
        self._outbox = outbox
        self._addresses = addresses
        self._recorder = recorder
        self._progress = progress
        self._steps: Iterator[Batch | Skipped] = iter(())
        self._noted = NotedSteps(self._steps, self._note, recorder.write_addresses)
        self._announced: deque[Batch | Skipped] = deque()
        self._announcing = asyncio.Lock()

    async def run(self, catalog: Catalog | None) -> None:
        """Send everything."""
        pool = WorkerPool()
        try:
            # The run's heartbeat begins before the first request, which may wait a long time for the rate limit.
            await pool.run(
                self._send_all(pool, catalog),
                self._recorder.keep_recording(),
                self._progress.keep_reporting(self._client),
            )
        finally:
            await self._noted.close()
            for step in self._announced:
                if isinstance(step, Batch):
                    self._outcomes.withdraw(step)

    async def _send_all(self, pool: WorkerPool, catalog: Catalog | None) -> None:
        self._steps = self._delivery.steps(await self._delivery.validator(self._client, catalog, self._addresses))
        self._noted = NotedSteps(self._steps, self._note, self._recorder.write_addresses)
        workers = _WORKERS if self._contract.repeatable else _WORKERS_SENDING_ONCE
        await pool.start(self._work, min(workers, self._delivery.plan.offered))

    async def _work(self) -> None:
        while not self._breaker.is_open:
            step = await self._next_step()
            if step is None:
                return
            if isinstance(step, Batch):
                await self._send(step)
                self._progress.advance(len(step))
            else:
                self._progress.advance(1)
                if self._progress.done % 256 == 0:
                    # A long sequence of skipped rows must not keep the other tasks waiting.
                    await asyncio.sleep(0)
            await self._recorder.wait_for_outbox()

    async def _next_step(self) -> Batch | Skipped | None:
        if self._contract.repeatable:
            return await self._noted.next()
        return await self._next_announced()

    async def _next_announced(self) -> Batch | Skipped | None:
        """Return the next batch of rows that must not be sent twice, once its intent is recorded."""
        async with self._announcing:
            if not self._announced and not self._breaker.is_open:
                steps = list(islice(self._steps, _WORKERS_SENDING_ONCE))
                await self._announce([step for step in steps if isinstance(step, Batch)])
                self._announced.extend(steps)
            return self._announced.popleft() if self._announced else None

    async def _announce(self, batches: Sequence[Batch]) -> None:
        """Return once it is recorded that these batches are about to be sent. If it raises, send none of them."""
        if not batches:
            return
        try:
            for batch in batches:
                self._note(batch)
                self._outcomes.announce(batch)
            await self._recorder.flush()
        except BaseException:
            for batch in batches:
                self._outcomes.withdraw(batch)
            raise

    def _note(self, batch: Batch) -> None:
        for row, outgoing in batch:
            self._addresses.note(row, outgoing)

    async def _send(self, batch: Batch) -> None:
        in_flight = self._guard.hook(batch.identities)
        self._outbox.mark_in_doubt(batch.keys)
        try:
            response = await self._request(batch, in_flight)
        except RowSuppressed as found:
            for rest in self._without_suppressed(batch, found.email_hash, in_flight.attempts):
                await self._send(rest)
        except (BadToken, UnknownSource, OperationGone, NotTheApi) as error:
            await self._stop_or_fail(batch, error)
        except (InvalidRequest, NotFound) as error:
            await self._reject(batch, error)
        except (FailureReported, UnexpectedResponse) as error:
            await self._fail(batch, error)
        except CommonRoomError as error:
            if error.may_have_written and not self._contract.repeatable:
                self._outcomes.lose(batch, error)
            else:
                self._outcomes.fail(batch, error)
        except BaseException:
            self._give_up(batch, in_flight)
            raise
        else:
            self._outcomes.accept(batch, response)
        self._outbox.clear_doubt(batch.keys)

    def _give_up(self, batch: Batch, in_flight: InFlight) -> None:
        """Record rows that nothing waits for any longer; in doubt only if a request about them may have arrived."""
        if in_flight.attempts == 0:
            self._outbox.clear_doubt(batch.keys)
        if self._contract.repeatable:
            return
        # An append is repeated only after a 429, or if it could not be sent. In both cases it did not arrive.
        if in_flight.in_doubt:
            self._outcomes.abandon(batch)
        else:
            self._outbox.clear_doubt(batch.keys)
            self._outcomes.withdraw(batch)

    async def _request(self, batch: Batch, in_flight: InFlight) -> WriteResponse:
        """Send a request past the guard, first waiting if the suppression list must be read again."""
        request = batch.request(self._contract.batching)
        while True:
            try:
                with with_send_hook(in_flight):
                    return await self._contract.send(self._client, self._delivery.source_id, request)
            except LeaseExpired:
                await self._recorder.wait_for_look()

    def _without_suppressed(self, batch: Batch, email_hash: str, attempts: int) -> Iterable[Batch]:
        """Record the suppressed rows of a batch that the guard stopped, and return the others in new batches."""
        suppressed = self._guard.suppressed_among(batch.identities)
        if len(batch) == 1:
            suppressed = dict.fromkeys(batch.keys, email_hash)
        for item in batch:
            if item.row.key in suppressed:
                found = suppressed[item.row.key]
                reason_code = self._guard.reason_code(found)
                self._outcomes.suppress(item, found, attempts, reason_code)
                if reason_code != "shared_address":
                    self._addresses.note_suppressed(item.row, item.outgoing)
        if not suppressed:
            # Only the body as a whole contains the address; sending the halves shows whose row it is.
            return batch.split()
        rest = batch.without(suppressed)
        return () if rest is None else (rest,)

    async def _stop_or_fail(self, batch: Batch, error: CommonRoomError) -> None:
        """Stop the run if another call confirms the error; otherwise only the row has failed."""
        common = await self._confirmation.common_error(error)
        if common is None:
            await self._fail(batch, error)
            return
        self._breaker.stop(str(common))
        if self._contract.repeatable:
            return
        if error.may_have_written:
            self._outcomes.lose(batch, error)
        else:
            self._outcomes.withdraw(batch)

    async def _fail(self, batch: Batch, error: CommonRoomError) -> None:
        """Record rows whose response is a failure; split a batch, because the cause may be one row."""
        if error.may_have_written and not self._contract.repeatable:
            self._outcomes.lose(batch, error)
        elif len(batch) > 1 and self._contract.repeatable:
            await self._send_halves(batch)
        elif self._breaker.has_accepted and not isinstance(error, FailureReported):
            self._outcomes.refuse(batch, error)
        else:
            self._outcomes.fail(batch, error)

    async def _send_halves(self, batch: Batch) -> None:
        for half in batch.split():
            if not self._breaker.is_open:
                await self._send(half)

    async def _reject(self, batch: Batch, error: CommonRoomError) -> None:
        """Record a rejected row. Split a batch, so that one bad row costs few requests and no other row is lost."""
        if len(batch) > 1:
            await self._send_halves(batch)
        elif isinstance(error, NotFound):
            self._outcomes.miss(batch.items[0], error)
        else:
            self._outcomes.reject(batch.items[0], error)


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Collect garbage rarely: at thousands of rows a second, Python's default costs a tenth of the throughput."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
