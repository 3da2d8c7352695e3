"""`cr-pipelines run`: a sync outside Dagster, for example under cron or Airflow.

Goes in: a sync, and what its run does differently. Comes out: its summary and what needs a look, and an exit code.
"""

import json
import sys
import traceback
from collections.abc import Sequence
from datetime import date

import click

from cr_pipelines.cli.errors import explain
from cr_pipelines.cli.hints import naming_tables, source_id_problem
from cr_pipelines.cli.progress import showing
from cr_pipelines.cli.project import Project, load_project
from cr_pipelines.cli.reports import as_json, show_problems
from cr_pipelines.sync import Options, Report, Sync, SyncError, SyncStopped, Timing, run_sync
from cr_pipelines.wording import count

ALL_WELL, NEEDS_A_LOOK, COULD_NOT_RUN = 0, 1, 2

_BAR_SECONDS = 0.5


def run(name: str, options: Options, *, day: date | None, definitions: str, in_json: bool) -> int:
    """Run the sync and print what became of its rows. Return the exit code."""
    try:
        project = load_project(definitions, name)
        sync = project.find(name)
        report, stopped_by = _run(project, sync, options, day)
    except KeyboardInterrupt:
        return _failed(f"{name} was interrupted; what it sent is recorded, and the next run sends the rest", in_json)
    except click.ClickException as error:
        return _failed(error.message, in_json)
    except Exception as error:
        message = explain(error)
        if message is None:
            # Its text may quote a row; its traceback does not.
            message = f"unexpected {type(error).__name__}; please report it"
            click.echo("".join(traceback.format_tb(error.__traceback__)), err=True)
        return _failed(message, in_json)
    code = _code(report) if stopped_by is None else COULD_NOT_RUN
    if in_json:
        click.echo(json.dumps({"exit_code": code, "error": stopped_by, **as_json(report)}, indent=2))
    else:
        _show(report, stopped_by or source_id_problem(project, sync, report), project.state_schema)
    return code


def _run(project: Project, sync: Sync, options: Options, day: date | None) -> tuple[Report, str | None]:
    """Return the report of a run, and why it ended early, if it did."""
    on_terminal = sys.stderr.isatty()
    timing = Timing(progress_seconds=_BAR_SECONDS, longest_progress_seconds=_BAR_SECONDS) if on_terminal else Timing()
    with (
        showing(f"{sync.name}: comparing the source with the ledger") as display,
        naming_tables(project, sync.relation),
    ):
        try:
            report = run_sync(
                sync,
                project.open_warehouse(),
                project.common_room.destination(),
                schema=project.state_schema,
                requests=project.requests,
                options=options,
                partition=project.partition_of(sync, day),
                on_progress=display.update,
                timing=timing,
            )
        except SyncStopped as error:
            return error.report, explain(error)
    if report.unreachable is not None:
        reason = explain(SyncError(f"{sync.name}: no row reached Common Room. {report.unreachable}"))
        return report, reason
    return report, None


def _code(report: Report) -> int:
    needs_a_look = (
        report.invalid, report.rejected, report.failed, report.unknown, report.unread, report.emptied,
        report.unknown_keys,
    )  # fmt: skip
    return NEEDS_A_LOOK if any(needs_a_look) else ALL_WELL


def _failed(message: str, in_json: bool) -> int:
    if in_json:
        click.echo(json.dumps({"exit_code": COULD_NOT_RUN, "error": message}, indent=2))
    else:
        click.secho(f"Error: {message}", fg="red", err=True)
    return COULD_NOT_RUN


def _show(report: Report, stopped_by: str | None, schema: str) -> None:
    if stopped_by is not None:
        click.secho(f"Error: {stopped_by}", fg="red", err=True)
    click.echo(report.summary())
    show_problems(report)
    if report.unknown_keys:
        click.echo(f"not in the source: {_listed(report.unknown_keys)}")
    if report.rejected or report.failed or report.unknown:
        click.echo(
            f"Look in {schema}.sync_ledger for the reason of each row: "
            f"SELECT key, status, reason_code, message FROM {schema}.sync_ledger "
            f"WHERE sync = '{report.sync}' AND status IN ('rejected', 'failed', 'unknown')"
        )
    if report.dry_run:
        click.echo("Nothing was sent.")


def _listed(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:10])
    return shown if len(keys) <= 10 else f"{shown} and {count(len(keys) - 10, 'more key')}"
