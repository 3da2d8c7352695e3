"""Batches: rows that share a request.

Goes in: checked rows, in planned order. Comes out: batches of consecutive rows that can share a
request, and the rows that are skipped.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cr_pipelines.sync.contract import Batching, Outgoing
from cr_pipelines.sync.contract.types import Request
from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.privacy.send_guard import Identity


class Dropped(NamedTuple):
    """Bad values that were left out of a row: the fields, the first reason, and every message."""

    fields: str
    reason_code: str
    message: str


class Item(NamedTuple):
    """A valid row, and what is sent for it."""

    row: PlannedRow
    outgoing: Outgoing

    @property
    def dropped(self) -> Dropped | None:
        """What was left out of the row, as stored in the ledger; None if nothing was."""
        problems = self.outgoing.dropped
        if not problems:
            return None
        return Dropped(
            ", ".join(dict.fromkeys(problem.field for problem in problems)),
            problems[0].reason_code,
            "; ".join(problem.message for problem in problems),
        )

    @property
    def identity(self) -> Identity:
        """What may tie the row to a person."""
        return Identity(self.row.key, self.outgoing.person, self.outgoing.address_hashes, self.outgoing.handle_hashes)


@dataclass(frozen=True)
class Skipped:
    """A row that is not sent.

    Attributes:
        row: the row.
        status: `invalid`, `suppressed`, or `delivered` for a row that is back to what was delivered before.
        recorded: whether the ledger already says exactly this.
        reason_code, field, message: what is wrong with an invalid row.
        email_hash: the hash of the address that the ledger keeps next to the key; None leaves it unchanged.
        suppressed_for: the hash of the address for which the row is suppressed.
    """

    row: PlannedRow
    status: Literal["invalid", "suppressed", "delivered"]
    recorded: bool = False
    reason_code: str = ""
    field: str = ""
    message: str = ""
    email_hash: str | None = None
    suppressed_for: str | None = None


@dataclass(frozen=True)
class Batch:
    """Rows that share a request, one or more."""

    items: Sequence[Item]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    @property
    def keys(self) -> list[str]:
        """The keys of its rows."""
        return [item.row.key for item in self.items]

    @property
    def identities(self) -> list[Identity]:
        """What may tie its rows to people."""
        return [item.identity for item in self.items]

    def request(self, batching: Batching | None) -> Request:
        """Return the request that is sent for the rows."""
        requests = [item.outgoing.request for item in self.items]
        return requests[0] if batching is None or len(requests) == 1 else batching.combine(requests)

    def split(self) -> "tuple[Batch, Batch]":
        """Return the two halves of a batch of several rows."""
        middle = len(self.items) // 2
        return Batch(self.items[:middle]), Batch(self.items[middle:])

    def without(self, keys: Collection[str]) -> "Batch | None":
        """Return the batch without the rows with these keys; None if no rows remain."""
        kept = [item for item in self.items if item.row.key not in keys]
        return Batch(kept) if kept else None


def batched(rows: Iterable[Item | Skipped], max_rows: int) -> Iterator[Batch | Skipped]:
    """Yield batches of up to `max_rows` consecutive rows of one group, and each skipped row as soon as it comes."""
    waiting: list[Item] = []
    for row in rows:
        if isinstance(row, Skipped):
            yield row
            continue
        group = row.outgoing.group
        if waiting and (len(waiting) == max_rows or not group or group != waiting[0].outgoing.group):
            yield Batch(waiting)
            waiting = []
        waiting.append(row)
        if max_rows == 1:
            yield Batch(waiting)
            waiting = []
    if waiting:
        yield Batch(waiting)
