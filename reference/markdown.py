"""Pieces of Markdown.

Goes in: text and rows. Comes out: tables and paragraphs that GitHub and MkDocs show alike.
"""

import inspect
import re
from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """Return text as it is written in a table: on one line, without an end of the cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def code(text: object) -> str:
    """Return text as code."""
    return f"`{text}`"


def as_code(text: str) -> str:
    """Return a docstring's text with what looks like markup in it as code."""
    return re.sub(r"(?<![`\w/])(\{[^}]*\}|<[^>]*>)(?![`\w])", r"`\1`", text)


def first_paragraph(thing: object) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def page(title: str, *blocks: str) -> str:
    """Return a page, which says that it is made."""
    note = "<!-- Made by `python -m reference`. Change the code or reference/descriptions.py instead. -->"
    return "\n\n".join([f"# {title}", note, *(block.strip() for block in blocks if block)]) + "\n"
