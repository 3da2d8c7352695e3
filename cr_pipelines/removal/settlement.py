"""Settle privacy requests: remove people from Common Room once every sync has stopped sending them.

Goes in: the requests that are due. Comes out: `DELETE /user/{email}` for each person, and the outcome in the register.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cr_pipelines.api import BadToken, CommonRoomClient, CommonRoomError, NotFound
from cr_pipelines.errors import CrPipelinesError
from cr_pipelines.removal.control import NOT_CONFIRMED, PositiveControl, control_error
from cr_pipelines.removal.register import DueRequest, Register
from cr_pipelines.removal.report import Settlement
from cr_pipelines.removal.timing import Clock, Timing
from cr_pipelines.sync import (
    REMOVALS,
    Destination,
    Heartbeat,
    KnownAddresses,
    OtherRoom,
    RequestSource,
    RoomCheck,
    RoomNotConfirmed,
    RunKey,
    RunRegistry,
    SourceUnusable,
    StateSchema,
    SuppressionList,
    WorkerPool,
    mark_running,
    run_in_loop,
    wait_until_confirmed,
)
from cr_pipelines.warehouse import Session, Warehouse, WarehouseError

_WORKERS = 16
_RECORD_SECONDS = 0.5

_NOT_STORED_YET = (
    "Common Room does not know the person, but a sync recently sent something about them that it may not have stored "
    "yet; the request is retried"
)

_REFUSED = (
    "Common Room refused this request (HTTP {status}) although the token is valid; look for a firewall or gateway "
    "that refuses it. The request is retried"
)

_OTHER_ADDRESS = (
    "Common Room does not know this address, but a sync has sent the person under another one since; that address "
    "needs its own request"
)

_SENT_BY_US = "Common Room does not know this address; cr-pipelines sent it under {keys:,} keys, which stay suppressed"


class _Outcome(NamedTuple):
    email_hash: str
    status: str
    at: datetime
    details: Mapping[str, Any]


class SettlementRun:
    """One run that settles requests: claim, suppress, wait for running syncs, send, record."""

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
        self._run = RunKey(run_id or uuid.uuid4().hex, REMOVALS)
        self._on_wait = on_wait
        self._report = Settlement(self._run.run_id)
        self._heartbeat = Heartbeat(self._run, schema, timing.engine.heartbeat_seconds)
        self._room = RoomCheck(warehouse, schema, None)
        self._outcomes: list[_Outcome] = []
        self._unsettled: dict[str, str] = {}

    def go(self, destination: Destination, request_ids: list[str] | None) -> Settlement:
        """Settle what is due, or only the named requests of that. Raises as `Removals.settle` says."""
        with mark_running(self._run.run_id):
            return self._go(destination, request_ids)

    def _go(self, destination: Destination, request_ids: list[str] | None) -> Settlement:
        begun = time.monotonic()
        requests, version = self._begin(request_ids)
        state = "interrupted"
        try:
            if requests:
                self._report.waited = wait_until_confirmed(
                    self._warehouse,
                    self._schema,
                    version,
                    on_wait=self._on_wait,
                    meanwhile=self._heartbeat.beat_if_due,
                    timing=self._timing.engine,
                )
                self._send(destination)
            state = "succeeded"
        except (CommonRoomError, OtherRoom, RoomNotConfirmed):
            state = "stopped"
            raise
        finally:
            self._report.seconds = time.monotonic() - begun
            with self._warehouse.session() as session:
                self._record(session)
                RunRegistry(session, self._schema).finish(*self._run, state, self._counts())
        return self._report

    def _begin(self, request_ids: list[str] | None) -> tuple[list[DueRequest], int]:
        """Claim the run and suppress everyone who asked. Return what is due, and the version to confirm."""
        with self._warehouse.session() as session:
            state = StateSchema(session, self._schema)
            state.prepare()
            self._room.read(session)
            runs = RunRegistry(session, self._schema)
            runs.claim(*self._run, "changed")
            try:
                requests = self._ingest(session, request_ids)
                return requests, SuppressionList(session, state.names).version()
            except BaseException:
                runs.finish(*self._run, "failed", {})
                raise

    def _ingest(self, session: Session, request_ids: list[str] | None) -> list[DueRequest]:
        register = Register(session, self._schema, self._timing)
        try:
            with self._warehouse.source_session(session) as reading:
                ingested = register.ingest(self._source, self._clock(), reading)
            self._report.ingested, self._report.invalid = ingested
        except (WarehouseError, SourceUnusable) as error:
            # Requests that are already recorded are settled anyway.
            self._report.source_problem = error
        requests = register.due(self._clock(), request_ids)
        self._unsettled = {request.email_hash: request.email for request in requests}
        self._report.due, self._report.people = len(requests), len(self._unsettled)
        return requests

    def _send(self, destination: Destination) -> None:
        try:
            run_in_loop(self._send_all(destination))
        except Exception as error:
            # The pause grows even though nothing was sent; otherwise, a wrong token would be retried endlessly.
            code = getattr(error, "reason_code", "not_sent")
            message = str(error) if isinstance(error, CrPipelinesError) else f"nothing was sent: {type(error).__name__}"
            for email_hash in self._unsettled:
                self._note(email_hash, "failed", reason_code=code, message=message)
            raise

    async def _send_all(self, destination: Destination) -> None:
        async with destination.open_client() as client:
            await self._room.check(client, sends=True)
            people = iter(list(self._unsettled.items()))
            control = PositiveControl(client)
            pool = WorkerPool()
            try:
                await pool.run(
                    pool.start(lambda: self._work(client, control, people), _WORKERS), self._keep_recording()
                )
            finally:
                removals = client.stats.by_operation.get("remove_pii")
                self._report.calls = removals.requests if removals else 0

    async def _work(
        self, client: CommonRoomClient, control: PositiveControl, people: Iterator[tuple[str, str]]
    ) -> None:
        for email_hash, address in people:
            try:
                response = await client.remove_pii(address)
            except BadToken as error:
                refused: CommonRoomError = error
            except NotFound as error:
                await self._note_not_found(email_hash, error, control)
                continue
            except CommonRoomError as error:
                self._note_failed(email_hash, error, str(error))
                continue
            else:
                self._note(email_hash, "submitted", http_status=response.status)
                self._unsettled.pop(email_hash)
                continue
            if await control_error(client) is not None:
                raise refused
            self._note_failed(email_hash, refused, _REFUSED.format(status=refused.http_status))

    async def _note_not_found(self, email_hash: str, error: NotFound, control: PositiveControl) -> None:
        doubt = await control.error()
        if isinstance(doubt, BadToken):
            raise doubt
        if doubt is not None:
            self._note_failed(email_hash, doubt, NOT_CONFIRMED.format(error=doubt))
            return
        self._note(email_hash, "not_found", http_status=error.http_status)
        self._unsettled.pop(email_hash)

    def _note_failed(self, email_hash: str, error: CommonRoomError, message: str) -> None:
        self._note(email_hash, "failed", http_status=error.http_status, reason_code=error.reason_code, message=message)
        self._unsettled.pop(email_hash)

    def _note(self, email_hash: str, status: str, **details: Any) -> None:
        self._outcomes.append(_Outcome(email_hash, status, self._clock(), details))

    async def _keep_recording(self) -> None:
        while True:
            await asyncio.sleep(_RECORD_SECONDS)
            if self._outcomes or self._heartbeat.due:
                await asyncio.to_thread(self._flush)

    def _flush(self) -> None:
        with self._warehouse.session() as session:
            self._record(session)
            self._heartbeat.beat_if_due(session)

    def _record(self, session: Session) -> None:
        register = Register(session, self._schema, self._timing)
        addresses = KnownAddresses(session, StateSchema(session, self._schema).names)
        while self._outcomes:
            email_hash, status, at, details = self._outcomes[0]
            if status == "not_found" and addresses.sent_since(email_hash, at - self._timing.just_sent):
                status, details = "failed", {**details, "reason_code": "not_stored_yet", "message": _NOT_STORED_YET}
            elif status == "not_found" and addresses.replaced(email_hash):
                details = {**details, "message": _OTHER_ADDRESS}
            if status == "not_found" and "message" not in details and (keys := addresses.keys_under().get(email_hash)):
                details = {**details, "message": _SENT_BY_US.format(keys=keys)}
            requests = register.count_waiting(email_hash)
            register.settle(email_hash, status, at, run_id=self._run.run_id, **details)
            setattr(self._report, status, getattr(self._report, status) + requests)
            self._outcomes.pop(0)

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
