"""`cr-pipelines compact`."""

from datetime import timedelta
from itertools import groupby

import click

from cr_pipelines.cli.project import load_project
from cr_pipelines.sync import compact_ledger


def compact(days: int, sync: str | None, *, dry_run: bool, definitions: str) -> None:
    """Compact what is settled, and say what it was. Raises ClickException and WarehouseError."""
    project = load_project(definitions)
    parts = compact_ledger(
        project.open_warehouse(),
        project.state_schema,
        settled_for=timedelta(days=days),
        sync=sync,
        dry_run=dry_run,
    )
    done = "would be compacted" if dry_run else "compacted"
    if not parts:
        click.echo(f"Nothing has been settled for {days:,} days that is not compact already.")
    for name, found in groupby(parts, key=lambda part: part.sync):
        own = list(found)
        rows, partitions = sum(part.rows for part in own), [part.partition for part in own if part.partition]
        where = f" in {len(partitions):,} partitions, {partitions[0]} to {partitions[-1]}" if partitions else ""
        click.echo(f"{name}: {rows:,} rows{where} {done}")
