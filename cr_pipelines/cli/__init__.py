"""The `cr-pipelines` command.

Goes in: arguments and the environment. Comes out: what each command prints, and its exit code. Importing this module is
cheap, so that `--help` is fast: a command imports what it needs when it runs.
"""

from pathlib import Path
from typing import Any

import click

from cr_pipelines.cli.options import IN_JSON, definitions_option, json_option
from cr_pipelines.cli.syncs import audit, explain, plan, run

_SANDBOX_PORT = 8642
_DAGSTER_PORT = 3000


class _Commands(click.Group):
    """Shows the errors that a user can fix as one line, or as JSON."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from cr_pipelines.cli.errors import as_click_error, echo_json

            shown = as_click_error(error, in_json=ctx.meta.get(IN_JSON, False))
            if shown is None:
                raise
            if not ctx.meta.get(IN_JSON):
                raise shown from None
            echo_json(shown)
            ctx.exit(shown.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="cr-pipelines")
def main() -> None:
    """Sync a data warehouse to Common Room.

    Start with `cr-pipelines demo`. The other commands read the environment: COMMON_ROOM_API_TOKEN,
    COMMON_ROOM_BASE_URL, COMMON_ROOM_DESTINATION_SOURCE_ID, CR_WAREHOUSE_URL, CR_STATE_URL, CR_STATE_SCHEMA.
    """


@main.command()
@click.option("--once", is_flag=True, help="Exit after the syncs, without the Dagster UI.")
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65535),
    help=f"Port of the sandbox.  [default: {_SANDBOX_PORT}, or any free port]",
)
@click.option(
    "--dagster-port",
    type=click.IntRange(1, 65535),
    help=f"Port of the Dagster UI.  [default: {_DAGSTER_PORT}, or any free port]",
)
def demo(once: bool, sandbox_port: int | None, dagster_port: int | None) -> None:
    """Run everything locally, with made-up people.

    Build a sample warehouse if there is none, start a local Common Room (the sandbox), run the syncs in Dagster,
    print the results, and keep the sandbox and the Dagster UI running until Ctrl-C.

    Everything is in the folder .demo. Change rows in .demo/warehouse.duckdb and run the demo again, or delete the
    folder to start over. The demo never uses your own Common Room or warehouse, whatever the environment says.

    Exit codes: 0 all rows are in the sandbox; 1 some are not, or the demo could not run; 2 wrong usage.
    """
    from cr_pipelines.cli.extras import sandbox_extra
    from cr_pipelines.cli.progress import showing

    with sandbox_extra():
        from cr_pipelines.demo import DemoError, run_demo
    try:
        code = run_demo(
            once=once,
            sandbox_port=sandbox_port,
            dagster_port=dagster_port,
            usual_ports=(_SANDBOX_PORT, _DAGSTER_PORT),
            showing=showing,
        )
    except DemoError as error:
        raise click.ClickException(str(error)) from None
    raise SystemExit(code)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_SANDBOX_PORT, show_default=True, help="0 for any free port."
)
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="File to store the room in.")
@click.option("--token", help="Token to accept; separate several with commas.")
@click.option(
    "--settle-seconds", type=float, default=0.2, show_default=True, help="Time from accepting a record to storing it."
)
@click.option("--limit", type=click.IntRange(1), help="Requests allowed per interval.  [default: no limit]")
@click.option("--interval-seconds", type=float, help="Length of the rate limit's interval.  [default: 60]")
@click.option("--latency-ms", type=click.FloatRange(0), default=0.0, help="Delay of every response.")
@click.option("--latency-jitter-ms", type=click.FloatRange(0), default=0.0, help="Random extra delay, up to this much.")
@click.option("--error-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of responses that are a 5xx.")
@click.option(
    "--drop-rate", type=click.FloatRange(0, 1), default=0.0, help="Share of connections dropped before the write."
)
@click.option("--lose-every", type=click.IntRange(1), help="Never store every Nth accepted user.")
@click.option("--change-every", type=click.IntRange(1), help="Store every Nth accepted user with a changed value.")
@click.option("--seed", type=int, help="Seed that makes the faults repeatable.")
@click.option(
    "--shapes",
    type=click.Choice(["observed", "documented"]),
    default="observed",
    show_default=True,
    help="Response shapes: as observed from the real API, or as the vendor documents them.",
)
@click.option(
    "--room", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="YAML file that declares the room."
)
@click.option(
    "--as",
    "report",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Behave like the room of this report of `cr-pipelines probe --json`.",
)
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="Another host name to accept.")
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Allow web pages from this origin (CORS).",
)
def sandbox(
    latency_ms: float,
    latency_jitter_ms: float,
    error_rate: float,
    drop_rate: float,
    lose_every: int | None,
    change_every: int | None,
    seed: int | None,
    report: Path | None,
    **settings: Any,
) -> None:
    """Start a local Common Room to try syncs against.

    The sandbox behaves like the real API, shows its room as a web page, and runs until Ctrl-C. Without --data,
    nothing is stored. To script responses, inject faults or move the clock, POST to /_sandbox or use
    `cr_pipelines.sandbox.SandboxClient`: see docs/sandbox.md.

    Exit codes: 0 stopped by Ctrl-C; 1 could not start; 2 wrong usage.
    """
    from cr_pipelines.cli.sandbox import serve_sandbox

    faults = {
        "latency_seconds": latency_ms / 1000,
        "latency_jitter_seconds": latency_jitter_ms / 1000,
        "error_rate": error_rate,
        "drop_before_rate": drop_rate,
        "lose_every": lose_every,
        "change_every": change_every,
        "seed": seed,
    }
    serve_sandbox({**settings, "faults": faults}, report)


@main.command(short_help="Find out how a real room behaves where the API's description leaves it open.")
@click.option("--yes-write-to", "room_name", metavar="ROOM_NAME", help="Consent to write to the room of this name.")
@click.option("--read-only", is_flag=True, help="Run only the checks that write nothing.")
@click.option("--rate-limit", is_flag=True, help="Also send requests until the room refuses them with a 429.")
@click.option("--segment", type=int, help="Also put a throwaway person into this segment.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report without secrets or personal data to this file.",
)
@click.option(
    "--patience",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    help="Seconds to wait for an accepted record to become visible.",
)
def probe(
    room_name: str | None,
    read_only: bool,
    rate_limit: bool,
    segment: int | None,
    json_file: Path | None,
    patience: float,
) -> None:
    """Find out how a real room behaves where the API's description leaves it open.

    Tries each assumption of the client and the sandbox on throwaway people and tags, whose names begin with
    cr-pipelines-probe, and removes them at the end. Needs the name of the room as consent, or --read-only.

    Exit codes: 0 every assumption that was tried holds; 1 some differ, or the room cannot be probed; 2 wrong usage.
    """
    if read_only is (room_name is not None):
        raise click.UsageError("give either --read-only, or --yes-write-to with the name of the room")
    from cr_pipelines.cli.probe import probe as probe_room
    from cr_pipelines.probe import Consent

    raise SystemExit(1 if probe_room(Consent(room_name, rate_limit, segment), json_file, patience) else 0)


@main.command(short_help="Check the setup and show what is wrong.")
@json_option
@definitions_option
def doctor(definitions: str, in_json: bool) -> None:
    """Check the setup and show what is wrong. Run this first if something does not work.

    Checks what is installed, the environment, the token and its room, the warehouse, the state, privacy requests, and
    for each sync the source, its columns, what a run would send now, and the last run. Sends nothing. Creates the
    state tables in the warehouse if they do not exist. Shows no personal data and no token.

    Exit codes: 0 everything looks good; 1 problems found; 2 wrong usage.
    """
    from cr_pipelines.cli.doctor import examine

    raise SystemExit(0 if examine(definitions, in_json=in_json) else 1)


@main.command()
@click.option(
    "--settled-for",
    "days",
    type=click.IntRange(1),
    default=90,
    show_default=True,
    help="Compact partitions that no run has looked at for this many days.",
)
@click.option("--sync", metavar="SYNC", help="Only the ledger of this sync.")
@click.option("--dry-run", is_flag=True, help="Show what would be compacted, and change nothing.")
@definitions_option
def compact(days: int, sync: str | None, dry_run: bool, definitions: str) -> None:
    """Store old partitions of the ledger in less space.

    Compacts each partition of a sync, or all rows of a sync without partitions, that no run has looked at for some
    time. Delivered rows keep what decides whether to send them again (key and fingerprint) and who they are about
    (address hash). The run, the HTTP status, the time of the first delivery and the row hash are dropped. No row is
    sent again because of this: the next run that looks at the partition compares fingerprints, which is slower, once.

    Exit codes: 0 done; 1 the warehouse cannot be read or written; 2 wrong usage.
    """
    from cr_pipelines.cli.compact import compact as compact_partitions

    compact_partitions(days, sync, dry_run=dry_run, definitions=definitions)


@main.command(short_help="Suggest a view that maps one of your tables.")
@click.argument("kind")
@click.argument("table")
@click.option("--view", metavar="NAME", help="Name of the view.  [default: the source of the built-in sync]")
@definitions_option
def suggest(kind: str, table: str, view: str | None, definitions: str) -> None:
    """Suggest a view that maps TABLE to the columns of KIND, such as `suggest contacts crm.users`.

    Reads the columns of the table and 1,000 rows, and prints a CREATE VIEW that runs as it is. A comment explains each
    guess; what could not be mapped is left as commented lines. Creates nothing, and prints no value of a row but the
    names of event types, segments and statuses.

    Exit codes: 0 printed; 1 the table cannot be read; 2 wrong usage.
    """
    from cr_pipelines.cli.suggest import suggest as print_view

    print_view(kind, table, view=view, definitions=definitions)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the shell completion of commands, options and sync names.

    For bash, put into ~/.bashrc: eval "$(cr-pipelines completion bash)". For zsh, the same with zsh into ~/.zshrc. For
    fish: cr-pipelines completion fish > ~/.config/fish/completions/cr-pipelines.fish

    Exit codes: 0 printed; 2 wrong usage.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has these three
    click.echo(kind(main, {}, "cr-pipelines", "_CR_PIPELINES_COMPLETE").source())


@main.group()
def state() -> None:
    """Manage the state schema, which has the ledger."""


@state.command("adopt")
@click.option("--dry-run", is_flag=True, help="Show what would be sent again, and change nothing.")
@definitions_option
def state_adopt(dry_run: bool, definitions: str) -> None:
    """Assign the state schema to the token's room.

    A state schema belongs to one room and one destination source. When another one takes its place, this command
    records the new one and clears the ledger of what was sent to the old one, so that the next run of each sync sends
    all rows, notes included. It sends nothing itself, and deletes nothing in either room. If both rooms are in use,
    set CR_STATE_SCHEMA to a schema for each instead.

    Exit codes: 0 done; 1 the room or the warehouse cannot be used, or a run has not ended; 2 wrong usage.
    """
    from cr_pipelines.cli.state import adopt

    adopt(dry_run=dry_run, definitions=definitions)


@state.command("copy")
@click.argument("source_url", metavar="FROM")
@click.argument("target_url", metavar="TO")
@click.option("--schema", metavar="NAME", help="The state schema.  [default: CR_STATE_SCHEMA, or else common_room]")
def state_copy(source_url: str, target_url: str, schema: str | None) -> None:
    """Copy the state from the database at the URL FROM to the one at TO.

    Use it to move the state out of the warehouse: set CR_STATE_URL to TO afterwards. The next runs send nothing again.
    TO is a DuckDB file, which is created if it does not exist, or a PostgreSQL database. It must have no state yet.

    Exit codes: 0 copied; 1 not copied, with the reason; 2 wrong usage.
    """
    from cr_pipelines.cli.state_copy import copy

    copy(source_url, target_url, schema)


@main.group()
def pii() -> None:
    """Report on privacy requests, confirm them, or end a suppression."""


@pii.command("report")
@click.option("--request-id", "request_ids", metavar="ID", multiple=True, help="Only this request. Repeatable.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all columns to this CSV file instead, for a privacy officer's records.",
)
@json_option
@definitions_option
def pii_report(request_ids: tuple[str, ...], csv_file: Path | None, definitions: str, in_json: bool) -> None:
    """Show when each privacy request was submitted, is due, and was verified.

    Shows request ids, times and counts. The CSV file also has the SHA-256 of each address. Neither has an address. Both
    name the room, the time and the version.

    Exit codes: 0 shown; 1 no such request, or the warehouse cannot be read; 2 wrong usage.
    """
    from cr_pipelines.cli.pii import report

    report(request_ids, csv_file, definitions, in_json=in_json)


@pii.command("confirm")
@click.argument("request_id")
@definitions_option
def pii_confirm(request_id: str, definitions: str) -> None:
    """Treat the address of REQUEST_ID as one person's, although it was sent for many people or things.

    Every row that was ever sent with the address is suppressed from then on, and the person is removed.

    Exit codes: 0 confirmed; 1 no such request waits for a decision; 2 wrong usage.
    """
    from cr_pipelines.cli.pii import confirm

    confirm(request_id, definitions=definitions)


@pii.command("unsuppress")
@click.argument("request_id")
@click.option(
    "--reason",
    required=True,
    help="Why the person may be synced again. The reason is stored, so do not name the person.",
)
@click.option("--even-unverified", is_flag=True, help="Even if the removal is not verified yet. This undoes it.")
@definitions_option
def pii_unsuppress(request_id: str, reason: str, even_unverified: bool, definitions: str) -> None:
    """Let the person of REQUEST_ID be synced again, for example after they signed up again.

    Lifts every request of the same person. The next runs send all of their rows again.

    Exit codes: 0 lifted; 1 not lifted, with the reason; 2 wrong usage.
    """
    from cr_pipelines.cli.pii import unsuppress

    unsuppress(request_id, reason, even_unverified=even_unverified, definitions=definitions)


for each in (plan, run, explain, audit):
    main.add_command(each)
