"""The privacy requests of one warehouse: ingest, settle, verify, report.

Goes in: a table of requests and the room. Comes out: people who are suppressed, removed and verified.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cr_pipelines.removal.register import Register
from cr_pipelines.removal.report import RemovalRecord, Settlement, Standing, Verification
from cr_pipelines.removal.settlement import SettlementRun
from cr_pipelines.removal.timing import Clock, Timing, utc_now
from cr_pipelines.removal.unsuppression import unsuppress
from cr_pipelines.removal.verification import VerificationRun
from cr_pipelines.sync import (
    REMOVALS,
    Destination,
    RequestSource,
    RunRegistry,
    SourceUnusable,
    StateSchema,
    SuppressionList,
)
from cr_pipelines.warehouse import Warehouse, WarehouseError


class Batch(NamedTuple):
    """Requests for one run to settle.

    Attributes:
        key: names the batch and how often it was offered; unique for each offer.
        request_ids: their ids, as the state tables spell keys.
    """

    key: str
    request_ids: list[str]


@dataclass(frozen=True)
class Removals:
    """Privacy requests of one warehouse.

    Attributes:
        warehouse: where the requests and the state tables are, which may be two engines.
        source: the table of requests.
        schema: of the state tables.
        timing: when to retry removals, and when to look people up.
        clock: returns the time in UTC.
    """

    warehouse: Warehouse
    source: RequestSource = field(default_factory=RequestSource)
    schema: str = "common_room"
    timing: Timing = field(default_factory=Timing)
    clock: Clock = utc_now

    def ingest(self) -> int:
        """Suppress everyone who has asked since the last call, and return how many requests were new.

        Raises SourceMissing and SourceUnusable.
        """
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            register = Register(session, self.schema, self.timing)
            with self.warehouse.source_session(session) as reading:
                return register.ingest(self.source, self.clock(), reading).requests

    def take_in(self) -> int:
        """Do the same as `ingest`."""
        return self.ingest()

    def run_lives(self, run_id: str) -> bool | None:
        """Return whether a run of `settle` is alive, from its process or its heartbeat; None if it never began."""
        with self.warehouse.session() as session:
            exists = StateSchema(session, self.schema).exists()
            return RunRegistry(session, self.schema).is_alive(run_id, REMOVALS) if exists else None

    def next_batch(self, most: int) -> Batch | None:
        """Suppress everyone who has asked since the last call, and return up to `most` requests that are due.

        A request is due if the source has it and the register has not settled it. No position in the source is kept, so
        rows may arrive late, in any order and backdated.

        Raises:
            SourceMissing: the source does not exist, and no recorded request is due.
            SourceUnusable: the source lacks a column, and no recorded request is due.
            WarehouseError: the source cannot be read, and no recorded request is due.
        """
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            register = Register(session, self.schema, self.timing)
            unreadable: WarehouseError | SourceUnusable | None = None
            try:
                with self.warehouse.source_session(session) as reading:
                    register.ingest(self.source, self.clock(), reading)
            except (WarehouseError, SourceUnusable) as error:
                # Requests that are already recorded are due anyway.
                unreadable = error
            due = register.due(self.clock(), limit=most)
            if not due:
                if unreadable is not None:
                    raise unreadable
                return None
            number = register.offer(due)
        ids = sorted({request.request_id for request in due})
        return Batch(f"{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:16]}:{number}", ids)

    def settle(
        self,
        destination: Destination,
        request_ids: Sequence[str] | None = None,
        *,
        run_id: str | None = None,
        on_wait: Callable[[int], None] | None = None,
    ) -> Settlement:
        """Send DELETE /user/{email} for everyone whose request is due, once for each person, and record the outcome.

        It first suppresses the people in the warehouse, and then waits until every running sync has confirmed that it
        sends nothing more about them. Only then is anything sent.

        Args:
            destination: the room. No client is opened when nothing is due.
            request_ids: only these requests, as the state tables spell keys; None for every request that is due.
            run_id: names the run in `sync_runs`; None for a random one.
            on_wait: called with the number of runs still waited for, whenever it changes.

        Raises:
            AlreadyRunning: another such run is still active.
            BadToken: Common Room refuses the token. All unsettled requests count as failed, and are retried.
            OtherRoom: the state schema belongs to another room; nothing was sent. RoomNotConfirmed: it may.
            WarehouseError: nothing could be read or recorded.
        """
        run = SettlementRun(self.warehouse, self.schema, self.source, self.timing, self.clock, run_id, on_wait)
        return run.go(destination, None if request_ids is None else list(request_ids))

    def verify(self, destination: Destination) -> Verification:
        """Look up everyone who is due for a look-up (GET /user/{email}), and record the result.

        The removal of a person that Common Room no longer has is verified, and the address is deleted from the
        register. A removal is overdue if the person is still there, or cannot be looked up, after the 15 days.

        Raises WarehouseError, and OtherRoom or RoomNotConfirmed unless the room is the state schema's.
        """
        return VerificationRun(self.warehouse, self.schema, self.timing, self.clock).go(destination)

    def standing(self) -> Standing:
        """Return how many requests have each status, and which need attention. Raises WarehouseError."""
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            return Register(session, self.schema, self.timing).standing()

    def records(self, request_ids: Sequence[str] = ()) -> list[RemovalRecord]:
        """Return what became of every request, or of the named ones. Raises WarehouseError."""
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            return Register(session, self.schema, self.timing).records(request_ids)

    def confirm(self, request_id: str) -> int:
        """Treat the address of a request as one person's, although it was sent for many; return how many have it.

        Every row that was sent with it is suppressed from then on, and the person is removed.
        """
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            return Register(session, self.schema, self.timing).confirm(request_id, self.clock())

    def unsuppress(self, request_id: str, reason: str, *, even_unverified: bool = False) -> int:
        """Allow the person of a request to be synced again, and note why.

        Lifts every request about the person, and offers every row that was ever sent for them again. With
        `even_unverified`, this also works while the removal is in progress, which undoes it. Returns how many requests
        were lifted.

        Raises NotUnsuppressed.
        """
        with self.warehouse.session() as session:
            state = StateSchema(session, self.schema)
            state.prepare()
            register = Register(session, self.schema, self.timing)
            suppression_list = SuppressionList(session, state.names)
            return unsuppress(
                register, suppression_list, request_id, reason, self.clock(), even_unverified=even_unverified
            )
