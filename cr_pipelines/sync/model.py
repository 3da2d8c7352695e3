"""What a sync is, and the options of one run.

Goes in: what a user configures. Comes out: values that every stage of a run reads, checked when they are made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync.contract import CONTRACTS, Contract
from cr_pipelines.warehouse import Relation

Resync = Literal["changed", "failed", "all"]

REMOVALS = "pii_removals"
"""The name under which runs that settle privacy requests are listed among the runs of syncs."""


@dataclass(frozen=True)
class Sync:
    """One table whose rows are kept in Common Room.

    Attributes:
        name: the sync's name in the ledger and the logs, such as `contacts`.
        kind: the contract that the source follows, such as `contact`.
        source: a table, a view, or a SELECT statement whose column names are the contract.
        clear_nulls: whether a null custom field clears the field in the room, which cannot be undone.
        batch_size: the maximum number of rows in one request, for a kind whose rows share requests; None for the kind's
            default.
        max_not_found_runs: a row whose contact or segment the room does not have (404) is `failed` and offered again,
            because something that was just accepted may not be visible yet. After this many runs in a row it is
            `rejected`.
        on_source_delete: what happens to a tag whose row left the source: `keep`, or `delete`, which removes it from
            everything that has it.
        max_deletions: the maximum number of tags that a run deletes, or a tenth of the delivered tags if that is more.
            If more would be deleted, the run deletes none.
        recreate_deleted: whether to recreate a tag that is in the source but was deleted manually in the room.
            Otherwise it is only reported.
        on_invalid_value: what a bad value in an optional column costs: the row (`reject_row`), or only the value
            (`drop_value`), which is then shown in the view `dropped_values`. A bad value in a required column always
            costs the row.
    """

    name: str
    kind: str
    source: str
    clear_nulls: bool = False
    batch_size: int | None = None
    max_not_found_runs: int = 5
    on_source_delete: Literal["keep", "delete"] = "keep"
    max_deletions: int = 10
    recreate_deleted: bool = False
    on_invalid_value: Literal["reject_row", "drop_value"] = "reject_row"
    key_names: Mapping[str, Mapping[str, str]] | None = field(default=None, repr=False, compare=False)
    """For a planned sync: names in key columns that keys replace by another name of the same meaning."""

    def __post_init__(self) -> None:
        if self.name == REMOVALS:
            raise ValueError(
                f"a sync cannot be named {REMOVALS}, which is the name of the privacy requests' sync; rename it"
            )
        for name, least in (("batch_size", 1), ("max_not_found_runs", 1), ("max_deletions", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"sync {self.name}: {name} is {value}; it must be {least} or more")
        if self.on_invalid_value not in ("reject_row", "drop_value"):
            raise ValueError(f"sync {self.name}: on_invalid_value must be reject_row or drop_value")
        contract = CONTRACTS.get(self.kind)
        if contract and contract.batching is None and self.batch_size is not None:
            raise ValueError(f"sync {self.name}: each {self.kind} is sent in its own request; leave out batch_size")
        if contract and contract.mirror is None and (self.on_source_delete == "delete" or self.recreate_deleted):
            raise ValueError(
                f"sync {self.name}: on_source_delete and recreate_deleted are for tags only; leave out both"
            )

    @property
    def contract(self) -> Contract:
        """The contract of the sync's kind. Raises ValueError for an unknown kind."""
        try:
            return CONTRACTS[self.kind]
        except KeyError:
            raise ValueError(
                f"sync {self.name}: there is no kind {self.kind!r}; the kinds are {', '.join(CONTRACTS)}"
            ) from None

    @property
    def relation(self) -> Relation:
        """The source as the warehouse reads it."""
        return Relation(self.source)


@dataclass(frozen=True)
class Options:
    """What one run does differently.

    Attributes:
        dry_run: plan and check every row, but send and record nothing.
        resync: which rows are offered: `changed` ones (new, changed, and those that failed or were
            invalid before); `failed` ones only (failed or rejected before, whether or not they changed);
            or `all`.
        keys: only these keys, as the ledger spells them; empty means every key. Rows of an operation that appends are
            sent a second time only if they are named here: rows that are `unknown` or changed after delivery (with
            `all`, any row).
        limit: the maximum number of rows to offer; None means no limit.
        samples: how many requests the report of a dry run keeps.
    """

    dry_run: bool = False
    resync: Resync = "changed"
    keys: Sequence[str] = ()
    limit: int | None = None
    samples: int = 3


class RunKey(NamedTuple):
    """Identifies one run of a sync or of one of its partitions; `partition` is empty for the whole source."""

    run_id: str
    sync: str
    partition: str = ""


@dataclass(frozen=True)
class Destination:
    """Where requests go.

    Attributes:
        open_client: makes a new client at each call; called only when there is something to send.
        source_id: the destination source (API signal) that contacts and activities go to.
    """

    open_client: Callable[[], CommonRoomClient]
    source_id: int | None = None


@dataclass(frozen=True)
class Partition:
    """One day of a source: `column` from `start` to before `end`, both UTC.

    A row without a timestamp belongs to no partition, so every partition checks it and shows it as invalid.
    """

    name: str
    column: str
    start: datetime
    end: datetime

    @classmethod
    def of_day(cls, column: str, day: date) -> "Partition":
        """Return the partition of one day in UTC; its name is the day as YYYY-MM-DD."""
        start = datetime.combine(day, time.min, UTC)
        return cls(day.isoformat(), column, start, start + timedelta(days=1))
