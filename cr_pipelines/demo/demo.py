"""The demo from start to end, and what it says meanwhile."""

import shlex
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click

from cr_pipelines.demo.dagster_processes import dagster_ui, run_syncs, wait_for_ui
from cr_pipelines.demo.home import DemoError, DemoHome
from cr_pipelines.demo.materialize import Stage
from cr_pipelines.demo.outcome import (
    Outcome,
    count_arrived,
    count_requests,
    days_of,
    forget_room,
    has_ledger,
    last_runs,
    read_outcome,
)
from cr_pipelines.demo.ports import HOST, choose_port
from cr_pipelines.demo.sample import SAMPLE_SOURCES, build_sample_warehouse
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.settings import DEMO_WAREHOUSE_URL
from cr_pipelines.supervised_process import SupervisedProcess
from cr_pipelines.warehouse import Warehouse, WarehouseError, open_warehouse

_CHANGE = "UPDATE common_room_contacts SET bio = 'Changed ' || now() WHERE id IN ('usr_1001', 'usr_1002', 'usr_1003')"
_INTERRUPTED = 130
_BUSY_SECONDS = 20


def run_demo(*, once: bool, sandbox_port: int | None, dagster_port: int | None, usual_ports: tuple[int, int]) -> int:
    """Run the demo in `.demo` of the working directory, and print what happens.

    Args:
        once: end after the syncs, without the Dagster UI.
        sandbox_port: where the sandbox listens; None takes the usual port, or a free one.
        dagster_port: the same for the Dagster UI.
        usual_ports: the usual port of the sandbox and of Dagster.

    Returns:
        the exit code: 0 when every row is in the sandbox, 1 when some are not, 130 when it was interrupted.

    Raises:
        DemoError: it cannot run; the message says what to do.
        WarehouseError: the sample warehouse cannot be read.
    """
    delivered: int | None = None
    with _ended_by_signals(), ExitStack() as stack:
        home = DemoHome()
        try:
            stack.enter_context(home.taken())
            demo = _Demo(home, stack, choose_port(sandbox_port, usual_ports[0], "--sandbox-port"))
            delivered = 0 if demo.sync() else 1
            if not once:
                demo.stay(choose_port(dagster_port, usual_ports[1], "--dagster-port"))
            elif delivered == 0:
                demo.suggest_next()
        except KeyboardInterrupt:
            click.echo("\nEnding.")
    return _INTERRUPTED if delivered is None else delivered


