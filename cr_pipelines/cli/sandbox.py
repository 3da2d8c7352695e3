"""`cr-pipelines sandbox`."""

from typing import Any

import click

from cr_pipelines.cli.extras import sandbox_extra


def serve_sandbox(token: str | None, **options: Any) -> None:
    """Serve until Ctrl-C; options are those of `cr_pipelines.sandbox.serve`. Raises ClickException."""
    with sandbox_extra():
        from cr_pipelines.sandbox import StorageError, serve
        from cr_pipelines.sandbox.http.operations import PREFIX
        from cr_pipelines.sandbox.settings import DEFAULT_TOKEN
        from cr_pipelines.sandbox.workspace.furnishing import SOURCE_ID
    let_in = token or DEFAULT_TOKEN

    def announce(url: str) -> None:
        click.echo(f"A local Common Room at {click.style(url, bold=True)}; Ctrl-C ends it.\n")
        click.echo("To sync into it, set in another terminal:\n")
        click.echo(f"  export COMMON_ROOM_BASE_URL={url}{PREFIX}")
        click.echo(f"  export COMMON_ROOM_API_TOKEN={let_in.split(',')[0].strip()}")
        click.echo(f"  export COMMON_ROOM_DESTINATION_SOURCE_ID={SOURCE_ID}")

    try:
        serve(token=let_in, on_ready=announce, **options)
    except KeyboardInterrupt:
        click.echo("\nEnded.")
    except OSError as error:
        raise click.ClickException(
            f"port {options['port']} of {options['host']} cannot be used: {error.strerror}; choose one with --port, "
            "or a free one with --port 0"
        ) from None
    except (ValueError, StorageError) as error:
        raise click.ClickException(str(error)) from None
