"""Shows what a command is doing while it takes long.

Goes in: what is being done, how far along it is, and what the layers below log that they are waiting for. Comes out: a
bar on a terminal, or lines at growing intervals if the output is piped. Both are on stderr, so that stdout has only the
result.
"""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, Self

import click
from typing_extensions import override

from cr_pipelines.sync import Progress, duration

_FIRST_SECONDS = 2.0
_LONGEST_PAUSE = 60.0


class Display(Protocol):
    """Where a command shows what it is doing."""

    def doing(self, what: str) -> None:
        """Say what is now being done."""

    def update(self, progress: Progress) -> None:
        """Show how far along a run is."""

    def warn(self, message: str) -> None:
        """Print a line that stays."""


@contextmanager
def showing(what: str) -> Iterator[Display]:
    """Show that `what` is being done until the block ends."""
    display: _Bar | _Lines = _Bar(what) if sys.stderr.isatty() else _Lines(what)
    handler, package = _Forward(display), logging.getLogger("cr_pipelines")
    propagated, package.propagate = package.propagate, False
    package.addHandler(handler)
    try:
        with display:
            yield display
    finally:
        package.removeHandler(handler)
        package.propagate = propagated


class _Forward(logging.Handler):
    """Shows what the package logs, such as which process it waits for."""

    def __init__(self, display: Display):
        super().__init__(logging.WARNING)
        self._display = display

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._display.warn(record.getMessage())


class _Lines:
    """A line after two seconds, and then at intervals that double."""

    def __init__(self, what: str):
        self._what = what
        self._begun = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_printing, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def doing(self, what: str) -> None:
        self._what = what

    def update(self, progress: Progress) -> None:
        self._what = str(progress)

    def warn(self, message: str) -> None:
        click.echo(message, err=True)

    def _keep_printing(self) -> None:
        pause = _FIRST_SECONDS
        while not self._ended.wait(pause):
            pause = min(2 * pause, _LONGEST_PAUSE)
            click.echo(f"{self._what} ({duration(time.monotonic() - self._begun)} so far)", err=True)


class _Bar:
    """A line on a terminal that is redrawn, and cleared at the end."""

    def __init__(self, what: str):
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._progress = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def doing(self, what: str) -> None:
        self._progress.update(self._task, description=what)

    def update(self, progress: Progress) -> None:
        self._progress.update(self._task, description=str(progress), total=progress.total, completed=progress.done)

    def warn(self, message: str) -> None:
        self._progress.console.print(message, markup=False, highlight=False)
