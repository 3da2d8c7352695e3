import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cr_pipelines.api import BadToken, CommonRoomClient, CommonRoomError, NotFound
from cr_pipelines.removal.register import DueRequest, Register
from cr_pipelines.removal.report import Settlement
from cr_pipelines.removal.requests import RequestSource
from cr_pipelines.removal.timing import Clock, Timing
from cr_pipelines.sync import (
    REMOVALS,
    Destination,
    Ledger,
    RunRegistry,
    SourceUnusable,
    StateSchema,
    mark_running,
    run_in_loop,
    wait_until_confirmed,
)
from cr_pipelines.warehouse import Session, SourceMissing, Warehouse

_WORKERS = 16
_RECORD_SECONDS = 0.5
_HEARTBEAT_SECONDS = 20.0

_NOT_KNOWN_YET = (
    "Common Room does not know the person, to whom a sync sent something a short while ago: it may not have stored "
    "that yet, so it is asked again"
)


_OTHER_ADDRESS = (
    "Common Room does not know this address, but a sync sent the person under another one since: that address needs a "
    "request of its own"
)


class _Outcome(NamedTuple):
    email_hash: str
    status: str
    at: datetime
    details: Mapping[str, Any]


class SettlementRun:
    """One run that settles requests: claim, withhold, wait for running syncs, send, record."""

    def __init__(
        self,
        warehouse: Warehouse,
        schema: str,
        source: RequestSource,
        timing: Timing,
        clock: Clock,
        run_id: str | None,
        on_wait: Callable[[int], None] | None,
    ):
        self._warehouse = warehouse
        self._schema = schema
        self._source = source
        self._timing = timing
        self._clock = clock
        self._run_id = run_id or uuid.uuid4().hex
        self._on_wait = on_wait
        self._report = Settlement(self._run_id)
        self._outcomes: list[_Outcome] = []
        self._unsettled: dict[str, str] = {}
        self._heartbeat_at = time.monotonic()

    def go(self, destination: Destination, request_ids: list[str] | None) -> Settlement:
        """Settle what is due, or what of it is named. Raises as `Removals.settle` says."""
        with mark_running(self._run_id):
            return self._go(destination, request_ids)

    def _go(self, destination: Destination, request_ids: list[str] | None) -> Settlement:
        begun = time.monotonic()
        with self._warehouse.session() as session:
            StateSchema(session, self._schema).prepare()
            ledger, runs = Ledger(session, self._schema), RunRegistry(session, self._schema)
            runs.claim(self._run_id, REMOVALS, "", "changed")
            try:
                requests = self._take_in(session, request_ids)
                # People are withheld from here on; the runs that go on have to learn it.
                version = ledger.suppression_version()
            except BaseException:
                runs.finish(self._run_id, REMOVALS, "", "failed", {})
                raise
        state = "interrupted"
        try:
            if requests:
                self._report.waited = wait_until_confirmed(
                    self._warehouse, self._schema, version, on_wait=self._on_wait, meanwhile=self._show_life
                )
                self._send(requests, destination)
            state = "succeeded"
        except CommonRoomError:
            state = "stopped"
            raise
        finally:
            self._report.seconds = time.monotonic() - begun
            with self._warehouse.session() as session:
                self._record(session)
                RunRegistry(session, self._schema).finish(self._run_id, REMOVALS, "", state, self._counts())
        return self._report

    def _take_in(self, session: Session, request_ids: list[str] | None) -> list[DueRequest]:
        register = Register(session, self._schema, self._timing)
        try:
            self._report.taken_in, self._report.invalid = register.take_in(self._source, self._clock())
        except (SourceMissing, SourceUnusable) as error:
            # What is recorded is settled all the same.
            self._report.source_problem = error
        requests = register.due(self._clock(), request_ids)
        self._unsettled = {request.email_hash: request.email for request in requests}
        self._report.due, self._report.people = len(requests), len(self._unsettled)
        return requests

    def _send(self, requests: list[DueRequest], destination: Destination) -> None:
        try:
            run_in_loop(self._send_all(destination))
        except Exception as error:
            # Nobody could be asked about: the pause grows all the same, or a wrong token would be tried for ever.
            code = getattr(error, "reason_code", "not_sent")
            message = str(error) if isinstance(error, CommonRoomError) else f"nothing was sent: {type(error).__name__}"
            for email_hash in self._unsettled:
                self._note(email_hash, "failed", reason_code=code, message=message)
            raise

    async def _send_all(self, destination: Destination) -> None:
        async with destination.open_client() as client:
            people = iter(list(self._unsettled.items()))
            recording = asyncio.create_task(self._keep_recording())
            workers = [asyncio.create_task(self._work(client, people)) for _ in range(_WORKERS)]
            working: asyncio.Future[list[None]] = asyncio.gather(*workers)
            ends: set[asyncio.Future[Any]] = {working, recording}
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if recording.done():
                    recording.result()
                await working
            finally:
                for task in (recording, *workers):
                    task.cancel()
                await asyncio.gather(recording, working, *workers, return_exceptions=True)
                self._report.calls = client.stats.requests

    async def _work(self, client: CommonRoomClient, people: Any) -> None:
        for email_hash, address in people:
            try:
                answer = await client.remove_pii(address)
            except BadToken:
                raise
            except NotFound as error:
                self._note(email_hash, "not_found", http_status=error.http_status)
            except CommonRoomError as error:
                self._note(
                    email_hash,
                    "failed",
                    http_status=error.http_status,
                    reason_code=error.reason_code,
                    message=str(error),
                )
            else:
                self._note(email_hash, "submitted", http_status=answer.status)
            self._unsettled.pop(email_hash)

    def _note(self, email_hash: str, status: str, **details: Any) -> None:
        self._outcomes.append(_Outcome(email_hash, status, self._clock(), details))

    async def _keep_recording(self) -> None:
        while True:
            await asyncio.sleep(_RECORD_SECONDS)
            if self._outcomes or self._heartbeat_due:
                await asyncio.to_thread(self._flush)

    def _flush(self) -> None:
        with self._warehouse.session() as session:
            self._record(session)
            self._show_life(session)

    def _record(self, session: Session) -> None:
        register = Register(session, self._schema, self._timing)
        while self._outcomes:
            email_hash, status, at, details = self._outcomes[0]
            if status == "not_found" and register.just_sent(email_hash, at):
                status, details = "failed", {**details, "reason_code": "not_stored_yet", "message": _NOT_KNOWN_YET}
            elif status == "not_found" and register.sent_otherwise(email_hash):
                details = {**details, "message": _OTHER_ADDRESS}
            requests = register.count_waiting(email_hash)
            register.settle(email_hash, status, at, run_id=self._run_id, **details)
            setattr(self._report, status, getattr(self._report, status) + requests)
            self._outcomes.pop(0)

    @property
    def _heartbeat_due(self) -> bool:
        return time.monotonic() - self._heartbeat_at >= _HEARTBEAT_SECONDS

    def _show_life(self, session: Session) -> None:
        if self._heartbeat_due:
            RunRegistry(session, self._schema).heartbeat(self._run_id, REMOVALS, "")
            self._heartbeat_at = time.monotonic()

    def _counts(self) -> dict[str, Any]:
        report = self._report
        return {
            "offered": report.due,
            "delivered": report.submitted,
            "failed": report.failed,
            "invalid": report.invalid,
            "requests": report.calls,
            "seconds": report.seconds,
        }
