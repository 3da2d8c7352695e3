"""How names are compared: names of things in the room, and names that a column accepts.

Goes in: a name in any spelling. Comes out: the form in which names are compared, and the most similar known name.
"""

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def folded(name: str) -> str:
    """Return a name as it is looked up, without regard to case, width and surrounding blanks."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, or None if none is similar."""
    return _nearest(name, tuple(known))


def did_you_mean(similar: str | None) -> str:
    """Return `; did you mean X?` to end a message with, or an empty string."""
    return f"; did you mean {similar}?" if similar else ""


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    by_folded = {folded(other): other for other in known}
    found = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None
