"""Which errors have a message for the user.

Goes in: any exception. Comes out: one line that says what to do, as text or JSON, or None for an unexpected error.
"""

import json
import traceback

import click

from cr_pipelines import settings
from cr_pipelines.errors import CrPipelinesError


def explain(error: Exception) -> str | None:
    """Return the error as one line that says what to do, or None if it is unexpected."""
    return " ".join(settings.explain(error).split()) if isinstance(error, CrPipelinesError) else None


def as_click_error(error: Exception, *, in_json: bool) -> click.ClickException | None:
    """Return the error as click shows it; None for an unexpected one, unless the output is JSON."""
    if isinstance(error, click.ClickException):
        return error
    message = explain(error)
    if message is None and in_json:
        # Its text may quote a row; its traceback does not.
        click.echo("".join(traceback.format_tb(error.__traceback__)), err=True)
        message = f"unexpected {type(error).__name__}; please report it"
    return None if message is None else click.ClickException(message)


def echo_json(error: click.ClickException) -> None:
    """Print the error as a command with --json does: the exit code and the message."""
    click.echo(json.dumps({"exit_code": error.exit_code, "error": error.format_message()}, indent=2))
