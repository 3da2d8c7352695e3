"""`cr-pipelines state`: which room the state schema belongs to.

Goes in: the room of the token. Comes out: the state schema as that room's, and a line for each sync that sends its rows
again.
"""

import click

from cr_pipelines.cli.project import load_project
from cr_pipelines.sync import adopt_room
from cr_pipelines.wording import count


def adopt(*, dry_run: bool, definitions: str) -> None:
    """Give the state schema to the room of the token, and print what is sent again. Raises CrPipelinesError."""
    project = load_project(definitions)
    adoption = adopt_room(
        project.open_warehouse(),
        project.common_room.destination(),
        project.state_schema,
        syncs_of_source={sync.name for sync in project.syncs if sync.contract.needs_source_id},
        dry_run=dry_run,
    )
    would = "would belong" if dry_run else "belongs"
    click.echo(f"The state schema {project.state_schema} {would} to room {adoption.room}.")
    if not adoption.changes:
        click.echo("No other room was recorded, so nothing is sent again.")
        return
    click.echo(f"Before, it belonged to room {adoption.before}. The next run of each sync sends again:")
    for sync, rows in adoption.rows.items():
        click.echo(f"  {sync}: {count(rows, 'row')}")
    if not adoption.rows:
        click.echo("  nothing, because the ledger is empty")
    if adoption.unverified_removals:
        click.secho(
            f"{count(adoption.unverified_removals, 'privacy request')} sent to the other room and not verified there: "
            "look these people up in that room. They remain suppressed.",
            fg="yellow",
        )
