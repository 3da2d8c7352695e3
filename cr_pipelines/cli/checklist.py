"""How findings look in a terminal."""

import shutil
import sys
import textwrap

import click

_MARKS = {"ok": ("ok", "green"), "note": ("note", "cyan"), "problem": ("problem", "red")}
_INDENT = " " * 11


class Checklist:
    """Prints findings as they come, and counts those that are problems."""

    def __init__(self) -> None:
        self.problems = 0
        # Lines of a pipe stay whole, for grep.
        self._width = min(shutil.get_terminal_size().columns, 110) if sys.stdout.isatty() else 100_000

    def section(self, title: str) -> None:
        """Begin a group of findings."""
        click.echo(f"\n{click.style(title, bold=True)}")

    def ok(self, text: str) -> None:
        """Something is as it should be."""
        self._print("ok", text)

    def note(self, text: str) -> None:
        """Something to know, which may well be meant."""
        self._print("note", text)

    def problem(self, text: str) -> None:
        """Something is wrong; the text says what to do."""
        self.problems += 1
        self._print("problem", text)

    def detail(self, text: str) -> None:
        """More about the finding before."""
        click.echo(self._wrapped(text, _INDENT))

    def _print(self, mark: str, text: str) -> None:
        word, colour = _MARKS[mark]
        click.echo(f"  {click.style(f'{word:8}', fg=colour)} " + self._wrapped(text, _INDENT).lstrip())

    def _wrapped(self, text: str, indent: str) -> str:
        return textwrap.fill(
            text,
            self._width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
