"""`cr-pipelines sandbox`.

Goes in: the options of the command. Comes out: a sandbox that is served until Ctrl-C, and the settings to sync into it.
"""

from collections.abc import Mapping
from typing import Any

import click

from cr_pipelines.cli.extras import sandbox_extra


def serve_sandbox(options: Mapping[str, Any]) -> None:
    """Serve a sandbox until Ctrl-C.

    Args:
        options: fields of `cr_pipelines.sandbox.Settings`; None stands for the default.

    Raises:
        ClickException: the sandbox cannot start.
    """
    with sandbox_extra():
        from cr_pipelines.sandbox import Settings, StorageError, serve
        from cr_pipelines.sandbox.http.routing import PREFIX
        from cr_pipelines.sandbox.workspace.presets import SOURCE_ID
    try:
        settings = Settings.of({name: value for name, value in options.items() if value is not None})

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
