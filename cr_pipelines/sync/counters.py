"""Every number that a run counts, declared once.

Goes in: nothing. Comes out: `COUNTERS`, from which the count columns of `sync_runs`, the metadata in Dagster, the
summary of a run and the output of `cr-pipelines plan` and `doctor` are made. If one of them leaves out a counter, the
counter says so here, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CounterKind = Literal["bigint", "double"]
Place = Literal["summary", "plan", "doctor"]

_HEADLINE = "the line above the counts has it"
_TRAFFIC = "a dry run sends look-ups only"
_LIMIT = "the token's limit, and not what became of rows"


@dataclass(frozen=True)
class Counter:
    """A number that a run counts.

    Attributes:
        name: the attribute of `Report`, and the column of `sync_runs`.
        kind: the column's type; a `bigint` of several partitions is added up unless `latest`.
        metadata: its name in Dagster.
        label: shown after the number in the summary of a run.
        description: what is counted.
        planned_label: shown beside the number in the output of a dry run; None for `label`.
        planned_metadata: its name in Dagster in a dry run; None for `metadata`.
        decimals: how many decimals Dagster shows.
        factor: what the number is multiplied by for Dagster.
        latest: whether the number of several partitions is that of the last one, instead of the sum.
        always: whether it is shown even if it is 0.
        omitted: places that do not list it, each with the reason.
    """

    name: str
    kind: CounterKind
    metadata: str
    label: str
    description: str
    planned_label: str | None = None
    planned_metadata: str | None = None
    decimals: int | None = None
    factor: int = 1
    latest: bool = False
    always: bool = False
    omitted: Mapping[Place, str] = field(default_factory=dict)

    def is_shown(self, place: Place, value: float | None) -> bool:
        """Return whether a place lists the counter with this value."""
        return place not in self.omitted and (bool(value) or self.always)

    def label_in(self, *, dry_run: bool) -> str:
        """Return what is shown beside the number."""
        return self.planned_label or self.label if dry_run else self.label

    def metadata_in(self, *, dry_run: bool) -> str:
        """Return its name in Dagster."""
        return self.planned_metadata or self.metadata if dry_run else self.metadata

    def rounded(self, value: float) -> float:
        """Return the number as Dagster shows it."""
        scaled = value * self.factor
        return scaled if self.decimals is None else round(scaled, self.decimals)


def _nowhere(summary: str, dry_run: str) -> Mapping[Place, str]:
    return {"summary": summary, "plan": dry_run, "doctor": dry_run}


COUNTERS = (
    Counter(
        "source_rows",
        "bigint",
        "dagster/row_count",
        "in the source",
        "Rows in the source, or in its partition.",
        omitted=_nowhere(_HEADLINE, _HEADLINE),
    ),
    Counter(
        "delivered",
        "bigint",
        "rows_delivered",
        "delivered",
        "Rows that the API accepted in this run; in a dry run, rows that would be sent.",
        planned_label="would be sent",
        planned_metadata="rows_to_deliver",
        always=True,
    ),
    Counter(
        "unchanged",
        "bigint",
        "rows_unchanged",
        "unchanged",
        "Rows that an earlier run delivered as they are now.",
        always=True,
    ),
    Counter(
        "invalid",
        "bigint",
        "rows_invalid",
        "invalid",
        "Rows that fail our own checks: no key, a key shared with another row, a bad value.",
    ),
    Counter(
        "rejected",
        "bigint",
        "rows_rejected",
        "rejected",
        "Rows that the API rejected, now or in an earlier run, and that have not changed since.",
        planned_label="rejected before",
    ),
    Counter(
        "failed",
        "bigint",
        "rows_failed",
        "failed",
        "Rows whose retries are spent; the next run offers them again.",
    ),
    Counter(
        "suppressed",
        "bigint",
        "rows_suppressed",
        "suppressed",
        "Rows of people on the suppression list.",
    ),
    Counter(
        "unknown",
        "bigint",
        "rows_unknown",
        "unknown",
        "Rows whose request may or may not have arrived, of operations that must not be repeated.",
        planned_label="may have arrived",
    ),
    Counter(
        "without_values",
        "bigint",
        "rows_without_values",
        "with a bad value left out",
        "Of the rows delivered in the run, those sent without a bad value (on_invalid_value: drop_value).",
    ),
    Counter(
        "not_sent",
        "bigint",
        "rows_not_sent",
        "not sent",
        "Rows that the run's options or its early end left for another run, and those changed after delivery.",
    ),
    Counter(
        "changed_after_delivery",
        "bigint",
        "rows_changed_after_delivery",
        "of them changed after delivery",
        "Of the rows not sent, those of an operation that appends which changed after they were delivered. A second "
        "note would be added, so they are sent again only by naming their keys.",
        planned_label="changed after delivery",
    ),
    Counter(
        "changed_while_read",
        "bigint",
        "rows_changed_while_read",
        "changed while the source was read",
        "Rows that had changed or disappeared when the source was read again to send them, as in a view with random "
        "ids or now(). Rows that had disappeared are not sent.",
    ),
    Counter(
        "deleted_remotely",
        "bigint",
        "rows_deleted_remotely",
        "deleted remotely",
        "Rows that were delivered and then deleted manually in Common Room. They count as unchanged unless the sync "
        "recreates them.",
    ),
    Counter(
        "deletions",
        "bigint",
        "deletions",
        "deleted in the room",
        "Deleted in Common Room because the row left the source; in a dry run, what would be deleted.",
        planned_label="would be deleted",
        planned_metadata="deletions_to_make",
    ),
    Counter(
        "absent_from_source",
        "bigint",
        "rows_absent_from_source",
        "absent from the source",
        "Keys of earlier runs that the source no longer has.",
    ),
    Counter(
        "offered",
        "bigint",
        "rows_offered",
        "offered",
        "Rows that the run tries to send: new, changed or due again.",
        omitted={"summary": "the other counts say what became of them", "doctor": _HEADLINE},
    ),
    Counter(
        "offered_new",
        "bigint",
        "rows_new",
        "new to the ledger",
        "Of the rows offered, those whose key the ledger had not seen before.",
        omitted={"summary": "the other counts say what became of them"},
    ),
    Counter(
        "requests",
        "bigint",
        "requests",
        "requests",
        "Requests that went out, retries and look-ups included, but not the one that asks for the token's room.",
        omitted=_nowhere("the end of the line has it", _TRAFFIC),
    ),
    Counter(
        "rate_limited",
        "bigint",
        "requests_rate_limited",
        "responses of 429",
        "Responses with status 429.",
        omitted=_nowhere("the end of the line has it", _TRAFFIC),
    ),
    Counter(
        "retries",
        "bigint",
        "requests_retried",
        "retries",
        "Requests repeated after a fault.",
        omitted=_nowhere("the requests include them", _TRAFFIC),
    ),
    Counter(
        "rate_limit",
        "bigint",
        "rate_limit",
        "requests per interval",
        "Requests that the token allows per interval; null until the server reports it.",
        latest=True,
        omitted=_nowhere(_LIMIT, _LIMIT),
    ),
    Counter(
        "interval_seconds",
        "double",
        "rate_limit_interval_seconds",
        "seconds per interval",
        "Length of the interval in seconds; null until a 429 reveals it.",
        decimals=2,
        latest=True,
        omitted=_nowhere(_LIMIT, _LIMIT),
    ),
    Counter(
        "rate_used",
        "double",
        "rate_limit_used_percent",
        "of the rate limit used",
        "Share of the limit that was used while it was known, 0 to 1; a percentage in Dagster.",
        decimals=1,
        factor=100,
        latest=True,
        omitted=_nowhere(_LIMIT, _TRAFFIC),
    ),
    Counter(
        "seconds",
        "double",
        "seconds",
        "seconds",
        "Wall time of the run in seconds.",
        decimals=2,
        omitted=_nowhere("the end of the line has it", _TRAFFIC),
    ),
)
"""All counters, in display order."""
