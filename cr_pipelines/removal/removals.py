import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cr_pipelines.removal.register import Register
from cr_pipelines.removal.report import RemovalRecord, Settlement, Standing, Verification
from cr_pipelines.removal.requests import RequestSource
from cr_pipelines.removal.settlement import SettlementRun
from cr_pipelines.removal.timing import Clock, Timing, utc_now
from cr_pipelines.removal.unsuppression import unsuppress
from cr_pipelines.removal.verification import VerificationRun
from cr_pipelines.sync import REMOVALS, Destination, RunRegistry, SourceUnusable, StateSchema
from cr_pipelines.warehouse import SourceMissing, Warehouse


class Batch(NamedTuple):
    """Requests for one run to settle.

    Attributes:
        key: names the batch and how often it was offered; no two offers have the same.
        request_ids: of the requests, as our tables hold keys.
    """

    key: str
    request_ids: list[str]


@dataclass(frozen=True)
class Removals:
    """Privacy requests of one warehouse.

    Attributes:
        warehouse: where the requests and our own tables are.
        source: the table of requests.
        schema: of our own tables.
        timing: when to try again, and when to look.
        clock: the time, in UTC.
    """

    warehouse: Warehouse
    source: RequestSource = field(default_factory=RequestSource)
    schema: str = "common_room"
    timing: Timing = field(default_factory=Timing)
    clock: Clock = utc_now

    def take_in(self) -> int:
        """Withhold everyone who asked since the last look; how many requests that were.

        Raises SourceMissing and SourceUnusable.
        """
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            return Register(session, self.schema, self.timing).take_in(self.source, self.clock()).requests

    def run_lives(self, run_id: str) -> bool | None:
        """Whether a run of `settle` goes on, by its process or its heartbeat; None when it never began."""
        with self.warehouse.session() as session:
            exists = StateSchema(session, self.schema).exists()
            return RunRegistry(session, self.schema).is_alive(run_id, REMOVALS) if exists else None

    def next_batch(self, most: int) -> Batch | None:
        """Withhold everyone who asked since the last look, and give up to so many requests that are due.

        What is due is what the source holds and our table has not settled: no position in the source is kept, so it
        matters neither when a row arrived nor how it is dated.

        Raises:
            SourceMissing: there is no such source, and nothing is due from before.
            SourceUnusable: the source lacks a column, and nothing is due from before.
        """
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            register = Register(session, self.schema, self.timing)
            unreadable: SourceMissing | SourceUnusable | None = None
            try:
                register.take_in(self.source, self.clock())
            except (SourceMissing, SourceUnusable) as error:
                # What is recorded is due all the same.
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

        First the people are withheld in the warehouse. Then it waits until every running sync has confirmed that it
        sends nothing more about them. Only then is anything sent.

        Args:
            destination: the room. No client is made when nothing is due.
            request_ids: only these requests, as our tables hold keys; None for every request that is due.
            run_id: names the run in `sync_runs`; made up when None.
            on_wait: called with the number of runs that it waits for, whenever that changes.

        Raises:
            AlreadyRunning: another such run goes on.
            BadToken: the token is refused. All requests that are not settled have failed, and are offered again.
            WarehouseError: nothing could be read or recorded.
        """
        run = SettlementRun(self.warehouse, self.schema, self.source, self.timing, self.clock, run_id, on_wait)
        return run.go(destination, None if request_ids is None else list(request_ids))

    def verify(self, destination: Destination) -> Verification:
        """Look up everyone whose removal it is time to look up (GET /user/{email}), and record what was found.

        A person whom Common Room does not have any more is verified, and their address deleted from our table. One
        who is still there, or cannot be looked up, when the 15 days are over is overdue.

        Raises WarehouseError.
        """
        return VerificationRun(self.warehouse, self.schema, self.timing, self.clock).go(destination)

    def standing(self) -> Standing:
        """Where all requests stand. Raises WarehouseError."""
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            return Register(session, self.schema, self.timing).standing()

    def records(self, request_ids: Sequence[str] = ()) -> list[RemovalRecord]:
        """What became of every request, or of those that are named. Raises WarehouseError."""
        with self.warehouse.session() as session:
            StateSchema(session, self.schema).prepare()
            return Register(session, self.schema, self.timing).records(request_ids)

    def unsuppress(self, request_id: str, reason: str, *, even_unverified: bool = False) -> int:
        """Let the person of a request be synced again, and note why.

        Every request of the person is lifted, and every row that was sent for them is offered again. `even_unverified`
        does so while the removal may still be under way, which undoes it. Returns how many requests were lifted.

        Raises NotUnsuppressed.
        """
        with self.warehouse.session() as session:
            return unsuppress(session, self.schema, request_id, reason, self.clock(), even_unverified=even_unverified)
