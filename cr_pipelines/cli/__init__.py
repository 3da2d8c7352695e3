"""The `cr-pipelines` command.

Importing this stays cheap, so that help comes at once: what a command needs is imported when it runs.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

_SANDBOX_PORT = 8642
_DAGSTER_PORT = 3000


class _Commands(click.Group):
    """Turns the errors that a user can mend into one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            from cr_pipelines.cli.errors import explained

            message = explained(error)
            if message is None:
                raise
            raise click.ClickException(message) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="cr-pipelines")
def main() -> None:
    """Keep a Common Room workspace in step with a data warehouse.

    Begin with `cr-pipelines demo`. The other commands read the environment: COMMON_ROOM_API_TOKEN,
    COMMON_ROOM_BASE_URL, COMMON_ROOM_DESTINATION_SOURCE_ID, CR_WAREHOUSE_URL, CR_STATE_SCHEMA.
    """


_definitions = click.option(
    "--definitions",
    metavar="MODULE[:NAME]",
    default="cr_pipelines.definitions",
    show_default=True,
    help="Where the Dagster definitions are whose syncs are meant.",
)


@main.command()
@click.option("--once", is_flag=True, help="End after the syncs, without the Dagster UI.")
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65535),
    help=f"Port of the sandbox.  [default: {_SANDBOX_PORT}, or a free one]",
)
@click.option(
    "--dagster-port",
    type=click.IntRange(1, 65535),
    help=f"Port of the Dagster UI.  [default: {_DAGSTER_PORT}, or a free one]",
)
def demo(once: bool, sandbox_port: int | None, dagster_port: int | None) -> None:
    """Run the whole thing here, with made-up people.

    Builds a sample warehouse unless there is one, starts a local Common Room (the sandbox), runs the syncs
    through Dagster, says what happened, and keeps the sandbox and the Dagster UI open until Ctrl-C.

    All of it lives in .demo: change rows in .demo/warehouse.duckdb and run it again, or delete the folder to
    begin anew. Your own Common Room and warehouse are never touched, whatever the environment says.

    Exit codes: 0 all rows are in the sandbox; 1 some are not, or the demo could not run; 2 wrong usage.
    """
    from cr_pipelines.cli.extras import sandbox_extra

    with sandbox_extra():
        from cr_pipelines.demo import DemoError, run_demo
    try:
        code = run_demo(
            once=once,
            sandbox_port=sandbox_port,
            dagster_port=dagster_port,
            usual_ports=(_SANDBOX_PORT, _DAGSTER_PORT),
        )
    except DemoError as error:
        raise click.ClickException(str(error)) from None
    raise SystemExit(code)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=_SANDBOX_PORT, show_default=True, help="0: a free one.")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="File to keep the room in.")
@click.option("--token", help="Token to accept; separate several by commas.")
@click.option(
    "--settle-seconds", type=float, default=0.2, show_default=True, help="From accepting to storing a record."
)
@click.option("--limit", type=click.IntRange(1), help="Requests allowed per interval.  [default: no limit]")
@click.option("--interval-seconds", type=float, help="Length of the limit's interval.  [default: 60]")
@click.option("--latency-ms", type=click.FloatRange(0), default=0.0, help="Delay of every response.")
@click.option(
    "--latency-jitter-ms", type=click.FloatRange(0), default=0.0, help="Upper bound of a random addition to it."
)
@click.option("--error-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of responses that are a 5xx.")
@click.option(
    "--drop-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of connections cut before the write."
)
@click.option("--seed", type=int, help="Makes the faults come in the same order each time.")
def sandbox(
    latency_ms: float,
    latency_jitter_ms: float,
    error_rate: float,
    drop_rate: float,
    seed: int | None,
    **settings: Any,
) -> None:
    """Start a local Common Room to try syncs against.

    It behaves as the real API does, shows its room as a web page, and lasts until Ctrl-C. Without --data it
    starts empty each time. Faults and time travel: POST to /_sandbox, or `cr_pipelines.sandbox.SandboxClient`.

    Exit codes: 0 ended by Ctrl-C; 1 could not start; 2 wrong usage.
    """
    from cr_pipelines.cli.sandbox import serve_sandbox

    faults = {
        "latency_seconds": latency_ms / 1000,
        "latency_jitter_seconds": latency_jitter_ms / 1000,
        "error_rate": error_rate,
        "drop_before_rate": drop_rate,
        "seed": seed,
    }
    serve_sandbox({**settings, "faults": faults})


