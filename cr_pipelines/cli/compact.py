"""`cr-pipelines compact`.

Goes in: an age, and optionally one sync. Comes out: a line for each sync with what was compacted, or would be.
"""

from datetime import timedelta
from itertools import groupby

import click

from cr_pipelines.cli.progress import showing
from cr_pipelines.cli.project import load_project
from cr_pipelines.sync import compact_ledger
from cr_pipelines.wording import count


def compact(days: int, sync: str | None, *, dry_run: bool, definitions: str) -> None:
    """Compact old partitions of the ledger and print which. Raises ClickException and WarehouseError."""
    project = load_project(definitions)
    with showing("looking for old partitions" if dry_run else "compacting old partitions"):
        compacted = compact_ledger(
            project.open_warehouse(),
            project.state_schema,
            settled_for=timedelta(days=days),
            sync=sync,
            dry_run=dry_run,
        )
    done = "would be compacted" if dry_run else "compacted"
    if not compacted:
        click.echo(f"Nothing to compact: runs have looked at all other rows within the last {count(days, 'day')}.")
    for name, found in groupby(compacted, key=lambda each: each.sync):
        own = list(found)
        days_of_own = [each.partition for each in own if each.partition]
        where = (
            f" in {count(len(days_of_own), 'partition')} ({days_of_own[0]} to {days_of_own[-1]})" if days_of_own else ""
        )
        click.echo(f"{name}: {count(sum(each.rows for each in own), 'row')}{where} {done}")
