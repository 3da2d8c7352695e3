import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from cr_pipelines.api import BadToken, CommonRoomClient, CommonRoomError, NotFound
from cr_pipelines.removal.register import DueLook, Register
from cr_pipelines.removal.report import Verification
from cr_pipelines.removal.timing import Clock, Timing
from cr_pipelines.sync import Destination, StateSchema, run_in_loop
from cr_pipelines.warehouse import Warehouse

_WORKERS = 16


class _Finding(NamedTuple):
    look: DueLook
    gone: bool
    reason_code: str | None
    message: str


class VerificationRun:
    """One run that looks up people whose removal was submitted (GET /user/{email})."""

    def __init__(self, warehouse: Warehouse, schema: str, timing: Timing, clock: Clock):
        self._warehouse = warehouse
        self._schema = schema
        self._timing = timing
        self._clock = clock
        self._report = Verification()
        self._findings: list[_Finding] = []

    def go(self, destination: Destination) -> Verification:
        """Look up whom it is time to look up. Raises as `Removals.verify` says."""
        with self._warehouse.session() as session:
            StateSchema(session, self._schema).prepare()
            looks = Register(session, self._schema, self._timing).due_looks(self._clock())
        if looks:
            try:
                run_in_loop(self._look_up_all(looks, destination))
            finally:
                self._record(looks)
        return self._report

    async def _look_up_all(self, looks: list[DueLook], destination: Destination) -> None:
        async with destination.open_client() as client:
            waiting = iter(looks)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_WORKERS, len(looks))):
                    group.create_task(self._look_up(client, waiting))

    async def _look_up(self, client: CommonRoomClient, waiting: Iterator[DueLook]) -> None:
        for look in waiting:
            try:
                found = await client.contact_by_email(look.email)
            except NotFound:
                finding = _Finding(look, True, None, "")
            except BadToken as error:
                self._findings.append(_Finding(look, False, error.reason_code, str(error)))
                return
            except CommonRoomError as error:
                finding = _Finding(look, False, error.reason_code, str(error))
            else:
                finding = _Finding(look, not found, "still_there", "Common Room still has the person")
            self._findings.append(finding)

    def _record(self, looks: list[DueLook]) -> None:
        now, report = self._clock(), self._report
        with self._warehouse.session() as session:
            register = Register(session, self._schema, self._timing)
            for finding in self._findings:
                status = register.looked_up(
                    finding.look, now, gone=finding.gone, reason_code=finding.reason_code, message=finding.message
                )
                report.looked_up += 1
                report.verified += status == "verified"
                report.overdue += status == "overdue"
                if not finding.gone:
                    report.still_there += finding.reason_code == "still_there"
                    report.failed += finding.reason_code != "still_there"
