"""The log of a run, as a story of at most twenty lines: plan, progress, outcome.

Goes in: what the engine reports of each partition. Comes out: lines in the log of the Dagster run. The longer a run
takes, the longer are the pauses between its lines.
"""

import time
from collections.abc import Sequence

import dagster as dg

from cr_pipelines.sync import Partition, Progress, Report

_MOST_DAYS = 5
"""A run of more days logs all of them together; the metadata of each day has its numbers."""

_MOST_EXPLAINED = 15
"""The metadata explains the other rows."""


class RunStory:
    """The story of one run."""

    def __init__(self, context: dg.AssetExecutionContext, partitions: Sequence[Partition | None]):
        self._context = context
        self._days = len(partitions)
        self._done = 0
        self._begun = time.monotonic()
        self._shown_after = 0.0
        self._total: Report | None = None

    def plan(self, report: Report) -> None:
        """Say what the plan of a partition found."""
        if self._days <= _MOST_DAYS:
            self._context.log.info(report.plan_summary())

    def shows_progress(self, progress: Progress) -> bool:
        """Say how far the run is, unless it did so recently, and return whether it did."""
        if not self._is_due():
            return False
        day = f" (day {self._done + 1:,} of {self._days:,})" if self._days > 1 else ""
        self._context.log.info("%s%s", progress, day)
        return True

    def outcome(self, report: Report) -> None:
        """Say what became of the rows of a partition; of all partitions together after the last of many."""
        self._done += 1
        self._explain(report)
        if self._days <= _MOST_DAYS:
            self._context.log.info(report.summary())
            return
        if self._total is None:
            self._total = Report(report.sync, report.run_id, dry_run=report.dry_run)
        self._total.add_partition(report)
        if self._done == self._days or self._is_due():
            self._context.log.info("%d of %d days: %s", self._done, self._days, self._total.summary())

    def _is_due(self) -> bool:
        """Return whether the run is twice as old as when it last showed its progress."""
        elapsed = time.monotonic() - self._begun
        if elapsed < 2 * self._shown_after:
            return False
        self._shown_after = elapsed
        return True

    def _explain(self, report: Report) -> None:
        if report.other_room is not None:
            self._context.log.warning("a run would stop before sending anything: %s", report.other_room)
        for row in report.explanations[:_MOST_EXPLAINED]:
            self._context.log.info("%s: the next run %s", row.key, row.next_run)
        more = len(report.explanations) - _MOST_EXPLAINED
        if more > 0:
            self._context.log.info(
                "%d more keys: see the metadata of the observation, or run `cr-pipelines explain`", more
            )
