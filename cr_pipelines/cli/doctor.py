"""`cr-pipelines doctor`."""

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import click

from cr_pipelines.api import DEFAULT_BASE_URL, Stats, TokenStatus
from cr_pipelines.cli.checklist import Checklist
from cr_pipelines.cli.columns import look_at_columns
from cr_pipelines.cli.errors import explained
from cr_pipelines.cli.project import Project, load_project
from cr_pipelines.settings import DEMO_WAREHOUSE_URL
from cr_pipelines.sync import (
    Destination,
    Options,
    Report,
    RunRecord,
    RunRegistry,
    SourceUnusable,
    StateSchema,
    Sync,
    run_sync,
)
from cr_pipelines.warehouse import SourceMissing, Warehouse

_ENVIRONMENT = {
    "COMMON_ROOM_API_TOKEN": "",
    "COMMON_ROOM_BASE_URL": DEFAULT_BASE_URL,
    "COMMON_ROOM_DESTINATION_SOURCE_ID": "",
    "CR_WAREHOUSE_URL": DEMO_WAREHOUSE_URL,
    "CR_STATE_SCHEMA": "",
}
"""The variables, and what holds where one is not set."""

_OWN_LINES = {
    "delivered", "unchanged", "not_sent", "suppressed", "absent_from_source", "invalid", "rejected",
}  # fmt: skip
"""Counters that have a sentence of their own."""

_ROWS_CHECKED = 10_000
_MOST_PROBLEMS = 5
_DAYS_CHECKED = 7
"""Of a sync that goes day by day, today and the days before it."""

_T = TypeVar("_T")


def examine(definitions: str) -> bool:
    """Print what is in order and what is not; whether all of it is."""
    doctor = _Doctor()
    doctor.environment()
    try:
        project, unloadable = load_project(definitions), None
    except click.ClickException as error:
        project, unloadable = Project(), error.message
    room = doctor.room(project)
    warehouse = doctor.warehouse(project)
    if unloadable is not None:
        doctor.findings.section("Syncs")
        doctor.findings.problem(unloadable)
    elif warehouse is not None:
        doctor.syncs(project, warehouse, reachable=room)
    click.echo()
    problems = doctor.findings.problems
    if problems:
        click.secho(f"{_count(problems, 'problem')} to mend.", fg="red")
    else:
        click.secho("All is in order.", fg="green")
    return not problems


