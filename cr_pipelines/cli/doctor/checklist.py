"""How findings look in a terminal.

Goes in: findings, in the order in which they are made. Comes out: a line for each, marked ok, note or problem, and the
number of problems.
"""

import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cr_pipelines.cli.errors import explain
from cr_pipelines.cli.progress import showing

_MARKS = {"ok": ("ok", "green"), "note": ("note", "cyan"), "problem": ("problem", "red")}
_INDENT = " " * 11

_T = TypeVar("_T")


class Checklist:
    """Prints findings as they come, and counts those that are problems.

    Attributes:
        sections: all findings, for JSON; with `quiet`, nothing is printed.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.problems = 0
        self.sections: list[dict[str, Any]] = []
        self._quiet = quiet
        # Piped lines are not wrapped, so that grep finds them whole.
        self._width = min(shutil.get_terminal_size().columns, 110) if sys.stdout.isatty() else 100_000

    def section(self, title: str) -> None:
        """Begin a group of findings."""
        self.sections.append({"title": title, "findings": []})
        self._echo(f"\n{click.style(title, bold=True)}")

    def ok(self, message: str) -> None:
        """Print something that is fine."""
        self._print("ok", message)

    def note(self, message: str) -> None:
        """Print something worth knowing that may be intended."""
        self._print("note", message)

    def problem(self, message: str) -> None:
        """Print something that is wrong; the message says how to fix it."""
        self.problems += 1
        self._print("problem", message)

    def detail(self, message: str) -> None:
        """Print more about the last finding."""
        self.sections[-1]["findings"][-1]["details"].append(message)
        self._echo(self._wrap(message))

    def attempt(self, what: str, action: Callable[[], _T]) -> _T | None:
        """Return what the action returns, or None after printing the problem that it raised."""
        try:
            with showing(f"checking {what}"):
                return action()
        except Exception as error:
            # The message of an unexpected error may contain a row's values.
            self.problem(
                explain(error)
                or f"cannot check {what}: unexpected {type(error).__name__}; run `cr-pipelines plan` for details"
            )
            return None

    def _print(self, mark: str, message: str) -> None:
        word, color = _MARKS[mark]
        self.sections[-1]["findings"].append({"finding": word, "message": message, "details": []})
        self._echo(f"  {click.style(f'{word:8}', fg=color)} " + self._wrap(message).lstrip())

    def _echo(self, line: str) -> None:
        if not self._quiet:
            click.echo(line)

    def _wrap(self, message: str) -> str:
        return textwrap.fill(
            message,
            self._width,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
