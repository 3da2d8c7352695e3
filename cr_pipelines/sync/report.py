"""The report of a run: what became of every row, in numbers, with the reasons and some of the keys.

Goes in: what each stage of the run counts. Comes out: the columns of `sync_runs`, and a line for a log. Keys are
spelled as in the ledger, so nothing in a report except `samples` is personal data.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cr_pipelines.api import Stats
from cr_pipelines.sync.counters import COUNTERS, Counter, Place
from cr_pipelines.sync.errors import SyncError
from cr_pipelines.sync.explanation import RowExplanation

_EXAMPLES = 3

_MOST_PARTS = 20
"""How many parts of one column, with one reason, are listed separately."""

_MOST_COLUMNS = 8
"""How many changed columns are named."""

_MOST_DROPPED = 100
"""How many kinds of dropped values are listed."""

MOST_KEYS = 20
"""How many keys of one kind are named at most."""

MOST_EXPLAINED = 10_000
"""How many keys a dry run explains at most."""

_OWN_NAME = re.compile(r"\b(\w+)\..{1,60}?( is (?:not a|no) custom field\b)")
"""Matches the name of a custom field that the room does not have, in a message of this or an earlier version."""


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
        rows: how many rows of the source share them.
        example_keys: up to three of their keys, as the ledger spells them.
        message: what is wrong with the first of them, and the fix.
    """

    field: str
    reason_code: str
    rows: int
    example_keys: list[str]
    message: str


def without_own_name(field: str, reason_code: str | None, message: str) -> tuple[str, str]:
    """Return a field and its message without the names of custom fields that the room does not have.

    Such a name may be personal data, for example a key of somebody's JSON.
    """
    field = field.partition(".")[0] if reason_code == "unknown_custom_field" else field
    return field, _OWN_NAME.sub(r"a name in \1\2", message)


