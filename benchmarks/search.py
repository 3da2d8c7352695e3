"""What the search for addresses in a request costs, whatever the request contains.

Goes in: a number of characters. Comes out: a table. *Noted* is the search when a row is prepared; *checked* is the last
check before its request leaves, which remembers what was found.
"""

import json
import time
from collections.abc import Callable

from benchmarks.hostile_texts import FAMILIES
from benchmarks.table import Table
from cr_pipelines.sync.contract import address_hash
from cr_pipelines.sync.privacy import address_search
from cr_pipelines.sync.privacy.suppression import Suppressed

_REPEATS = 5
_SUPPRESSED = Suppressed(1, frozenset([address_hash("somebody@bücher.example")]))


def measure(characters: int) -> str:
    """Return the section of the page."""
    table = Table("text", "addresses", "noted, ms", "checked, ms")
    for name, make in FAMILIES.items():
        body = json.dumps({"bio": make(characters)}, ensure_ascii=False).encode()
        noted = _milliseconds(lambda body=body: address_search.search(body))  # type: ignore[misc]
        found = address_search.hashes_in(body)
        checked = _milliseconds(lambda body=body: _SUPPRESSED.address_in(body))  # type: ignore[misc]
        table.add(name, f"{len(found):,}", f"{noted:.2f}", f"{checked:.2f}")
    return str(table)


def _milliseconds(search: Callable[[], object]) -> float:
    spent = []
    for _ in range(_REPEATS):
        began = time.thread_time()
        search()
        spent.append(time.thread_time() - began)
    return min(spent) * 1_000
