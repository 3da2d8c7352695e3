"""`cr-pipelines sandbox`.

Goes in: the options of the sandbox server. Comes out: a running server, and the environment that points a sync at it.
"""

from typing import Any

import click

from cr_pipelines.cli.extras import sandbox_extra


def serve_sandbox(token: str | None, **options: Any) -> None:
    """Serve until Ctrl-C; the options are those of `cr_pipelines.sandbox.serve`. Raises ClickException."""
    with sandbox_extra():
        from cr_pipelines.sandbox import StorageError, serve
        from cr_pipelines.sandbox.http.operations import PREFIX
        from cr_pipelines.sandbox.settings import DEFAULT_TOKEN
        from cr_pipelines.sandbox.workspace.furnishing import SOURCE_ID
    accepted = token or DEFAULT_TOKEN

    def announce(url: str) -> None:
        click.echo(f"A local Common Room is running at {click.style(url, bold=True)}. Press Ctrl-C to stop it.\n")
        click.echo("To sync into it, run in another terminal:\n")
        click.echo(f"  export COMMON_ROOM_BASE_URL={url}{PREFIX}")
        click.echo(f"  export COMMON_ROOM_API_TOKEN={accepted.split(',')[0].strip()}")
        click.echo(f"  export COMMON_ROOM_DESTINATION_SOURCE_ID={SOURCE_ID}")

    try:
        serve(token=accepted, on_ready=announce, **options)
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on port {options['port']} of {options['host']}: {error.strerror}; choose another port with "
            "--port, or any free one with --port 0"
        ) from None
    except (ValueError, StorageError) as error:
        raise click.ClickException(str(error)) from None
