"""Which rows a run offers, and in what order.

Goes in: how a row compares with the ledger (`Comparison`), and the options of the run. Comes out: the comparisons that
are offered, as sets and as SQL conditions. Nothing here reads a row or a table.
"""

from collections.abc import Collection
from typing import Literal, get_args

from cr_pipelines.sync.model import Options, Sync

Comparison = Literal[
    "new",
    "changed",
    "retry",
    "recheck",
    "interrupted",
    "rejected",
    "unknown",
    "changed_after_delivery",
    "deleted_remotely",
    "unchanged",
    "absent",
]
"""How a key compares with the ledger:

- `new`: the ledger does not have it.
- `changed`: its row differs from the one that was last sent.
- `retry`: it failed before.
- `recheck`: it was invalid or suppressed before.
- `interrupted`: a run died while it may have been sending it.
- `rejected`: the API refused it before, and it has not changed since.
- `unknown`: an append whose request may have arrived.
- `changed_after_delivery`: an append that changed after it was delivered.
- `deleted_remotely`: unchanged, and somebody deleted it in the room.
- `unchanged`: delivered as it is.
- `absent`: the ledger has it, and the source no longer does.
"""

COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)

_FRESH: frozenset[Comparison] = frozenset({"new", "changed", "interrupted"})
_AGAIN: frozenset[Comparison] = frozenset({"retry", "recheck"})
_FAILED_BEFORE = "why <> 'absent' AND was_status IN ('failed', 'rejected')"


def also_offered(sync: Sync, options: Options) -> frozenset[Comparison]:
    """Return the comparisons that this run offers although nothing needs to be sent for them."""
    offered: set[Comparison] = set()
    if options.resync == "failed":
        offered = {"rejected"}
    elif options.resync == "all":
        offered = {"rejected", "unchanged", "deleted_remotely"}
    elif sync.recreate_deleted:
        offered = {"deleted_remotely"}
    if not sync.contract.repeatable:
        # An append is sent once. It is repeated only if a person names its key.
        if not options.keys:
            offered.discard("unchanged")
        else:
            offered.add("unknown")
            if options.resync != "failed":
                offered.add("changed_after_delivery")
    return frozenset(offered)


def turns(options: Options, also: Collection[Comparison]) -> list[str]:
    """Return SQL conditions over `why` and `was_status`, one for each turn: rows that failed before come last.

    Rows of a later turn must not hold up those of an earlier one.
    """
    others = set(also) - {"rejected"}
    if options.resync == "failed":
        return [_FAILED_BEFORE, *([_any_of(others)] if others else [])]
    return [_any_of(_FRESH | others), _any_of(_AGAIN | (set(also) & {"rejected"}))]


def _any_of(comparisons: Collection[Comparison]) -> str:
    listed = ", ".join(f"'{comparison}'" for comparison in sorted(comparisons))
    return f"why IN ({listed})"
