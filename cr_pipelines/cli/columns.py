"""Whether a source's columns look as a contract wants them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cr_pipelines.sync.contract import Column, Contract

# What the readers of `cr_pipelines.sync.contract.values` make of each shape of column.
_TAKEN = {
    "text": {"text", "number"},
    "list": {"list", "text"},
    "struct": {"struct", "text"},
    "date": {"time", "text"},
    "timestamp": {"time", "text"},
}

_SHAPES = (
    ("list", r"\[\d*\]$|^(list|array)\b"),
    ("struct", r"^(struct|map|object|record|row)\b"),
    ("text", r"^(varchar|text|string|char|bpchar|character|json|jsonb|variant|uuid|enum|name|citext)\b"),
    ("number", r"^(u?(tiny|small|big|huge)?int|int\d|integer|decimal|numeric|number|float|double|real|bignum)"),
    ("boolean", r"^bool"),
    ("time", r"^(date|time|timestamp|interval)"),
    ("binary", r"^(blob|bytea|binary|varbinary|bytes|bit)\b"),
)


@dataclass(frozen=True)
class ColumnFindings:
    """What is to be said of a source's columns.

    Attributes:
        known: how many of them the contract knows.
        missing: required columns that the source lacks, each as a sentence.
        misnamed: columns that look like a misspelled one of the contract, each as a sentence.
        mistyped: columns of a type that cannot be sent, each as a sentence.
        unused: other columns outside the contract, by name.
    """

    known: int
    missing: list[str]
    misnamed: list[str]
    mistyped: list[str]
    unused: list[str]


def look_at_columns(contract: Contract, types: Mapping[str, str]) -> ColumnFindings:
    """Compare a source's columns (name to type, in the engine's words) with the contract."""
    match = contract.match(list(types))
    present = {column.name for column in match.columns}
    misnamed = {name: meant for name, meant in match.ignored.items() if meant and meant not in present}
    mistyped = [column for column in match.columns if not _fits(column, types[column.name])]
    return ColumnFindings(
        known=len(match.columns),
        missing=[_missing(name, match.ignored) for name in match.missing],
        misnamed=[
            f"column {name} is not sent, as the contract has none of that name; did you mean {meant}?"
            for name, meant in misnamed.items()
            if meant not in match.missing
        ],
        mistyped=[
            f"column {column.name} is {types[column.name]}, and must be {column.kind}; cast it in the source"
            for column in mistyped
        ],
        unused=[name for name in match.ignored if name not in misnamed],
    )


def _missing(name: str, ignored: Mapping[str, str | None]) -> str:
    # `contact_id` or `ID` is what an `id` is usually called before it is renamed.
    alike = next((other for other, meant in ignored.items() if meant == name or _ends_in(other, name)), None)
    hint = f"; is it {alike}?" if alike else ""
    return f"there is no column {name}, which is required: name it so in the source{hint}"


def _ends_in(longer: str, name: str) -> bool:
    return longer.lower() == name or longer.lower().endswith(f"_{name}")


def _fits(column: Column, engine_type: str) -> bool:
    taken = _TAKEN.get(column.kind.split()[0])
    shape = next((shape for shape, form in _SHAPES if re.search(form, engine_type, re.IGNORECASE)), None)
    # A type that nobody here knows is left to the rows.
    return taken is None or shape is None or shape in taken
