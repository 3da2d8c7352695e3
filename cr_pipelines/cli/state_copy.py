"""`cr-pipelines state copy`: the state in another database.

Goes in: two URLs. Comes out: the state schema in the second database, and a line that says what to set.
"""

import click

from cr_pipelines.settings import Settings
from cr_pipelines.sync import copy_state
from cr_pipelines.warehouse import open_state, open_warehouse, shown_url
from cr_pipelines.wording import count


def copy(source_url: str, target_url: str, schema: str | None) -> None:
    """Copy the state and print what was copied. Raises CrPipelinesError."""
    copied = copy_state(
        open_warehouse(source_url), open_state(target_url), schema or Settings.from_environment().state_schema
    )
    click.echo(f"{count(copied['sync_ledger'], 'row')} of the ledger and {count(copied['sync_runs'], 'run')} copied.")
    click.echo(
        f"Set CR_STATE_URL to the database at {shown_url(target_url)} before the next run. Nothing is sent again."
    )
    click.echo("Stop running syncs with the first database: each ledger would miss what the other one sent.")
