"""`cr-pipelines audit`: check that Common Room stored what it accepted.

Goes in: a sync and the size of the sample. Comes out: counts, and the keys and field names of what is absent or
different; no values. And an exit code.
"""

import json
from dataclasses import asdict
from datetime import timedelta

import click

from cr_pipelines.cli.errors import explain
from cr_pipelines.cli.hints import naming_tables
from cr_pipelines.cli.progress import showing
from cr_pipelines.cli.project import load_project
from cr_pipelines.errors import CrPipelinesError
from cr_pipelines.sync import AuditReport, audit_sync

_ALL_WELL, _NEEDS_A_LOOK, _COULD_NOT_RUN = 0, 1, 2


def audit(name: str, *, sample: int, minutes: float, rate_share: float, definitions: str, in_json: bool) -> int:
    """Look up a sample and print what was found. Return the exit code."""
    try:
        project = load_project(definitions)
        sync = project.find(name)
        with showing(f"{sync.name}: looking up delivered rows"), naming_tables(project, sync.relation):
            report = audit_sync(
                sync,
                project.open_warehouse(),
                project.common_room.destination(rate_share),
                schema=project.state_schema,
                sample=sample,
                settled_for=timedelta(minutes=minutes),
            )
    except (CrPipelinesError, click.ClickException) as error:
        message = error.message if isinstance(error, click.ClickException) else explain(error)
        if in_json:
            click.echo(json.dumps({"exit_code": _COULD_NOT_RUN, "error": message}, indent=2))
        else:
            click.secho(f"Error: {message}", fg="red", err=True)
        return _COULD_NOT_RUN
    code = _ALL_WELL if report.passed else _NEEDS_A_LOOK
    if in_json:
        click.echo(json.dumps({"exit_code": code, "error": None, **asdict(report)}, indent=2))
    else:
        _show(report)
    return code


def _show(report: AuditReport) -> None:
    click.secho(report.summary(), fg=None if report.passed else "red")
    for key in report.absent:
        click.echo(f"  absent     {key}")
    for key, names in report.different.items():
        click.echo(f"  different  {key}  {', '.join(names)}")
    if not report.passed:
        click.echo(
            f"\nResend them with `cr-pipelines run {report.sync} --resync all --key KEY`, and audit again later. A "
            "field may also differ because another source of the room has a different value."
        )
