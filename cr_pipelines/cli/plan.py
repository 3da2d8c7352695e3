"""`cr-pipelines plan`.

Goes in: a sync, and what narrows its run. Comes out: counts, problems and a few requests of a dry run, in the terminal.
"""

import json
import re
from datetime import date
from typing import Any

import click

from cr_pipelines.cli.hints import naming_tables, source_id_problem
from cr_pipelines.cli.progress import showing
from cr_pipelines.cli.project import load_project
from cr_pipelines.cli.reports import as_json, show_problems
from cr_pipelines.sync import Options, Report, run_sync
from cr_pipelines.wording import count

_MOST_NAMED = 5
"""How many keys, or addresses in one request, are listed before the rest is only counted."""


def show_plan(
    name: str,
    options: Options,
    *,
    definitions: str,
    in_json: bool,
    day: date | None = None,
) -> None:
    """Print what a run of the sync would send; with daily partitions, what it would send for `day` or yesterday.

    Raises ClickException and whatever `run_sync` raises.
    """
    project = load_project(definitions, name)
    sync = project.find(name)
    partition = project.partition_of(sync, day)
    with showing(f"{sync.name}: comparing the source with the ledger"), naming_tables(project, sync.relation):
        report = run_sync(
            sync,
            project.open_warehouse(),
            project.common_room.destination(),
            schema=project.state_schema,
            options=options,
            partition=partition,
            requests=project.requests,
        )
    wrong_source = source_id_problem(project, sync, report)
    if wrong_source is not None:
        raise click.ClickException(wrong_source)
    if in_json:
        click.echo(json.dumps({"request": sync.contract.endpoint, **as_json(report)}, indent=2))
        return
    of_day = f" of {partition.name}" if partition else ""
    click.secho(f"{sync.name}: {count(report.source_rows, 'row')}{of_day} in {sync.relation}\n", bold=True)
    if report.other_room is not None:
        click.secho(f"  A run would stop before sending anything: {report.other_room}\n", fg="red")
    _show_counts(report)
    _show_columns(report)
    show_problems(report)
    _show_payloads(report)
    for message in report.privacy_messages():
        click.secho(f"\n  {message}", fg="yellow")
    click.echo("\nNothing was sent.")


def _show_counts(report: Report) -> None:
    if report.emptied:
        click.secho("  The source is empty and was not before. A run would change nothing.", fg="red")
        return
    for counter, number in report.shown_counts("plan"):
        click.echo(f"  {counter.label_in(dry_run=True):22}{number:>12,}")
    if report.changes():
        click.echo(f"\n  {report.changes()}")
    for named in report.named_keys(_MOST_NAMED):
        click.echo(f"\n  {named}")


def _show_columns(report: Report) -> None:
    if not report.ignored_columns:
        return
    click.secho("\nColumns that are not sent", bold=True)
    for name, meant in report.ignored_columns.items():
        click.echo(f"  {name}" + (f"  did you mean {meant}?" if meant else ""))


def _show_payloads(report: Report) -> None:
    for position, (target, sample) in enumerate(zip(report.sample_targets, report.samples, strict=True), start=1):
        click.secho(f"\nRequest {position}: {target} (personal data)", bold=True)
        click.echo(json.dumps(_shortened(json.loads(sample)), indent=2, ensure_ascii=False))


def _shortened(value: Any) -> Any:
    """Return a value of a request with its long lists cut; some are one text with commas."""
    match value:
        case dict():
            return {name: _shortened(inner) for name, inner in value.items()}
        case list():
            more = len(value) - _MOST_NAMED
            shown = [_shortened(inner) for inner in value[:_MOST_NAMED]]
            return [*shown, f"… and {more:,} more"] if more > 0 else shown
        case str() if "," in value and not re.search(r"\s", value):
            parts = value.split(",")
            if len(parts) <= _MOST_NAMED:
                return value
            return f"{','.join(parts[:_MOST_NAMED])} … and {len(parts) - _MOST_NAMED:,} more"
    return value
