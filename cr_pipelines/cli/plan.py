"""`cr-pipelines plan`.

Goes in: a sync, and what narrows its run. Comes out: counts, problems and a few requests of a dry run, in the terminal.
"""

import difflib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import cast

import click

from cr_pipelines.cli.project import load_project
from cr_pipelines.sync import Options, Report, Resync, Sync, run_sync
from cr_pipelines.wording import count


def show_plan(
    name: str,
    *,
    keys: Sequence[str],
    limit: int | None,
    resync: str,
    payloads: int,
    definitions: str,
    day: date | None = None,
) -> None:
    """Print what a run of the sync would send; with daily partitions, what it would send for `day` or yesterday.

    Raises ClickException and whatever `run_sync` raises.
    """
    project = load_project(definitions)
    sync = _named(name, project.syncs, definitions)
    partition = project.partition(sync, day or datetime.now(UTC).date() - timedelta(days=1))
    if day is not None and partition is None:
        raise click.ClickException(f"{sync.name} has no daily partitions; omit --day")
    report = run_sync(
        sync,
        project.open_warehouse(),
        project.common_room.destination(),
        schema=project.state_schema,
        options=Options(dry_run=True, resync=cast(Resync, resync), keys=keys, limit=limit, samples=payloads),
        partition=partition,
        requests=project.requests,
    )
    of_day = f" of {partition.name}" if partition else ""
    click.secho(f"{sync.name}: {count(report.source_rows, 'row')}{of_day} in {sync.relation}\n", bold=True)
    _show_counts(report)
    _show_columns(report)
    _show_problems(report)
    _show_payloads(report)
    for message in report.privacy_messages():
        click.secho(f"\n  {message}", fg="yellow")
    click.echo("\nNothing was sent.")


def _named(name: str, syncs: Sequence[Sync], definitions: str) -> Sync:
    by_name = {sync.name: sync for sync in syncs}
    # The key of the asset works as well as the name of the sync.
    found = by_name.get(name) or by_name.get(name.rpartition("/")[2])
    if found is not None:
        return found
    similar = difflib.get_close_matches(name, by_name, n=1)
    hint = f"; did you mean {similar[0]}?" if similar else "."
    raise click.ClickException(
        f"{definitions} has no sync {name!r}{hint} Its syncs: {', '.join(sorted(by_name)) or 'none'}"
    )


def _show_counts(report: Report) -> None:
    if report.emptied:
        click.secho("  The source is empty and was not before. A run would change nothing.", fg="red")
        return
    for counter, number in report.shown_counts("plan"):
        click.echo(f"  {counter.label_in(dry_run=True):22}{number:>12,}")
    for named in report.named_keys():
        click.echo(f"\n  {named}")


def _show_columns(report: Report) -> None:
    if not report.ignored_columns:
        return
    click.secho("\nColumns that are not sent", bold=True)
    for name, meant in report.ignored_columns.items():
        click.echo(f"  {name}" + (f"  did you mean {meant}?" if meant else ""))


def _show_problems(report: Report) -> None:
    if not report.problems:
        return
    click.secho("\nProblems", bold=True)
    for problem in sorted(report.problems, key=lambda problem: -problem.rows):
        keys = ", ".join(problem.example_keys) + (", …" if problem.rows > len(problem.example_keys) else "")
        click.echo(f"  {problem.rows:>8,}  {problem.field}  {problem.reason_code}  keys: {keys}")
        click.echo(f"            {problem.message}")


def _show_payloads(report: Report) -> None:
    for position, sample in enumerate(report.samples, start=1):
        click.secho(f"\nRequest {position} (personal data)", bold=True)
        click.echo(json.dumps(json.loads(sample), indent=2, ensure_ascii=False))
