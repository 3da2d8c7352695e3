"""The demo from start to end.

Goes in: ports, and whether to exit after the syncs. Comes out: a sandbox with the sample's rows, and an exit code that
says whether all of them arrived.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack

import click

from cr_pipelines.demo import story
from cr_pipelines.demo.dagster_processes import Showing, dagster_ui, run_syncs, wait_for_ui
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
from cr_pipelines.signals import interrupted_by_signals
from cr_pipelines.supervised_process import SupervisedProcess
from cr_pipelines.warehouse import Warehouse, WarehouseError, open_warehouse
from cr_pipelines.wording import count

_INTERRUPTED = 130
_BUSY_SECONDS = 20


def run_demo(
    *,
    once: bool,
    sandbox_port: int | None,
    dagster_port: int | None,
    usual_ports: tuple[int, int],
    showing: Showing,
) -> int:
    """Run the demo in `.demo` of the working directory, and print what happens.

    Args:
        once: exit after the syncs, without the Dagster UI.
        sandbox_port: where the sandbox listens; None for the usual port, or any free one.
        dagster_port: the same for the Dagster UI.
        usual_ports: the usual port of the sandbox and of Dagster.
        showing: shows what the demo is doing while it takes long.

    Returns:
        the exit code: 0 if every row is in the sandbox, 1 if some are not, 130 if the demo was interrupted.

    Raises:
        DemoError: the demo cannot run; the message says what to do.
        WarehouseError: the sample warehouse cannot be read.
    """
    delivered: int | None = None
    with interrupted_by_signals(), ExitStack() as stack:
        home = DemoHome()
        try:
            stack.enter_context(home.locked())
            demo = _Demo(home, stack, choose_port(sandbox_port, usual_ports[0], "--sandbox-port"), showing)
            delivered = 0 if demo.sync() else 1
            if not once:
                demo.stay(choose_port(dagster_port, usual_ports[1], "--dagster-port"))
            elif delivered == 0:
                story.suggest_after_once()
        except KeyboardInterrupt:
            click.echo("\nStopping.")
    return _INTERRUPTED if delivered is None else delivered


class _Demo:
    """A demo whose sandbox runs until the stack unwinds."""

    def __init__(self, home: DemoHome, stack: ExitStack, sandbox_port: int, showing: Showing):
        self._home = home
        self._showing = showing
        self._warehouse: Warehouse = open_warehouse(f"{DEMO_WAREHOUSE_URL}?busy_seconds={_BUSY_SECONDS}")
        with showing("building the sample warehouse"):
            made = build_sample_warehouse(home.warehouse)
        story.print_step("Sample warehouse", f"{home.warehouse} ({'new' if made else 'as you left it'})")
        self._room_is_lost = not home.room.exists() and has_ledger(self._warehouse)
        try:
            self._sandbox = stack.enter_context(
                SandboxServer(port=sandbox_port, data=home.room.absolute(), settle_seconds=0.2)
            )
        except RuntimeError as error:
            raise DemoError(str(error)) from None
        story.print_step("Sandbox", f"{self._sandbox.url}, a local Common Room that stores its room in {home.room}")
        self._environment = home.environment(self._sandbox.base_url, self._sandbox.token, self._sandbox.source_id)

    def sync(self) -> bool:
        """Run every sync once and print the results. Return whether all rows are in the sandbox."""
        syncs = [source.sync for source in SAMPLE_SOURCES]
        resent = " (all rows, because the sandbox's room was deleted)" if self._room_is_lost else ""
        story.print_step("Dagster", f"running {count(len(syncs), 'sync')}: {', '.join(syncs)}{resent}")
        if self._room_is_lost:
            forget_room(self._warehouse)
        before = last_runs(self._warehouse)
        succeeded = run_syncs(self._home, self._environment, self._sandbox.url, self._stages(), self._showing)
        ran = {sync: run for sync, run in last_runs(self._warehouse).items() if before.get(sync) != run}
        outcomes = [read_outcome(self._warehouse, sync, ran[sync]) for sync in syncs if sync in ran]
        story.print_outcomes(outcomes, self._home.sync_log)
        for sync in syncs:
            if sync not in ran:
                click.secho(f"  {sync} did not run; see {self._home.sync_log}", fg="red")
        arrived = self._show_room(outcomes)
        return succeeded and arrived and len(ran) == len(syncs) and all(not outcome.not_sent for outcome in outcomes)

    def _stages(self) -> list[Stage]:
        """Return the syncs that fill the room, then those whose rows are about what is in it."""
        daily = [source for source in SAMPLE_SOURCES if source.days]
        days = {source.sync: days_of(self._warehouse, source) for source in daily}
        stages = [
            Stage([source.sync for source in SAMPLE_SOURCES if not source.refers and not source.days]),
            *(Stage([sync], found) for sync, found in days.items() if found),
            Stage([source.sync for source in SAMPLE_SOURCES if source.refers and not source.days]),
        ]
        return [stage for stage in stages if stage.syncs]

    def _show_room(self, outcomes: Sequence[Outcome]) -> bool:
        """Print what the sandbox has. Return whether that is everything."""
        room = self._sandbox.control
        room.settle()
        requests = count_requests(room)
        suppressed = {outcome.sync: outcome.suppressed for outcome in outcomes}
        complete = True
        for source in SAMPLE_SOURCES:
            try:
                arrived, rows = count_arrived(self._warehouse, source, room)
            except WarehouseError as error:
                complete = False
                advice = f"Fix the table, or delete {self._home.warehouse} to start over."
                click.secho(f"{str(error).rstrip('.!')}. {advice}", fg="red")
                continue
            click.secho(f"The sandbox has {arrived:,} of {rows:,} {source.sync}.", bold=True)
            complete = complete and rows - arrived <= suppressed.get(source.sync, 0)
        click.echo(f"It received {count(requests['writes'], 'write')} and {count(requests['look-ups'], 'look-up')}.")
        return complete

    def stay(self, dagster_port: int) -> None:
        """Keep Dagster and the sandbox open until a signal comes. Raises DemoError if Dagster ends."""
        click.echo()
        story.print_step("Dagster", "starting the UI …")
        with dagster_ui(self._home, self._environment, dagster_port) as dagster:
            wait_for_ui(self._home, dagster, dagster_port, self._showing)
            click.secho("\nOpen", bold=True)
            click.echo(f"  Dagster       {click.style(f'http://{HOST}:{dagster_port}', bold=True)}")
            click.echo(f"  The sandbox   {click.style(self._sandbox.url, bold=True)}")
            story.suggest_while_open(self._environment)
            self._wait(dagster)

    def _wait(self, dagster: SupervisedProcess) -> None:
        while dagster.exit_code() is None:
            time.sleep(0.5)
        raise DemoError(f"Dagster has stopped; see {self._home.dagster_log}")
