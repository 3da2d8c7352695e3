"""What a run of removals did, and what became of each request.

Goes in: entries of the register. Comes out: numbers, ids and statuses, but no address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import WarehouseError


@dataclass
class Settlement:
    """What a run did with the requests that were due. Counts are of requests, except for `people` and `calls`.

    Attributes:
        run_id: names the run in `sync_runs`.
        ingested: requests that were new.
        invalid: new requests without a valid address.
        due: requests to settle in this run.
        people: how many people these requests are about.
        submitted: requests that Common Room accepted; it has 15 days from then.
        not_found: requests about people that Common Room does not know.
        failed: requests that are retried later.
        calls: DELETE requests that were sent, retries included.
        waited: seconds until every running sync had confirmed that it sends nothing more about these people.
        seconds: wall time of the run.
        source_problem: why the source could not be read; None when it could.
    """

    run_id: str
    ingested: int = 0
    invalid: int = 0
    due: int = 0
    people: int = 0
    submitted: int = 0
    not_found: int = 0
    failed: int = 0
    calls: int = 0
    waited: float = 0.0
    seconds: float = 0.0
    source_problem: WarehouseError | SourceUnusable | None = None

    def summary(self) -> str:
        """Return the run in one line, for a log."""
        if not self.due:
            return f"pii_removals: no request is due; {self.ingested:,} new ones, {self.invalid:,} of them invalid"
        return (
            f"pii_removals: {self.due:,} requests about {self.people:,} people: {self.submitted:,} submitted, "
            f"{self.not_found:,} not found, {self.failed:,} failed; waited {self.waited:.1f} s for running syncs, "
            f"{self.calls:,} calls in {self.seconds:.1f} s"
        )


@dataclass
class Verification:
    """What a run found out about submitted removals, and about people unknown to Common Room. Counts people.

    Attributes:
        looked_up: people that the run looked up.
        verified: people that Common Room no longer has.
        not_found: people that it knew neither before nor now.
        still_there: people that it still has, or has again; these are removed again.
        failed: people whose look-up failed.
        overdue: people who are still there, or could not be looked up, after the 15 days.
    """

    looked_up: int = 0
    verified: int = 0
    not_found: int = 0
    still_there: int = 0
    failed: int = 0
    overdue: int = 0

    def summary(self) -> str:
        """Return the run in one line, for a log."""
        return (
            f"pii_removals: {self.looked_up:,} people looked up: {self.verified:,} removed, {self.not_found:,} "
            f"never found, {self.still_there:,} still there, {self.failed:,} failed; {self.overdue:,} overdue"
        )


@dataclass(frozen=True)
class Standing:
    """All requests by status, and those that need attention.

    Attributes:
        by_status: how many requests have each status.
        lifted: requests whose person may be synced again.
        addresses_kept: requests whose address is still in the register.
        rows_suppressed: source rows that are now suppressed because of them.
        overdue: ids of overdue requests, up to twenty.
        invalid: ids of requests without a valid address, up to twenty.
        shared: ids of requests that wait for a decision, as their address was sent for many people, up to twenty.
        next_due_at: the earliest deadline of a submitted removal.
        max_people_per_address: for how many people or things an address may be sent without being shared.
    """

    by_status: Mapping[str, int] = field(default_factory=dict)
    lifted: int = 0
    addresses_kept: int = 0
    rows_suppressed: int = 0
    overdue: Sequence[str] = ()
    invalid: Sequence[str] = ()
    shared: Sequence[str] = ()
    next_due_at: datetime | None = None
    max_people_per_address: int = 5


@dataclass(frozen=True)
class RemovalRecord:
    """The outcome of one request, without the address.

    Attributes:
        request_id: as the state tables spell keys.
        status: pending, submitted, verified, overdue, not_found, failed, invalid, shared or lifted.
        email_hash: the hash of the address; None for an invalid one.
        requested_at: as the source says.
        seen_at: when it was recorded; the person is suppressed from then on.
        submitted_at: when Common Room accepted the removal, or did not know the person.
        due_at: the deadline of the removal.
        checked_at: when the person was last looked up.
        verified_at: when the person was found removed.
        attempts: calls whose outcome was recorded.
        reason: why it failed, is invalid or is overdue.
        rows_suppressed: source rows that are now suppressed because of it.
        keys_sent: how many keys the syncs sent the address under, as far as the state schema knows.
        linked_addresses: how many other addresses are suppressed with it, because rows of the same person had them.
            Each needs its own request to be removed from Common Room.
        address_kept: whether the address itself is still in the register.
        lifted_at: when the suppression was lifted.
        lifted_reason: why.
    """

    request_id: str
    status: str
    email_hash: str | None
    requested_at: datetime | None
    seen_at: datetime | None
    submitted_at: datetime | None
    due_at: datetime | None
    checked_at: datetime | None
    verified_at: datetime | None
    attempts: int
    reason: str | None
    rows_suppressed: int
    keys_sent: int
    linked_addresses: int
    address_kept: bool
    lifted_at: datetime | None
    lifted_reason: str | None