@main.command(short_help="Say what is in order and what is not.")
@_definitions
def doctor(definitions: str) -> None:
    """Say what is in order and what is not: the first thing to run when something is wrong.

    Looks at the environment, the token and its room, the warehouse, and for each sync at the source, its
    columns, what would be sent now, and the last run. Sends nothing; makes our own tables in the warehouse
    if they are not there. Shows no personal data and no token.

    Exit codes: 0 all in order; 1 something is wrong; 2 wrong usage.
    """
    from cr_pipelines.cli.doctor import examine

    raise SystemExit(0 if examine(definitions) else 1)


@main.command()
@click.argument("sync")
@click.option(
    "--keys",
    metavar="KEY[,KEY...]",
    multiple=True,
    help="Only these keys, as the ledger spells them; may be given again. A key that begins with [ is one.",
)
@click.option("--limit", type=click.IntRange(1), help="At most so many rows.")
@click.option(
    "--resync",
    type=click.Choice(["changed", "failed", "all"]),
    default="changed",
    show_default=True,
    help="Which rows: new and changed ones, those that failed or were refused before, or all.",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Of a sync that goes day by day: this day, in UTC.  [default: yesterday]",
)
@click.option("--payloads", type=click.IntRange(0), default=3, show_default=True, help="Requests to show.")
@_definitions
def plan(
    sync: str,
    keys: tuple[str, ...],
    limit: int | None,
    resync: str,
    day: datetime | None,
    payloads: int,
    definitions: str,
) -> None:
    """Show what a run of SYNC would send, without sending it.

    Checks every row that would be sent, as a run does, and shows counts, problems by field and reason, and a
    few requests in full. THE REQUESTS ARE PERSONAL DATA: they are for your own terminal, so that you can see
    what Common Room would get; --payloads 0 leaves them out.

    Exit codes: 0 the plan is shown, whether or not rows are invalid; 1 it could not be made; 2 wrong usage.
    """
    from cr_pipelines.cli.plan import show_plan

    # A key of several columns is a JSON array.
    named = [key for listed in keys for key in ([listed] if listed.startswith("[") else listed.split(","))]
    show_plan(
        sync,
        keys=[key.strip() for key in named if key.strip()],
        limit=limit,
        resync=resync,
        day=day.date() if day else None,
        payloads=payloads,
        definitions=definitions,
    )


@main.command()
@click.option(
    "--settled-for",
    "days",
    type=click.IntRange(1),
    default=90,
    show_default=True,
    help="Days for which no run may have looked at a part of the ledger.",
)
@click.option("--sync", metavar="SYNC", help="Only the ledger of this sync.")
@click.option("--dry-run", is_flag=True, help="Only say what would be compacted.")
@_definitions
def compact(days: int, sync: str | None, dry_run: bool, definitions: str) -> None:
    """Keep old parts of the ledger in less space.

    A part is a partition of a sync, or all of a sync without partitions. When no run has looked at it for long,
    its delivered rows keep what decides whether to send them again (key, fingerprint) and whom they are about
    (address hash), and lose the rest: run, HTTP status, first time sent, fast hash. Nothing is sent again for
    that. A run that looks at the part again compares fingerprints, which takes longer, once.

    Exit codes: 0 done; 1 the warehouse cannot be reached or written; 2 wrong usage.
    """
    from cr_pipelines.cli.compact import compact as compact_parts

    compact_parts(days, sync, dry_run=dry_run, definitions=definitions)


@main.group()
def pii() -> None:
    """Privacy requests: what became of them, and letting a person back in."""


@pii.command("report")
@click.option("--request-id", "request_ids", metavar="ID", multiple=True, help="Only this request; may be repeated.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every column to this file instead, for the files of a privacy officer.",
)
@_definitions
def pii_report(request_ids: tuple[str, ...], csv_file: Path | None, definitions: str) -> None:
    """Show for each privacy request when it was submitted, is due, and was verified.

    Shows request ids, times and counts; the CSV also holds the SHA-256 of each address, and no address.

    Exit codes: 0 shown; 1 there is no such request, or the warehouse cannot be read; 2 wrong usage.
    """
    from cr_pipelines.cli.pii import report

    report(request_ids, csv_file, definitions)


@pii.command("unsuppress")
@click.argument("request_id")
@click.option("--reason", required=True, help="Why the person may be synced again; it is kept, so name nobody in it.")
@click.option("--even-unverified", is_flag=True, help="Also while the removal is under way, which undoes it.")
@_definitions
def pii_unsuppress(request_id: str, reason: str, even_unverified: bool, definitions: str) -> None:
    """Let the person of REQUEST_ID be synced again, as when they come back.

    Lifts every request of the same person, and has all of their rows sent again by the next runs.

    Exit codes: 0 lifted; 1 nothing was lifted, and why; 2 wrong usage.
    """
    from cr_pipelines.cli.pii import let_back_in

    let_back_in(request_id, reason, even_unverified=even_unverified, definitions=definitions)
