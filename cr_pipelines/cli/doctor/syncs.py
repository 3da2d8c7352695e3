"""Whether each sync can run, and what its next run would do.

Goes in: the project's syncs and an open warehouse. Comes out: findings about each source, its columns, the rows that a
run would send, and the last run.
"""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

from cr_pipelines.api import current_way
from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.doctor.columns import compare_columns
from cr_pipelines.cli.errors import explain
from cr_pipelines.cli.hints import tables_like
from cr_pipelines.cli.project import Project
from cr_pipelines.sync import (
    Options,
    Report,
    RunRecord,
    RunRegistry,
    SourceUnusable,
    Sync,
    run_sync,
    without_own_name,
)
from cr_pipelines.warehouse import SourceMissing, Warehouse, WarehouseError
from cr_pipelines.wording import count

_ROWS_CHECKED = 10_000
_MOST_PROBLEMS = 5
_DAYS_CHECKED = 7
"""For a sync with daily partitions: today and the days before it."""

_OWN_MESSAGES = {"delivered", "unchanged", "not_sent", "suppressed", "absent_from_source", "invalid", "rejected"}
"""Counters that have their own message."""


class SyncChecks:
    """The checks of every sync.

    Args:
        checklist: takes the findings.
        project: the syncs, and the resources of their runs.
        warehouse: where sources and state are.
        reachable: whether Common Room responds; without it a run cannot be planned.
    """

    def __init__(self, checklist: Checklist, project: Project, warehouse: Warehouse, *, reachable: bool) -> None:
        self._checklist = checklist
        self._project = project
        self._warehouse = warehouse
        self._reachable = reachable

    def run(self) -> None:
        """Check every sync of the project."""
        found = [self._check(sync) for sync in self._project.syncs]
        if not any(found):
            self._checklist.problem(
                "no sync has a source: create a view with one of the names above"
                if found
                else "the definitions have no syncs"
            )

    def _check(self, sync: Sync) -> bool:
        """Check one sync. Return whether its source exists."""
        self._checklist.section(f"Sync {sync.name}: {sync.contract.endpoint}")
        with ExitStack() as kept_open:
            if self._warehouse.exclusive:
                # To open a file that this thread has open takes no time.
                with suppress(WarehouseError):
                    kept_open.enter_context(self._warehouse.session())
            runs = self._checklist.attempt("the last run", lambda: self._last_run(sync))
            types = self._checklist.attempt("the source", lambda: self._columns(sync, has_run=bool(runs)))
        if not types:
            return False
        way = current_way(sync.contract.endpoint)
        if way is not None:
            self._checklist.note(f"legacy: no longer in Common Room's API description; instead, {way}")
        fits = self._check_columns(sync, types)
        if self._reachable:
            self._check_rows(sync, types, fits=fits)
        else:
            self._checklist.note("cannot plan a run until Common Room can be reached")
        if runs is not None:
            self._check_last_run(runs)
        return True

    def _columns(self, sync: Sync, *, has_run: bool) -> dict[str, str]:
        """Return the columns of the source by name, with their types; none if the source does not exist."""
        with self._warehouse.source_session() as session:
            try:
                return session.describe(sync.relation)
            except SourceMissing as error:
                like = tables_like(self._project, sync.relation)
                if has_run:
                    self._checklist.problem(f"{explain(error)}. The last run found it{like}")
                else:
                    self._checklist.note(f"off, because there is no {sync.relation}{like}")
                return {}

    def _check_columns(self, sync: Sync, types: dict[str, str]) -> bool:
        """Print what is wrong with the columns. Return whether nothing is."""
        columns = compare_columns(sync.contract, types)
        self._checklist.ok(f"{sync.relation} has {count(columns.known, 'column')} of the contract")
        wrong = (*columns.missing, *columns.misnamed, *columns.mistyped)
        for found in wrong:
            self._checklist.problem(found)
        if columns.unused:
            self._checklist.note(f"not sent, because the contract has no such columns: {', '.join(columns.unused)}")
        return not wrong

    def _check_rows(self, sync: Sync, types: dict[str, str], *, fits: bool) -> None:
        columns = sync.contract.match(list(types)).columns
        if sync.contract.writes_to_source(columns) and self._project.common_room.destination().source_id is None:
            self._checklist.problem(
                "cannot run without a destination source: set COMMON_ROOM_DESTINATION_SOURCE_ID to the id of the API "
                "signal in Common Room (Settings > Sources)"
            )
            return
        reports = self._checklist.attempt("what a run would send", lambda: self._plan(sync, fits=fits))
        if not reports:
            return
        report = _add_up(reports)
        if report.emptied:
            self._checklist.problem(
                "the source is empty and was not before: check the view. A run would change nothing"
            )
            return
        days = "" if len(reports) == 1 else f" of the last {len(reports)} days"
        checked = f" (checked the first {_ROWS_CHECKED:,})" if report.not_sent else ""
        self._checklist.ok(
            f"{count(report.source_rows, 'row')}{days}: a run would send "
            f"{report.delivered + report.not_sent:,}{checked}; {report.unchanged:,} unchanged"
        )
        self._check_not_sent(report)
        for counter, number in report.shown_counts("doctor"):
            if counter.name not in _OWN_MESSAGES:
                self._checklist.note(f"{number:,} {counter.label_in(dry_run=True)}")
        for named in report.named_keys():
            self._checklist.note(named)

    def _plan(self, sync: Sync, *, fits: bool) -> list[Report]:
        """Plan a run of each day, or of all rows; none if the source cannot be used, and its columns have shown why."""
        today = datetime.now(UTC).date()
        days = [today - timedelta(days=back) for back in range(_DAYS_CHECKED)]
        partitions = dict.fromkeys(self._project.partition(sync, day) for day in days)
        # A limited run deletes nothing, so a limit would hide what the next run deletes.
        limit = None if sync.on_source_delete == "delete" else _ROWS_CHECKED
        try:
            return [
                run_sync(
                    sync,
                    self._warehouse,
                    self._project.common_room.destination(),
                    schema=self._project.state_schema,
                    requests=self._project.requests,
                    options=Options(dry_run=True, limit=limit),
                    partition=partition,
                )
                for partition in partitions
            ]
        except SourceUnusable:
            if fits:
                raise
            return []

    def _check_not_sent(self, report: Report) -> None:
        if report.suppressed:
            self._checklist.note(f"{count(report.suppressed, 'row')} suppressed: these people asked to be forgotten")
        if report.absent_from_source:
            self._checklist.note(f"{count(report.absent_from_source, 'key')} of earlier runs absent from the source")
        if report.invalid:
            self._checklist.problem(
                f"{count(report.invalid, 'row')} cannot be sent: run `cr-pipelines plan {report.sync}` for examples"
            )
            problems = sorted(report.problems, key=lambda problem: -problem.rows)
            for problem in problems[:_MOST_PROBLEMS]:
                _, message = without_own_name(problem.field, problem.reason_code, problem.message)
                self._checklist.detail(f"{problem.rows:,} x {message}")
            if len(problems) > _MOST_PROBLEMS:
                self._checklist.detail(f"and {count(len(problems) - _MOST_PROBLEMS, 'more kind')} of problem")
        if report.rejected:
            self._checklist.problem(
                f"{count(report.rejected, 'row')} rejected by Common Room and not changed since: see "
                f"{self._project.state_schema}.rejected_rows for the reasons"
            )

    def _last_run(self, sync: Sync) -> Sequence[RunRecord]:
        """Return the sync's last run; nothing if it never ran."""
        with self._warehouse.session() as session:
            last = RunRegistry(session, self._project.state_schema).last_run(sync.name)
            return [] if last is None else [last]

    def _check_last_run(self, runs: Sequence[RunRecord]) -> None:
        if not runs:
            self._checklist.ok("has not run yet")
            return
        [run] = runs
        when = f"last run {_age(run.started_at)} ago"
        if run.state in ("succeeded", "running"):
            delivered, requests = run.counts["delivered"], run.counts["requests"]
            counts = "" if delivered is None else f", {delivered:,} delivered with {count(requests, 'request')}"
            self._checklist.ok(f"{when}: {run.state}{counts}")
        else:
            reason = f"; {run.stopped_by}" if run.stopped_by else ""
            self._checklist.note(f"{when}: {run.state}{reason}. The next run continues where it ended")


def _add_up(reports: Sequence[Report]) -> Report:
    """Return the reports of several days as one."""
    first, *others = reports
    for report in others:
        first.add_partition(report)
    return first


def _age(moment: datetime) -> str:
    seconds = max((datetime.now(UTC) - moment).total_seconds(), 0)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return count(int(seconds // length), unit)
    return count(int(seconds), "second")