class _Demo:
    """A demo whose sandbox runs until the stack unwinds."""

    def __init__(self, home: DemoHome, stack: ExitStack, sandbox_port: int):
        self._home = home
        self._warehouse: Warehouse = open_warehouse(f"{DEMO_WAREHOUSE_URL}?busy_seconds={_BUSY_SECONDS}")
        made = build_sample_warehouse(home.warehouse)
        _tell("Sample warehouse", f"{home.warehouse}, {'made now' if made else 'as you left it'}")
        self._room_is_lost = not home.room.exists() and has_ledger(self._warehouse)
        try:
            self._sandbox = stack.enter_context(
                SandboxServer(port=sandbox_port, data=home.room.absolute(), settle_seconds=0.2)
            )
        except RuntimeError as error:
            raise DemoError(str(error)) from None
        _tell("Sandbox", f"{self._sandbox.url}, a local Common Room; its room is kept in {home.room}")
        self._environment = home.environment(self._sandbox.base_url, self._sandbox.token, self._sandbox.source_id)

    def sync(self) -> bool:
        """Run every sync once and say what happened; whether all rows are in the sandbox."""
        syncs = [source.sync for source in SAMPLE_SOURCES]
        anew = ", every row anew, as the sandbox's room is gone" if self._room_is_lost else ""
        _tell("Dagster", f"runs {len(syncs)} syncs: {', '.join(syncs)}{anew}")
        if self._room_is_lost:
            forget_room(self._warehouse)
        before = last_runs(self._warehouse)
        succeeded = run_syncs(self._home, self._environment, self._sandbox.url, self._stages())
        ran = {sync: run for sync, run in last_runs(self._warehouse).items() if before.get(sync) != run}
        outcomes = [read_outcome(self._warehouse, sync, ran[sync]) for sync in syncs if sync in ran]
        _show_outcomes(outcomes, self._home.sync_log)
        for sync in syncs:
            if sync not in ran:
                click.secho(f"  {sync} did not run; {self._home.sync_log} says why", fg="red")
        arrived = self._show_room(outcomes)
        return succeeded and arrived and len(ran) == len(syncs) and all(not outcome.withheld for outcome in outcomes)

    def _stages(self) -> list[Stage]:
        """The syncs that fill the room, and those whose rows are about what is in it."""
        day_by_day = [source for source in SAMPLE_SOURCES if source.days]
        days = {source.sync: days_of(self._warehouse, source) for source in day_by_day}
        stages = [
            Stage([source.sync for source in SAMPLE_SOURCES if not source.refers and not source.days]),
            *(Stage([sync], found) for sync, found in days.items() if found),
            Stage([source.sync for source in SAMPLE_SOURCES if source.refers and not source.days]),
        ]
        return [stage for stage in stages if stage.syncs]

    def _show_room(self, outcomes: Sequence[Outcome]) -> bool:
        """Ask the sandbox what it has; whether that is everything."""
        room = self._sandbox.control
        room.settle()
        requests = count_requests(room)
        forgotten = {outcome.sync: outcome.suppressed for outcome in outcomes}
        complete = True
        for source in SAMPLE_SOURCES:
            try:
                arrived, rows = count_arrived(self._warehouse, source, room)
            except WarehouseError as error:
                complete = False
                advice = f"Mend the table, or delete {self._home.warehouse} to have it made anew."
                click.secho(f"{str(error).rstrip('.!')}. {advice}", fg="red")
                continue
            click.secho(f"The sandbox has {arrived:,} of {rows:,} {source.sync}.", bold=True)
            complete = complete and rows - arrived <= forgotten.get(source.sync, 0)
        click.echo(f"It was sent {_count(requests['writes'], 'write')} and {_count(requests['look-ups'], 'look-up')}.")
        return complete

    def suggest_next(self) -> None:
        """Say what to try after `--once`."""
        click.secho("\nTry next", bold=True)
        click.echo(f"  Change three rows:\n\n    {_change_command()}\n")
        click.echo(f"  and send just these:\n\n    {_own_command()} demo --once\n")
        click.echo(f"  See it in Dagster and on the sandbox's page:\n\n    {_own_command()} demo")

    def stay(self, dagster_port: int) -> None:
        """Show everything in Dagster and the sandbox, until a signal comes. Raises DemoError when Dagster ends."""
        click.echo()
        _tell("Dagster", "starts its UI …")
        with dagster_ui(self._home, self._environment, dagster_port) as dagster:
            wait_for_ui(self._home, dagster, dagster_port)
            click.secho("\nOpen", bold=True)
            click.echo(f"  Dagster       {click.style(f'http://{HOST}:{dagster_port}', bold=True)}")
            click.echo(f"  The sandbox   {click.style(self._sandbox.url, bold=True)}")
            self._suggest_while_open()
            self._wait(dagster)

    def _suggest_while_open(self) -> None:
        click.secho("\nTry next, in another terminal", bold=True)
        click.echo(
            f"  Change three rows, and materialize common_room/contacts in Dagster:\n\n    {_change_command()}\n"
        )
        click.echo("  Ask what is in order, and what would be sent:\n")
        for name in ("COMMON_ROOM_BASE_URL", "COMMON_ROOM_API_TOKEN", "COMMON_ROOM_DESTINATION_SOURCE_ID"):
            click.echo(f"    export {name}={self._environment[name]}")
        click.echo(f"    export CR_WAREHOUSE_URL={DEMO_WAREHOUSE_URL}")
        click.echo(f"    {_own_command()} doctor\n\nCtrl-C ends all of it.")

    def _wait(self, dagster: SupervisedProcess) -> None:
        while dagster.exit_code() is None:
            time.sleep(0.5)
        raise DemoError(f"Dagster has ended; {self._home.dagster_log} says why")


def _show_outcomes(outcomes: Sequence[Outcome], log: Path) -> None:
    if not outcomes:
        return
    headings = ("sync", "rows", "delivered", "unchanged", "not sent", "requests", "seconds")
    click.echo("\n  " + f"{headings[0]:20}" + "".join(f"{heading:>12}" for heading in headings[1:]))
    for outcome in outcomes:
        counts = (outcome.rows, outcome.delivered, outcome.unchanged, outcome.withheld, outcome.requests)
        click.echo(f"  {outcome.sync:20}" + "".join(f"{count:>12,}" for count in counts) + f"{outcome.seconds:>12.1f}")
    click.echo()
    for outcome in outcomes:
        if outcome.state != "succeeded":
            click.secho(f"  {outcome.sync} {outcome.state}: {outcome.stopped_by or f'{log} says why'}", fg="red")
        if outcome.rejected_rows and outcome.withheld:
            click.secho(f"  Not sent; all of them are in common_room.rejected_rows of {DEMO_WAREHOUSE_URL}:", fg="red")
            for row in outcome.rejected_rows:
                click.echo(f"    {row.key}  {row.message}")
            click.echo()


def _tell(what: str, text: str) -> None:
    click.echo(f"{click.style(f'{what:18}', bold=True)}{text}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _change_command() -> str:
    program = f"import duckdb; duckdb.connect('{DemoHome().warehouse}').execute(\\\"{_CHANGE}\\\")"
    return f'{_as_typed(sys.executable)} -c "{program}"'


def _own_command() -> str:
    return _as_typed(sys.argv[0])


def _as_typed(program: str) -> str:
    path = Path(program)
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C, a closed terminal and SIGTERM all end the block as a KeyboardInterrupt, also in the background."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
