"""Which column of a table fills which column of a contract.

Goes in: a contract and the sample of a table. Comes out: a guess for each column that has one, with the reason, and the
table's remaining columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cr_pipelines.cli.doctor.columns import accepts
from cr_pipelines.cli.suggest.names import DELETED, plain, usual_names
from cr_pipelines.cli.suggest.sample import Sample, SampledColumn
from cr_pipelines.cli.suggest.values import by_values
from cr_pipelines.sync.contract import Column, Contract
from cr_pipelines.wording import count

_FEW_ADDRESSES = 0.5
_MOST_NAMES = 12


@dataclass(frozen=True)
class Guess:
    """A column of a contract, the table's column that fills it, and why.

    Attributes:
        source: None for a literal, or for a required column that nothing fills.
        literal: text to put instead; None for a null.
    """

    target: Column
    source: SampledColumn | None
    reason: str
    literal: str | None = None


@dataclass(frozen=True)
class Mapping:
    """The guesses in the contract's order, the columns that are left, and the one that marks deleted rows."""

    guesses: Sequence[Guess]
    left: Sequence[SampledColumn]
    deleted: SampledColumn | None


def guess_columns(contract: Contract, sample: Sample) -> Mapping:
    """Return what fills what. Each column of the table is used once, except for an address that is also the key."""
    deleted = next((column for column in sample.columns.values() if plain(column.name) in DELETED), None)
    free = {name: column for name, column in sample.columns.items() if column is not deleted}
    of_activity = contract.partition_by is not None
    found: dict[str, Guess] = {}
    # The key first: what names a person or event must not be taken for something else.
    for target in sorted(contract.columns, key=lambda column: column.name not in contract.key):
        if target.name == "value" and "user_id" in found:
            # Who a row is about, in another way.
            continue
        guess = _guess(target, contract, free, of_activity=of_activity)
        if guess is not None:
            found[target.name] = guess
            if guess.source is not None:
                free.pop(guess.source.name, None)
    for target in contract.columns:
        fits = None if target.name in found else by_values(target.name, contract, free.values())
        if fits is not None:
            column, why = fits
            found[target.name] = Guess(target, column, _by_values(target, column, why))
            free.pop(column.name)
    _complete(contract, sample, found)
    ordered = [found[column.name] for column in contract.columns if column.name in found]
    return Mapping(ordered, list(free.values()), deleted)


def _guess(target: Column, contract: Contract, free: dict[str, SampledColumn], *, of_activity: bool) -> Guess | None:
    candidates = [
        column
        for name in usual_names(target.name, of_activity=of_activity)
        for column in free.values()
        if plain(column.name) == name and _fits(target, column)
    ]
    if not candidates:
        return None
    best = candidates[0]
    if contract.key == (target.name,):
        best = next((column for column in candidates if column.is_key), best)
    others = [column.name for column in candidates if column is not best]
    also = f"; it could also be: {', '.join(others)}" if others else ""
    return Guess(target, best, _reason(target, contract, best) + also)


def _fits(target: Column, column: SampledColumn) -> bool:
    if target.kind == "timestamp":
        return column.shape in (None, "time", "text", "number")
    if not accepts(target, column.shape) or column.shape == "time":
        return False
    return not target.is_email or not column.values or column.address_share >= _FEW_ADDRESSES


def _reason(target: Column, contract: Contract, column: SampledColumn) -> str:
    said = f"from {column.name}, by its name"
    if column.is_empty:
        return f"{said}; empty in all {count(column.rows, 'sampled row')}"
    if contract.key == (target.name,) and column.rows:
        unique = column.is_key
        return said + (
            "; unique and never null in the sample"
            if unique
            else f"; NOT UNIQUE, or null, in the sample ({count(column.rows, 'row')}): give every row a unique key"
        )
    if target.is_email and column.values:
        return f"{said}; {100 * column.address_share:.0f}% of its values look like addresses"
    if target.name in ("activity_type", "segment", "status"):
        return f"{said}; {_named(target, column)}"
    if column.rows and len(column.values) < column.rows:
        return f"{said}; {100 * len(column.values) / column.rows:.0f}% of the rows have it"
    return said


def _by_values(target: Column, column: SampledColumn, why: str) -> str:
    said = f"from {column.name}, by its values: {why}"
    return f"{said}; {_named(target, column)}" if target.name == "activity_type" else said


def _named(target: Column, column: SampledColumn) -> str:
    """Return the names that a column holds: those of event types and segments are no one's data."""
    names = sorted(set(map(str, column.values)))
    if any("@" in name for name in names) or len(names) > _MOST_NAMES:
        return f"it has {count(len(names), 'value')}; each must exist in the room"
    return f"each of {', '.join(names) or 'its values'} must exist in the room"


def _complete(contract: Contract, sample: Sample, found: dict[str, Guess]) -> None:
    """Add what follows from the other guesses, and required columns that are missing."""
    targets = {column.name: column for column in contract.columns}
    reference = found.get("value")
    if "social_type" in targets and "social_type" not in found and reference and reference.source:
        network = next(
            (name for name in ("github", "twitter", "linkedin") if name in plain(reference.source.name)), "email"
        )
        found["social_type"] = Guess(targets["social_type"], None, f"by the name of {reference.source.name}", network)
    email = found.get("email")
    if "id" not in found and "id" in targets and email is not None:
        found["id"] = Guess(
            targets["id"], email.source, "no column identifies the row; an address can change, so an id would be better"
        )
    instead = {"social_type", "value"} if "user_id" in found else set()
    for name, column in targets.items():
        if column.required and name not in found and name not in instead:
            found[name] = Guess(column, None, f"REQUIRED, and no column looks like it. {column.about} Replace the NULL")
