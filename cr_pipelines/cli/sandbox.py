"""`cr-pipelines sandbox`.

Goes in: the options of the command. Comes out: a sandbox that is served until Ctrl-C, and the settings to sync into it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cr_pipelines.cli.extras import sandbox_extra


def serve_sandbox(options: Mapping[str, Any], report: Path | None = None) -> None:
    """Serve a sandbox until Ctrl-C.

    Args:
        options: as `cr_pipelines.sandbox.Settings.of` takes them; None means the default.
        report: a report of `cr-pipelines probe --json`, whose room the sandbox behaves like.

    Raises:
        ClickException: the sandbox cannot start.
    """
    with sandbox_extra():
        from cr_pipelines.sandbox import Settings, StorageError, serve
        from cr_pipelines.sandbox.http.routing import PREFIX
        from cr_pipelines.sandbox.workspace.presets import SOURCE_ID
    try:
        given = {name: value for name, value in options.items() if value is not None}
        settings = Settings.of(given | (_reported(report) if report else {}))

        def announce(url: str) -> None:
            click.echo(f"A local Common Room at {click.style(url, bold=True)}; Ctrl-C stops it.\n")
            click.echo("To sync into it, set in another terminal:\n")
            click.echo(f"  export COMMON_ROOM_BASE_URL={url}{PREFIX}")
            click.echo(f"  export COMMON_ROOM_API_TOKEN={settings.tokens[0]}")
            click.echo(f"  export COMMON_ROOM_DESTINATION_SOURCE_ID={SOURCE_ID}")

        serve(settings, announce)
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on port {options['port']} of {options['host']}: {error.strerror}; choose another port with "
            "--port, or any free one with --port 0"
        ) from None
    except (ValueError, StorageError) as error:
        raise click.ClickException(str(error)) from None


def _reported(path: Path) -> dict[str, Any]:
    """Return the settings that make a sandbox behave like the room of a report. Raises ValueError."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        settings = {"behavior": dict(report["behavior"])}
        if report["settle_seconds"] is not None:
            settings["settle_seconds"] = report["settle_seconds"]
    except (OSError, ValueError, TypeError, KeyError):
        raise ValueError(f"{path} is not a report of cr-pipelines probe --json") from None
    return settings