class _Doctor:
    def __init__(self) -> None:
        self.findings = Checklist()

    def environment(self) -> None:
        """Show what the environment says; what is wrong with it shows where it is used."""
        self.findings.section("Environment")
        for name, default in _ENVIRONMENT.items():
            value = os.environ.get(name)
            if not value:
                self.findings.note(f"{name} is not set{f', so it is {default}' if default else ''}")
            else:
                self.findings.ok(f"{name} is set" if "TOKEN" in name else f"{name} is {_without_password(value)}")

    def room(self, project: Project) -> bool:
        """Whether Common Room can be asked at all."""
        self.findings.section("Common Room")
        answers = self._tried("Common Room", lambda: asyncio.run(_ask(project.common_room.destination())))
        if answers is None:
            return False
        status, source_id, writable, stats = answers
        self.findings.ok(f"the token is valid and opens the room {status.community_name} (id {status.community_id})")
        if source_id is not None:
            self._destination_source(source_id, *writable)
        if stats.limit is None:
            self.findings.note("no rate limit was told")
        else:
            self.findings.ok(f"rate limit of the token: {stats.limit:,} requests per interval")
        return True

    def _destination_source(self, source_id: int, of_source: int, of_room: int) -> None:
        if of_source or not of_room:
            self.findings.ok(f"destination source {source_id}: {_count(of_source, 'custom field')} can be written")
        else:
            self.findings.problem(
                f"destination source {source_id} can write none of the room's {_count(of_room, 'custom field')}: check "
                "COMMON_ROOM_DESTINATION_SOURCE_ID against the room's API signals (Settings > Sources), or let the "
                "signal write the fields"
            )

    def warehouse(self, project: Project) -> Warehouse | None:
        """The warehouse, unless it cannot be read or our tables in it not written."""
        self.findings.section("Warehouse")

        def reach() -> tuple[Warehouse, bool]:
            warehouse = project.open_warehouse()
            with warehouse.session() as session:
                return warehouse, StateSchema(session, project.state_schema).exists()

        reached = self._tried("the warehouse", reach)
        if reached is None:
            return None
        warehouse, there = reached
        self.findings.ok(f"the {warehouse.kind} warehouse can be read")

        def write() -> int | None:
            with warehouse.session() as session:
                state = StateSchema(session, project.state_schema)
                state.prepare()
                return state.version()

        version = self._tried(f"schema {project.state_schema} (our own tables)", write)
        if version is None:
            return None
        made = "is there and can be written" if there else "was not there yet and is made now"
        self.findings.ok(f"schema {project.state_schema} {made}; it has version {version}")
        return warehouse

    def syncs(self, project: Project, warehouse: Warehouse, *, reachable: bool) -> None:
        """Look at every sync of the definitions."""
        found = [self._sync(sync, project, warehouse, reachable=reachable) for sync in project.syncs]
        if not any(found):
            self.findings.problem(
                "no sync has a source; make a view of one of the names above" if found else "there are no syncs"
            )

    def _sync(self, sync: Sync, project: Project, warehouse: Warehouse, *, reachable: bool) -> bool:
        """Look at one sync; whether its source is there."""
        self.findings.section(f"Sync {sync.name}: {sync.contract.endpoint}")

        last_run = self._tried("the last run", lambda: _last_run(sync, project, warehouse))
        missing = ""

        def columns() -> dict[str, str]:
            nonlocal missing
            with warehouse.session() as session:
                try:
                    return session.columns(sync.relation)
                except SourceMissing as error:
                    missing = explained(error) or ""
                    return {}

        types = self._tried("the source", columns)
        if missing:
            if last_run:
                self.findings.problem(f"{missing}. It was there at the last run")
            else:
                self.findings.note(f"off, as its source is not there: {missing}")
        if not types:
            return False
        self._columns(sync, types)
        if reachable:
            self._rows(sync, project, warehouse)
        else:
            self.findings.note("what it would send is not known until Common Room can be asked")
        if last_run is not None:
            self._tell_last_run(last_run[0] if last_run else None)
        return True

    def _columns(self, sync: Sync, types: dict[str, str]) -> None:
        columns = look_at_columns(sync.contract, types)
        self.findings.ok(f"{sync.relation}: {_count(columns.known, 'column')} of the contract")
        for found in (*columns.missing, *columns.misnamed, *columns.mistyped):
            self.findings.problem(found)
        if columns.unused:
            self.findings.note(f"not sent, as the contract has no such columns: {', '.join(columns.unused)}")

    def _rows(self, sync: Sync, project: Project, warehouse: Warehouse) -> None:
        if sync.contract.needs_source_id and project.common_room.destination().source_id is None:
            self.findings.problem(
                "cannot run without a destination source; set COMMON_ROOM_DESTINATION_SOURCE_ID to the id of the API "
                "signal in Common Room (Settings > Sources)"
            )
            return

        today = datetime.now(UTC).date()
        partitions = dict.fromkeys(
            project.partition(sync, today - timedelta(days=back)) for back in range(_DAYS_CHECKED)
        )

        def plan() -> Report | None:
            try:
                return _together(
                    [
                        run_sync(
                            sync,
                            warehouse,
                            project.common_room.destination(),
                            schema=project.state_schema,
                            options=Options(dry_run=True, limit=_ROWS_CHECKED),
                            partition=partition,
                        )
                        for partition in partitions
                    ]
                )
            except SourceUnusable:
                # The columns have said so.
                return None

        report = self._tried("what it would send", plan)
        if report is None:
            return
        if report.emptied:
            self.findings.problem("the source is empty and was not before; look at the view. Nothing would be changed")
            return
        unchecked = f" (the first {_ROWS_CHECKED:,} of them were checked)" if report.not_sent else ""
        self.findings.ok(
            f"{_count(report.source_rows, 'row')}{_of_days(len(partitions))}: a run would send "
            f"{report.delivered + report.not_sent:,}{unchecked}; "
            f"{report.unchanged:,} unchanged"
        )
        self._withheld(report, project.state_schema)
        for counter, count in report.shown_counts("doctor"):
            if counter.name not in _OWN_LINES:
                self.findings.note(f"{count:,} {counter.label_in(dry_run=True)}")
        for named in report.named_keys():
            self.findings.note(named)

    def _withheld(self, report: Report, schema: str) -> None:
        if report.suppressed:
            self.findings.note(f"{_count(report.suppressed, 'row')} withheld: the people asked to be forgotten")
        if report.absent_from_source:
            self.findings.note(f"{_count(report.absent_from_source, 'key')} of earlier runs absent from the source")
        if report.invalid:
            self.findings.problem(
                f"{_count(report.invalid, 'row')} cannot be sent; `cr-pipelines plan {report.sync}` shows examples"
            )
            problems = sorted(report.problems, key=lambda problem: -problem.rows)
            for problem in problems[:_MOST_PROBLEMS]:
                self.findings.detail(f"{problem.rows:,} x {problem.message}")
            if len(problems) > _MOST_PROBLEMS:
                self.findings.detail(f"and {len(problems) - _MOST_PROBLEMS} kinds of problem more")
        if report.rejected:
            self.findings.problem(
                f"{_count(report.rejected, 'row')} refused by Common Room before, and not changed since; they are in "
                f"{schema}.rejected_rows"
            )

    def _tell_last_run(self, run: RunRecord | None) -> None:
        if run is None:
            self.findings.ok("never run yet")
            return
        when = f"last run {_ago(run.started_at)} ago"
        if run.state in ("succeeded", "running"):
            delivered, requests = run.counts["delivered"], run.counts["requests"]
            counts = "" if delivered is None else f", {delivered:,} delivered with {_count(requests, 'request')}"
            self.findings.ok(f"{when}: {run.state}{counts}")
        else:
            stopped_by = f"; {run.stopped_by}" if run.stopped_by else ""
            self.findings.note(f"{when}: {run.state}{stopped_by}. The next run goes on from it")

    def _tried(self, what: str, attempt: Callable[[], _T]) -> _T | None:
        """What the attempt gives, or None with the problem printed."""
        try:
            return attempt()
        except Exception as error:
            # The text of an error that nobody expected may hold a row's values.
            text = explained(error) or f"{what}: unexpected {type(error).__name__}; `cr-pipelines plan` shows more"
            self.findings.problem(text)
            return None


async def _ask(destination: Destination) -> tuple[TokenStatus, int | None, tuple[int, int], Stats]:
    """Whose token it is; the source and how many custom fields it and any source may write; the client's counts."""
    source_id = destination.source_id
    async with destination.open_client() as room:
        status = await room.token_status()
        of_room = await room.list_custom_fields()
        of_source = of_room if source_id is None else await room.list_custom_fields(source_id)
        return status, source_id, (len(of_source), len(of_room)), room.stats


def _last_run(sync: Sync, project: Project, warehouse: Warehouse) -> list[RunRecord]:
    """Return the sync's last run; nothing when there was none."""
    with warehouse.session() as session:
        last = RunRegistry(session, project.state_schema).last_run(sync.name)
        return [] if last is None else [last]


def _together(reports: Sequence[Report]) -> Report:
    """Return the reports of several days as one."""
    first, *others = reports
    for report in others:
        first.add_partition(report)
    return first


def _of_days(days: int) -> str:
    return "" if days == 1 else f" of the last {days} days"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))


def _ago(moment: datetime) -> str:
    seconds = max((datetime.now(UTC) - moment).total_seconds(), 0)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return _count(int(seconds // length), unit)
    return _count(int(seconds), "second")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
