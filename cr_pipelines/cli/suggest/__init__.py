"""`cr-pipelines suggest`: draft a view for an existing table.

Goes in: a kind and a table of the warehouse. Comes out: a CREATE VIEW to check and run, each guess with its reason.
Nothing is created. The sample stays in this process; comments have column names, types and shares, and no values.
"""

import difflib

import click

from cr_pipelines.cli.hints import naming_tables
from cr_pipelines.cli.progress import showing
from cr_pipelines.cli.project import load_project
from cr_pipelines.cli.suggest.guesses import guess_columns
from cr_pipelines.cli.suggest.sample import read_sample
from cr_pipelines.cli.suggest.view import written_view
from cr_pipelines.components.sync.specs import built_in_source
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines.warehouse import Relation


def suggest(kind: str, table: str, *, view: str | None, definitions: str) -> None:
    """Print the view. Raises ClickException for an unknown kind, and WarehouseError."""
    contract = CONTRACTS.get(kind) or CONTRACTS.get(kind.removesuffix("s")) or CONTRACTS.get(f"{kind[:-3]}y")
    if contract is None:
        nearest = difflib.get_close_matches(kind, CONTRACTS, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else "."
        raise click.ClickException(f"there is no kind {kind!r}{hint} The kinds: {', '.join(CONTRACTS)}")
    project = load_project(definitions)
    relation = Relation(table)
    with (
        showing(f"reading a sample of {table}"),
        naming_tables(project, relation),
        project.open_warehouse().source_session() as session,
    ):
        sample, dialect = read_sample(session, relation), session.view_dialect
    mapping = guess_columns(contract, sample)
    click.echo(written_view(dialect, contract, sample, mapping, view or built_in_source(contract.kind)))
