import re
from collections.abc import Sequence
from pathlib import Path


class Table:
    """A Markdown table that is printed while it grows."""

    def __init__(self, *headings: str):
        self.lines = [_line(headings), "|---" * len(headings) + "|"]
        print("\n".join(self.lines), flush=True)

    def add(self, *cells: str) -> None:
        """One more row."""
        self.lines.append(_line(cells))
        print(self.lines[-1], flush=True)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def renew(page: Path, section: str, text: str) -> None:
    """Put the text between a section's marks in a page, whose other words stay."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    whole = page.read_text() if page.exists() else ""
    block = f"{begin}\n{text.strip()}\n{end}"
    if begin in whole:
        whole = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: block, whole, flags=re.DOTALL)
    else:
        whole += f"\n{block}\n"
    page.write_text(whole)