@dataclass
class Report:
    """What became of every row of a source in one run.

    `source_rows` is always the sum of `unchanged`, `delivered`, `invalid`, `rejected`, `failed`, `suppressed`,
    `unknown` and `not_sent`: every row is in exactly one of them. `COUNTERS` describes each number.

    Attributes:
        sync, partition, run_id: which run this is.
        dry_run: whether nothing was sent; `delivered` and `deletions` then count what would have been.
        state: `succeeded`, `stopped` (`stopped_by` says why), `failed` (by an error) or `interrupted` (by somebody).
        other_room: in a dry run, why a real run would stop before it sends: the state schema belongs to another room.
        unreachable: why no row reached the room, if requests were sent and none got a response from the API.
        suppressed_before: the highest number of suppressed rows in any of the last runs; None if there was no run.
        unread: rows not sent because the source no longer returned them when it was read to send them.
        null_keys, duplicate_rows: the invalid rows without a key, and those that share one.
        unknown_keys: keys that the run was asked for and the source does not have.
        requests_waiting: privacy requests that are not submitted to Common Room yet.
        requests_undecided: ids of privacy requests that wait for a decision about their address.
        requests_problem: why privacy requests cannot be read; None if they can, or if there is no table of requests.
        emptied: whether the source is empty and was not before.
        deleted_remotely_keys, deletion_keys: up to 20 of the keys that `deleted_remotely` and `deletions` count.
        rejected_rows: some of the rows that are now invalid or rejected.
        changed: offered rows that have changed since they were delivered.
        changed_compared: the changed rows whose columns could be compared.
        changed_columns: for each column, in how many of these rows it changed.
        rows_with_dropped_values: how many rows are in Common Room without a bad value, from this run or an earlier one.
        dropped: the bad values that the run left out, by field and reason.
        problems: every invalid row of this run, by field and reason.
        columns: source columns that the contract knows.
        ignored_columns: source columns outside the contract, each with the contract's most similar name, if any.
        hides_keys: whether keys are shown as hashes, because the key of a row is a person's address or account.
        explanations: in a dry run that names keys, an explanation of each key.
        sample_targets: method and path of each of `samples`.
        samples: in a dry run, some of the requests, as JSON. Personal data: for a terminal only.
    """

    sync: str
    run_id: str
    partition: str = ""
    dry_run: bool = False
    state: str = "succeeded"
    stopped_by: str | None = None
    other_room: str | None = None
    unreachable: str | None = None
    suppressed_before: int | None = None
    source_rows: int = 0
    offered: int = 0
    offered_new: int = 0
    unchanged: int = 0
    delivered: int = 0
    invalid: int = 0
    rejected: int = 0
    failed: int = 0
    suppressed: int = 0
    unknown: int = 0
    without_values: int = 0
    not_sent: int = 0
    changed_after_delivery: int = 0
    changed_while_read: int = 0
    absent_from_source: int = 0
    deleted_remotely: int = 0
    deletions: int = 0
    requests: int = 0
    rate_limited: int = 0
    retries: int = 0
    rate_limit: int | None = None
    interval_seconds: float | None = None
    rate_used: float | None = None
    seconds: float = 0.0
    unread: int = 0
    null_keys: int = 0
    duplicate_rows: int = 0
    unknown_keys: tuple[str, ...] = ()
    requests_waiting: int = 0
    requests_undecided: tuple[str, ...] = ()
    requests_problem: str | None = None
    emptied: bool = False
    deleted_remotely_keys: list[str] = field(default_factory=list)
    deletion_keys: list[str] = field(default_factory=list)
    rejected_rows: list[RejectedRow] = field(default_factory=list)
    changed: int = 0
    changed_compared: int = 0
    changed_columns: dict[str, int] = field(default_factory=dict)
    rows_with_dropped_values: int = 0
    dropped: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    ignored_columns: Mapping[str, str | None] = field(default_factory=dict)
    hides_keys: bool = False
    explanations: list[RowExplanation] = field(default_factory=list)
    samples: list[str] = field(default_factory=list, repr=False)
    sample_targets: list[str] = field(default_factory=list)
    _parts: dict[tuple[str, str], int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _problems: dict[tuple[str, str], Problem] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shown_key(self, key: str) -> str:
        """Return a key in a form that may be shown outside the warehouse: hashed if it identifies a person."""
        if not self.hides_keys or key.startswith(("sha256:", "@")):
            return key
        return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"

    def add_problem(self, key: str, column: str, reason_code: str, message: str, rows: int = 1) -> None:
        """Count invalid rows under their field and reason."""
        known = (column, reason_code) in self._problems
        whole, _, part = column.partition(".")
        if part and not known:
            # Each row may have its own parts, such as names of fields that the room does not have.
            parts = self._parts.get((whole, reason_code), 0)
            column = whole if parts >= _MOST_PARTS else column
            self._parts[whole, reason_code] = parts + 1
        problem = self._problems.get((column, reason_code))
        if problem is None:
            problem = self._problems[column, reason_code] = Problem(column, reason_code, 0, [], message)
            self.problems.append(problem)
        problem.rows += rows
        if len(problem.example_keys) < _EXAMPLES:
            problem.example_keys.append(self.shown_key(key))

    def add_dropped(self, key: str, column: str, reason_code: str, message: str, rows: int = 1) -> None:
        """Count bad values that were left out, under their field and reason."""
        known = (each for each in self.dropped if (each.field, each.reason_code) == (column, reason_code))
        problem = next(known, None)
        if problem is None:
            if len(self.dropped) >= _MOST_DROPPED:
                return
            problem = Problem(column, reason_code, 0, [], message)
            self.dropped.append(problem)
        problem.rows += rows
        if len(problem.example_keys) < _EXAMPLES:
            problem.example_keys.append(self.shown_key(key))

    def add_traffic(self, stats: Stats) -> None:
        """Add what a client did."""
        self.requests += stats.requests
        self.rate_limited += stats.rate_limited
        self.retries += stats.retries
        self.rate_limit = stats.limit or self.rate_limit
        self.interval_seconds = stats.interval_seconds or self.interval_seconds
        self.rate_used = stats.rate_used if stats.rate_used is not None else self.rate_used

    def count_not_sent(self) -> None:
        """Count the rows without an outcome."""
        sent = self.unchanged + self.delivered + self.unknown
        shown = self.invalid + self.rejected + self.failed + self.suppressed
        self.not_sent = max(self.source_rows - sent - shown, 0)

    def add_partition(self, other: "Report") -> None:
        """Add what became of the rows of another partition of the same source."""
        for counter in COUNTERS:
            mine, theirs = getattr(self, counter.name), getattr(other, counter.name)
            if theirs is not None:
                setattr(self, counter.name, theirs if counter.latest else mine + theirs)
        for problem in other.problems:
            [key] = problem.example_keys[:1] or [""]
            self.add_problem(key, problem.field, problem.reason_code, problem.message, problem.rows)
        for name, count in other.changed_columns.items():
            self.changed_columns[name] = self.changed_columns.get(name, 0) + count
        self.changed += other.changed
        self.changed_compared += other.changed_compared
        self.emptied = self.emptied or other.emptied

    def count(self, counter: Counter) -> float | None:
        """Return the number of a counter."""
        number: float | None = getattr(self, counter.name)
        return number

    def counts(self) -> dict[str, Any]:
        """Return the report as columns of `sync_runs`."""
        return {"stopped_by": self.stopped_by, **{counter.name: self.count(counter) for counter in COUNTERS}}

    def shown_counts(self, place: Place) -> list[tuple[Counter, int]]:
        """Return the counters that a place lists, each with its number, the most important first."""
        return [
            (counter, int(self.count(counter) or 0))
            for counter in COUNTERS
            if counter.is_shown(place, self.count(counter))
        ]

    def plan_summary(self) -> str:
        """Return what the plan found in one line, for a log."""
        day = f" {self.partition}" if self.partition else ""
        return (
            f"{self.sync}{day}: planned {rows(self.source_rows)} of the source: {self.offered:,} to send, "
            f"{self.offered_new:,} of them new; {self.unchanged:,} unchanged"
        )

    def summary(self) -> str:
        """Return the report in one line, for a log."""
        if self.emptied:
            return f"{self.sync}: the source is empty and was not before; nothing was changed"
        counts = [
            f"{count:,} {counter.label_in(dry_run=self.dry_run)}" for counter, count in self.shown_counts("summary")
        ]
        line = f"{self.sync}: {rows(self.source_rows)} in the source: {', '.join(counts)}"
        line = "; ".join([line, *filter(None, [self.changes()]), *self.named_keys()])
        if self.unknown_keys:
            line += f"; {len(self.unknown_keys):,} of the keys asked for are not in the source"
        line += f"; {self.requests:,} requests in {self.seconds:.1f} s"
        if self.rate_limited:
            line += f", {self.rate_limited:,} responses of 429"
        return line

    def progress_summary(self) -> str:
        """Return how far a stopped run got: `contacts: 80 of 297 sent; the next run sends the other 217`."""
        day = f" {self.partition}" if self.partition else ""
        if self.dry_run:
            return f"{self.sync}{day}: the dry run stopped"
        if not self.offered:
            return f"{self.sync}{day}: nothing to send"
        left = min(self.failed + max(self.not_sent - self.changed_after_delivery, 0), self.offered - self.delivered)
        others = "the other " if left == self.offered - self.delivered else ""
        line = f"{self.sync}{day}: {self.delivered:,} of {self.offered:,} sent"
        return f"{line}; the next run sends {others}{left:,}" if left else line

    def privacy_messages(self) -> list[str]:
        """Return a message about privacy requests that are not submitted, not decided or not readable."""
        return privacy_messages(self.requests_waiting, len(self.requests_undecided), self.requests_problem)

    def changes(self) -> str | None:
        """Return which columns changed in how many rows: `297 changed: country 297, company_name 1`."""
        if not self.changed_columns:
            return None
        listed = sorted(self.changed_columns.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{name} {count:,}" for name, count in listed[:_MOST_COLUMNS])
        more = f" and {len(listed) - _MOST_COLUMNS} more columns" if len(listed) > _MOST_COLUMNS else ""
        compared = "" if self.changed_compared >= self.changed else f", of {self.changed_compared:,} compared"
        return f"{self.changed:,} changed{compared}: {named}{more}"

    def named_keys(self, most: int = MOST_KEYS) -> list[str]:
        """Return the keys to name to the user, as phrases such as `deleted remotely: VIP, Beta and 2 more`."""
        found = (
            ("deleted remotely", self.deleted_remotely_keys, self.deleted_remotely),
            ("would be deleted" if self.dry_run else "deleted in the room", self.deletion_keys, self.deletions),
        )
        return [f"{label}: {_listed(keys[:most], count)}" for label, keys, count in found if keys]


class SyncStopped(SyncError):
    """A run that ended early because there was no point in continuing. What it did is recorded.

    Attributes:
        report: what had become of the rows by then.
    """

    transient = True

    def __init__(self, report: Report):
        super().__init__(f"{report.progress_summary()}. {report.stopped_by}")
        self.report = report


@dataclass(frozen=True)
class Progress:
    """How far along a run is.

    Attributes:
        done: rows that have an outcome.
        total: rows that were offered.
        rows_per_second: the speed over the last minute.
        seconds_left: the time left, by the rate limit if it is known or else at that speed; None while nothing is sent.
        rate_limited: the number of 429 responses so far.
        waiting_for: what sending waits for, such as the rate limit; None while the run sends.
    """

    sync: str
    done: int
    total: int
    rows_per_second: float
    seconds_left: float | None
    rate_limited: int
    waiting_for: str | None = None

    def __str__(self) -> str:
        left = "time left unknown" if self.seconds_left is None else f"about {duration(self.seconds_left)} left"
        waiting = f", waiting for {self.waiting_for}" if self.waiting_for else ""
        speed = f"{self.rows_per_second:,.0f}" if self.rows_per_second >= 10 else f"{self.rows_per_second:.1f}"
        return f"{self.sync}: {self.done:,} of {self.total:,} rows, {speed} rows/s, {left}{waiting}"


def privacy_messages(waiting: int, undecided: int, problem: str | None) -> list[str]:
    """Return a message about privacy requests.

    Args:
        waiting: how many requests wait to be submitted.
        undecided: how many requests wait for a decision about their address.
        problem: why the requests cannot be read, if they cannot.
    """
    messages = []
    if waiting:
        messages.append(
            f"{waiting:,} privacy {'request waits' if waiting == 1 else 'requests wait'} to be submitted to Common "
            "Room; syncs suppress these people, but nothing removes them. Start the sensor pii_removals_sensor, or "
            "materialize common_room/pii_removals; `cr-pipelines pii report` lists them"
        )
    if undecided:
        messages.append(
            f"{undecided:,} privacy {'request waits' if undecided == 1 else 'requests wait'} for a decision, because "
            "the address was sent for many people or things; rows that contain it are suppressed. Run "
            "`cr-pipelines pii confirm ID` if it is one person's, `cr-pipelines pii unsuppress ID` if not; "
            "`cr-pipelines pii report` lists them as shared"
        )
    if problem is not None:
        messages.append(f"privacy requests cannot be read, so nobody new is suppressed: {problem}")
    return messages


def rows(count: int) -> str:
    """Return the count in words: `1 row`, `2 rows`."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _listed(keys: Sequence[str], count: int) -> str:
    return ", ".join(keys) + (f" and {count - len(keys):,} more" if count > len(keys) else "")


def duration(seconds: float) -> str:
    """Return a length of time in words: `5 s`, `1 min 5 s`, `1 h 2 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
