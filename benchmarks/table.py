"""Markdown tables, and the sections of a page that they replace.

Goes in: cells, and a page. Comes out: the page with a new section between the marks of the old one.
"""

import re
from collections.abc import Sequence
from pathlib import Path


class Table:
    """A Markdown table that is printed row by row."""

    def __init__(self, *headings: str):
        self.lines = [_line(headings), "|---" * len(headings) + "|"]
        print("\n".join(self.lines), flush=True)

    def add(self, *cells: str) -> None:
        """Add and print a row."""
        self.lines.append(_line(cells))
        print(self.lines[-1], flush=True)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def replace_section(page: Path, section: str, text: str) -> None:
    """Replace the text between a section's marks in a page."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    whole = page.read_text() if page.exists() else ""
    block = f"{begin}\n{text.strip()}\n{end}"
    if begin in whole:
        whole = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: block, whole, flags=re.DOTALL)
    else:
        whole += f"\n{block}\n"
    page.write_text(whole)
