"""Options that several commands share.

Goes in: nothing. Comes out: decorators for click commands, and the keys that a user typed.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])

_CONNECTION = "cr_pipelines.connection"

IN_JSON = "cr_pipelines.json"
"""Where a click context says whether the command prints JSON."""


def _remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
    context.meta[_CONNECTION] = value


def chosen_connection() -> str | None:
    """Return the connection that the user named with --connection."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_CONNECTION)


def definitions_option(command: _F) -> _F:
    """Add the options that say where the syncs are, and which connection is meant."""
    named = click.option(
        "--connection",
        metavar="NAME",
        expose_value=False,
        callback=_remember,
        help="The CommonRoomConnection to use, if the definitions have several.",
    )
    return click.option(
        "--definitions",
        metavar="MODULE[:NAME]",
        default="cr_pipelines.definitions",
        show_default=True,
        help="The Dagster definitions that have the syncs.",
    )(named(command))


def _note_json(context: click.Context, _: click.Parameter, value: bool) -> bool:
    context.meta[IN_JSON] = value
    return value


json_option = click.option(
    "--json",
    "in_json",
    is_flag=True,
    # Eager, so that an error of another option is JSON, too.
    is_eager=True,
    callback=_note_json,
    help="Print JSON instead, for programs.",
)


def narrowing_options(command: _F) -> _F:
    """Add the options that say which rows a run looks at."""
    for option in (
        click.option(
            "--day",
            type=click.DateTime(["%Y-%m-%d"]),
            help="Day to sync, in UTC, if the sync has daily partitions.  [default: yesterday]",
        ),
        click.option(
            "--resync",
            type=click.Choice(["changed", "failed", "all"]),
            default="changed",
            show_default=True,
            help="Rows to send: new and changed ones, only those that failed or were rejected before, or all.",
        ),
        click.option("--limit", type=click.IntRange(1), help="Send at most this many rows."),
        click.option(
            "--key",
            "--keys",
            "keys",
            metavar="KEY[,KEY...]",
            multiple=True,
            help="Only rows with these keys, separated by commas. Repeatable. A key that starts with [ is not split.",
        ),
    ):
        command = option(command)
    return command


def split_keys(typed: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of `--key` as the ledger spells them; one that may be an address is hashed."""
    from cr_pipelines.sync.contract import hashed_key

    # A key of several columns is a JSON array, which contains commas.
    named = [key for listed in typed for key in ([listed] if listed.startswith("[") else listed.split(","))]
    return tuple(key if key.startswith("@null") else hashed_key(key.strip()) for key in named if key.strip())
