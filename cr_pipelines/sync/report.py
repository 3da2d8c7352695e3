from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from cr_pipelines.api import Stats
from cr_pipelines.sync.errors import SyncError

_EXAMPLES = 3


@dataclass(frozen=True)
class RejectedRow:
    """A row that is not in the room, and why. Nothing in it is personal data."""

    key: str
    status: str
    field: str | None
    reason_code: str | None
    message: str | None


@dataclass
class Problem:
    """Invalid rows that share a field and a reason.

    Attributes:
        field: the column, with the part of it after a dot.
        reason_code: the reason in short snake_case.
        rows: how many rows of the source.
        example_keys: up to three of their keys, as the ledger spells them.
        message: what is wrong with the first of them, and the fix.
    """

    field: str
    reason_code: str
    rows: int
    example_keys: list[str]
    message: str


@dataclass
class Report:
    """What became of every row of a source in one run.

    `source_rows` is always the sum of `unchanged`, `delivered`, `invalid`, `rejected`, `failed`, `suppressed`,
    `unknown` and `not_sent`: no row is left without a place.

    Attributes:
        sync, partition, run_id: which run this is.
        dry_run: whether nothing was sent; `delivered` then counts what would have been.
        state: `succeeded`, `stopped` (going on could not work; `stopped_by` says why), `failed` (an error ended it)
            or `interrupted` (it was told to end).
        source_rows: rows in the source.
        changed: rows that were offered for sending.
        new: those of them that the ledger had not seen before.
        unchanged: rows that stand delivered, as they are, since an earlier run.
        delivered: rows that the API took in this run.
        invalid: rows that fail our own checks: no key, a key shared with another row, a bad value.
        rejected: rows that the API refused, now or in an earlier run, and that have not changed since.
        failed: rows whose retries are spent; the next run offers them again.
        suppressed: rows of people who asked to be forgotten.
        unknown: rows whose request may or may not have arrived, of operations that must not be repeated.
        not_sent: rows that the run's options or its early end left for another run.
        null_keys, duplicate_rows: of the invalid ones, those without a key and those that share one.
        unknown_keys: of the keys that the run was to look at, those that the source does not have.
        outdated: of those not sent, rows of an operation that appends which changed after they were delivered: a
            second note would stand beside the first, so they are sent again only by naming their keys.
        gone: keys of earlier runs that the source no longer has.
        missing: things that stand delivered and that somebody deleted in the room by hand; `missing_keys` has
            some of their keys. They count as `unchanged`, unless the sync restores them.
        removed: things that were deleted in the room because their row left the source.
        emptied: whether the source is empty and was not before.
        requests: requests that went out, repetitions and look-ups included.
        rate_limited: answers of 429.
        retries: requests repeated after a fault.
        rate_limit: requests that the token has per interval; None until the server said so.
        interval_seconds: length of the interval; None until a 429 taught it.
        rate_used: share of the limit that was used while it was known, 0 to 1.
        seconds: wall time of the run.
        rejected_rows: some of the rows that are invalid or rejected now.
        problems: every invalid row of this run, by field and reason.
        columns: source columns that the contract knows.
        ignored_columns: source columns outside the contract, each with the contract's nearest name, if any.
        samples: of a dry run, some of the requests, as JSON. Personal data: for a terminal only.
    """

    sync: str
    run_id: str
    partition: str = ""
    dry_run: bool = False
    state: str = "succeeded"
    stopped_by: str | None = None
    source_rows: int = 0
    changed: int = 0
    new: int = 0
    unchanged: int = 0
    delivered: int = 0
    invalid: int = 0
    rejected: int = 0
    failed: int = 0
    suppressed: int = 0
    unknown: int = 0
    not_sent: int = 0
    null_keys: int = 0
    duplicate_rows: int = 0
    unknown_keys: tuple[str, ...] = ()
    outdated: int = 0
    gone: int = 0
    missing: int = 0
    removed: int = 0
    emptied: bool = False
    requests: int = 0
    rate_limited: int = 0
    retries: int = 0
    rate_limit: int | None = None
    interval_seconds: float | None = None
    rate_used: float | None = None
    seconds: float = 0.0
    missing_keys: list[str] = field(default_factory=list)
    rejected_rows: list[RejectedRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    ignored_columns: Mapping[str, str | None] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list, repr=False)

    @property
    def withheld(self) -> int:
        """Rows that are not in the room as they stand in the source."""
        return self.source_rows - self.unchanged - self.delivered

    def add_problem(self, key: str, column: str, reason_code: str, message: str, rows: int = 1) -> None:
        """Count invalid rows under their field and reason."""
        for problem in self.problems:
            if (problem.field, problem.reason_code) == (column, reason_code):
                problem.rows += rows
                if len(problem.example_keys) < _EXAMPLES:
                    problem.example_keys.append(key)
                return
        self.problems.append(Problem(column, reason_code, rows, [key], message))

    def add_traffic(self, stats: Stats) -> None:
        """Add what a client did."""
        self.requests += stats.requests
        self.rate_limited += stats.rate_limited
        self.retries += stats.retries
        self.rate_limit = stats.limit or self.rate_limit
        self.interval_seconds = stats.interval_seconds or self.interval_seconds
        self.rate_used = stats.rate_used if stats.rate_used is not None else self.rate_used

    def counts(self) -> dict[str, Any]:
        """The report as columns of `sync_runs`."""
        kept = {
            "stopped_by", "source_rows", "unchanged", "gone", "delivered", "invalid", "rejected", "failed",
            "suppressed", "unknown", "not_sent", "outdated", "missing", "removed", "requests", "rate_limited",
            "retries", "rate_limit", "interval_seconds", "rate_used", "seconds",
        }  # fmt: skip
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name in kept}
        return {"offered": self.changed, **values}

    def summary(self) -> str:
        """The report in one line, for a log."""
        if self.emptied:
            return f"{self.sync}: the source is empty and was not before; nothing was changed"
        verb = "to send" if self.dry_run else "delivered"
        parts = [f"{self.delivered:,} {verb}", f"{self.unchanged:,} unchanged"]
        withheld = {name: getattr(self, name) for name in ("invalid", "rejected", "failed", "suppressed", "unknown")}
        parts += [f"{count:,} {name}" for name, count in withheld.items() if count]
        if left := self.not_sent - self.outdated:
            parts.append(f"{left:,} left for another run")
        if self.outdated:
            parts.append(f"{self.outdated:,} changed since they were sent for good")
        if self.missing:
            parts.append(f"{self.missing:,} deleted in the room by hand")
        if self.removed:
            parts.append(f"{self.removed:,} {'to delete' if self.dry_run else 'deleted'} as they left the source")
        line = f"{self.sync}: {rows(self.source_rows)} in the source: {', '.join(parts)}"
        if self.unknown_keys:
            line += f"; {len(self.unknown_keys):,} of the keys asked for are not in the source"
        line += f"; {self.requests:,} requests in {self.seconds:.1f} s"
        if self.rate_limited:
            line += f", {self.rate_limited:,} answers of 429"
        return line


class SyncStopped(SyncError):
    """A run that ended early because going on could not work. What it had done is recorded.

    Attributes:
        report: what became of the rows until then.
    """

    transient = True

    def __init__(self, report: Report):
        super().__init__(f"{report.sync} stopped early: {report.stopped_by}")
        self.report = report


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        done: rows that have their outcome.
        total: rows that were offered.
        rows_per_second: over the last interval between two reports.
        seconds_left: at that pace; None while nothing moves.
        rate_limited: answers of 429 so far.
    """

    sync: str
    done: int
    total: int
    rows_per_second: float
    seconds_left: float | None
    rate_limited: int

    def __str__(self) -> str:
        left = "time left unknown" if self.seconds_left is None else f"about {_duration(self.seconds_left)} left"
        return f"{self.sync}: {self.done:,} of {self.total:,} rows, {self.rows_per_second:,.0f} rows/s, {left}"


def rows(count: int) -> str:
    """The count in words: `1 row`, `2 rows`."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
