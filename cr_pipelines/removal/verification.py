"""Verify removals: check whether Common Room has people whose removal it accepted, or that it did not know.

Goes in: the people who are due to be looked up. Comes out: the status that follows, in the register. Only the API's own
404 proves that a person is not there, and only in a run in which the positive control succeeded.
"""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from cr_pipelines.api import BadToken, CommonRoomClient, CommonRoomError, NotFound
from cr_pipelines.removal.control import NOT_CONFIRMED, PositiveControl, control_error
from cr_pipelines.removal.register import DueLook, Register
from cr_pipelines.removal.report import Verification
from cr_pipelines.removal.timing import Clock, Timing
from cr_pipelines.sync import Destination, RoomCheck, StateSchema, run_in_loop
from cr_pipelines.warehouse import Warehouse

_WORKERS = 16

_STILL_THERE = "Common Room still has the person"
_EMPTY = (
    "Common Room returned no contact, but not the 404 that it sends for an unknown person; they are looked up again "
    "later"
)


class _Finding(NamedTuple):
    look: DueLook
    removed: bool
    reason_code: str | None
    message: str


class VerificationRun:
    """One run that looks up people (GET /user/{email})."""

    def __init__(self, warehouse: Warehouse, schema: str, timing: Timing, clock: Clock):
        self._warehouse = warehouse
        self._schema = schema
        self._timing = timing
        self._clock = clock
        self._room = RoomCheck(warehouse, schema, None)
        self._report = Verification()
        self._findings: list[_Finding] = []

    def go(self, destination: Destination) -> Verification:
        """Look up everyone who is due. Raises as `Removals.verify` says."""
        with self._warehouse.session() as session:
            StateSchema(session, self._schema).prepare()
            self._room.read(session)
            looks = Register(session, self._schema, self._timing).due_looks(self._clock())
        if looks:
            try:
                run_in_loop(self._look_up_all(looks, destination))
            finally:
                self._record(looks)
        return self._report

    async def _look_up_all(self, looks: list[DueLook], destination: Destination) -> None:
        async with destination.open_client() as client:
            # Another room knows none of these people, which proves nothing.
            await self._room.check(client, sends=False)
            control = PositiveControl(client)
            waiting = iter(looks)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_WORKERS, len(looks))):
                    group.create_task(self._look_up(client, control, waiting))

    async def _look_up(self, client: CommonRoomClient, control: PositiveControl, waiting: Iterator[DueLook]) -> None:
        for look in waiting:
            try:
                found = await client.contact_by_email(look.email)
            except NotFound:
                doubt = await control.error()
                message = "" if doubt is None else NOT_CONFIRMED.format(error=doubt)
                finding = _Finding(look, doubt is None, None if doubt is None else doubt.reason_code, message)
            except CommonRoomError as error:
                finding = _Finding(look, False, error.reason_code, str(error))
            else:
                finding = _Finding(look, False, "still_there" if found else "empty", _STILL_THERE if found else _EMPTY)
            self._findings.append(finding)
            if finding.reason_code == BadToken.reason_code and await control_error(client) is not None:
                return

    def _record(self, looks: list[DueLook]) -> None:
        now, report = self._clock(), self._report
        with self._warehouse.session() as session:
            register = Register(session, self._schema, self._timing)
            for finding in self._findings:
                status = register.looked_up(
                    finding.look, now, removed=finding.removed, reason_code=finding.reason_code, message=finding.message
                )
                report.looked_up += 1
                report.verified += status == "verified"
                report.overdue += status == "overdue"
                report.not_found += finding.removed and status == "not_found"
                if not finding.removed:
                    report.still_there += finding.reason_code == "still_there"
                    report.failed += finding.reason_code != "still_there"
