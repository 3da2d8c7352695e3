"""How names are compared: those of the room's things, and those that a column accepts.

Goes in: a name as somebody wrote it. Comes out: the form in which names are compared, and the known name nearest to it.
"""

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def folded(name: str) -> str:
    """Return a name as it is looked up: without regard to case, width and outer blanks."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the most similar known name, or an empty string."""
    return _nearest(name, tuple(known))


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    by_folded = {folded(other): other for other in known}
    found = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[found[0]]}?" if found else ""
