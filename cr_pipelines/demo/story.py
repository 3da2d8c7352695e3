"""What the demo prints.

Goes in: the demo's folder and environment, and the outcomes of its syncs. Comes out: text in the terminal, with
commands to copy into another one.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from cr_pipelines.demo.home import DemoHome
from cr_pipelines.demo.outcome import Outcome
from cr_pipelines.settings import DEMO_WAREHOUSE_URL

_CHANGE = "UPDATE common_room_contacts SET bio = 'Changed ' || now() WHERE id IN ('usr_1001', 'usr_1002', 'usr_1003')"
_HEADINGS = ("sync", "rows", "delivered", "unchanged", "not sent", "requests", "seconds")
_EXPORTED = ("COMMON_ROOM_BASE_URL", "COMMON_ROOM_API_TOKEN", "COMMON_ROOM_DESTINATION_SOURCE_ID")


def print_step(what: str, message: str) -> None:
    """Print one step of the demo."""
    click.echo(f"{click.style(f'{what:18}', bold=True)}{message}")


def print_outcomes(outcomes: Sequence[Outcome], log: Path) -> None:
    """Print a table of the runs, then the errors and the rows that were not sent."""
    if not outcomes:
        return
    click.echo("\n  " + f"{_HEADINGS[0]:20}" + "".join(f"{heading:>12}" for heading in _HEADINGS[1:]))
    for outcome in outcomes:
        counts = (outcome.rows, outcome.delivered, outcome.unchanged, outcome.not_sent, outcome.requests)
        click.echo(f"  {outcome.sync:20}" + "".join(f"{each:>12,}" for each in counts) + f"{outcome.seconds:>12.1f}")
    click.echo()
    for outcome in outcomes:
        if outcome.state != "succeeded":
            click.secho(f"  {outcome.sync} {outcome.state}: {outcome.stopped_by or f'see {log}'}", fg="red")
        if outcome.rejected_rows and outcome.not_sent:
            click.secho(f"  Not sent (see common_room.rejected_rows in {DEMO_WAREHOUSE_URL} for all rows):", fg="red")
            for row in outcome.rejected_rows:
                click.echo(f"    {row.key}  {row.message}")
            click.echo()


def suggest_after_once() -> None:
    """Print what to try after `--once`."""
    click.secho("\nTry next", bold=True)
    click.echo(f"  Change three rows:\n\n    {_change_command()}\n")
    click.echo(f"  Send only these rows:\n\n    {_own_command()} demo --once\n")
    click.echo(f"  See the rows in Dagster and in the sandbox:\n\n    {_own_command()} demo")


def suggest_while_open(environment: Mapping[str, str]) -> None:
    """Print what to try in another terminal while the demo runs."""
    click.secho("\nTry next, in another terminal", bold=True)
    click.echo(f"  Change three rows, then materialize common_room/contacts in Dagster:\n\n    {_change_command()}\n")
    click.echo("  Check the setup and see what a run would send:\n")
    for name in _EXPORTED:
        click.echo(f"    export {name}={environment[name]}")
    click.echo(f"    export CR_WAREHOUSE_URL={DEMO_WAREHOUSE_URL}")
    click.echo(f"    {_own_command()} doctor\n\nPress Ctrl-C to stop everything.")


def _change_command() -> str:
    program = f"import duckdb; duckdb.connect('{DemoHome().warehouse}').execute(\\\"{_CHANGE}\\\")"
    return f'{_as_typed(sys.executable)} -c "{program}"'


def _own_command() -> str:
    return _as_typed(sys.argv[0])


def _as_typed(program: str) -> str:
    path = Path(program)
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
