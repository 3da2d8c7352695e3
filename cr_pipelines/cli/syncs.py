"""The commands about one sync: `plan`, `run`, `explain` and `audit`.

Goes in: arguments. Comes out: what each command prints, and its exit code. Each imports what it needs when it runs.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from cr_pipelines.cli.options import definitions_option, json_option, narrowing_options, split_keys

if TYPE_CHECKING:
    from cr_pipelines.sync import Options

_BUILT_IN = "cr_pipelines.definitions"


def _complete_sync(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of syncs that begin like this. Those of the ready-made definitions need no loading of them."""
    definitions = context.params.get("definitions") or _BUILT_IN
    try:
        names = _built_in_names() if definitions == _BUILT_IN else _names_of(definitions)
    except click.ClickException:
        return []
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def _built_in_names() -> list[str]:
    files = (Path(__file__).parents[1] / "defs").glob("*/defs.yaml")
    return [file.parent.name for file in files if "components.CommonRoomSync\n" in file.read_text()]


def _names_of(definitions: str) -> list[str]:
    from cr_pipelines.cli.project import load_project

    return [sync.name for sync in load_project(definitions).syncs]


sync_argument: Callable[[Any], Any] = click.argument("sync", shell_complete=_complete_sync)


@click.command()
@sync_argument
@narrowing_options
@click.option("--payloads", type=click.IntRange(0), default=3, show_default=True, help="Number of requests to show.")
@json_option
@definitions_option
def plan(sync: str, payloads: int, day: datetime | None, definitions: str, in_json: bool, **narrowing: Any) -> None:
    """Show what a run of SYNC would send, without sending it.

    Validates every row that would be sent, as a run does, and shows counts, problems by field and reason, and a
    few requests in full. THE REQUESTS ARE PERSONAL DATA: they are for your own terminal, so that you can see
    what Common Room would receive. Use --payloads 0 to omit them; --json always does.

    Exit codes: 0 the plan is shown, even if rows are invalid; 1 planning failed; 2 wrong usage.
    """
    from cr_pipelines.cli.plan import show_plan

    options = _options(dry_run=True, samples=0 if in_json else payloads, **narrowing)
    show_plan(sync, options, day=day.date() if day else None, definitions=definitions, in_json=in_json)


@click.command()
@sync_argument
@click.option("--dry-run", is_flag=True, help="Plan and validate every row, but send and record nothing.")
@narrowing_options
@json_option
@definitions_option
def run(sync: str, dry_run: bool, day: datetime | None, definitions: str, in_json: bool, **narrowing: Any) -> None:
    """Run SYNC now, outside Dagster: under cron, Airflow or GitHub Actions.

    Does the same as a run in Dagster, with the same ledger: sends new and changed rows, and records each outcome.
    If the same sync is already running elsewhere, exits with 2. Shows a progress bar on a terminal, and lines when
    piped.

    Exit codes: 0 everything was delivered; 1 the run is complete, but rows need a look: invalid, rejected, failed or
    unknown, or the source is empty; 2 could not run, or ended early.
    """
    from cr_pipelines.cli.run import run as run_here

    options = _options(dry_run=dry_run, samples=0, **narrowing)
    raise SystemExit(run_here(sync, options, day=day.date() if day else None, definitions=definitions, in_json=in_json))


@click.command()
@sync_argument
@click.argument("key")
@json_option
@definitions_option
def explain(sync: str, key: str, definitions: str, in_json: bool) -> None:
    """Explain the row of SYNC that has this KEY.

    Shows where it is, when it was last sent, whether the next run sends it, and what would be sent, field by field.
    THE VALUES ARE PERSONAL DATA: they are for your own terminal. For a person who asked to be forgotten, it shows the
    reason but no data. Sends and records nothing.

    Exit codes: 0 explained; 1 no such row, or planning failed; 2 wrong usage.
    """
    from cr_pipelines.cli.explain import explain_row

    explain_row(sync, key, definitions=definitions, in_json=in_json)


@click.command()
@sync_argument
@click.option("--sample", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Number of rows.")
@click.option(
    "--settled-for",
    "minutes",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    help="Only rows that were delivered at least this many minutes ago.",
)
@click.option(
    "--rate-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="Share of the rate limit to use, at most.",
)
@json_option
@definitions_option
def audit(sync: str, sample: int, minutes: float, rate_share: float, definitions: str, in_json: bool) -> None:
    """Check that Common Room stored what it accepted from SYNC, a sync of contacts.

    Looks up a random sample of delivered rows by their email or account, and compares each with the source, field by
    field where the API shows it. Prints counts, and the keys and field names of what is absent or different, but no
    values. Rows that changed since, or cannot be looked up, are counted. Sends nothing.

    Exit codes: 0 every row that was looked up matches the source; 1 some rows are absent or different; 2 could not run.
    """
    from cr_pipelines.cli.audit import audit as audit_here

    raise SystemExit(
        audit_here(
            sync, sample=sample, minutes=minutes, rate_share=rate_share, definitions=definitions, in_json=in_json
        )
    )


def _options(*, keys: tuple[str, ...], **options: Any) -> "Options":
    from cr_pipelines.sync import Options

    return Options(keys=split_keys(keys), **options)
