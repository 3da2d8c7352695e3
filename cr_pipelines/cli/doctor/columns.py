"""Whether a source has the columns of a contract.

Goes in: a contract, and the source's columns with their types. Comes out: which of them are missing, misnamed, mistyped
or unused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cr_pipelines.sync.contract import Column, Contract

# The types that the readers in `cr_pipelines.sync.contract.values` accept for each kind of column.
_ACCEPTED = {
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
    """What is wrong with a source's columns, and what is right.

    Attributes:
        known: how many columns are in the contract.
        missing: required columns that the source does not have, each as a sentence.
        misnamed: columns that look like a misspelled name of the contract, each as a sentence.
        mistyped: columns whose type cannot be sent, each as a sentence.
        unused: other columns outside the contract, by name.
    """

    known: int
    missing: list[str]
    misnamed: list[str]
    mistyped: list[str]
    unused: list[str]


def compare_columns(contract: Contract, types: Mapping[str, str]) -> ColumnFindings:
    """Compare a source's columns (name to the engine's type) with the contract."""
    match = contract.match(list(types))
    present = {column.name for column in match.columns}
    misnamed = {name: meant for name, meant in match.ignored.items() if meant and meant not in present}
    of = {name: types[spelled] for name, spelled in match.spelled.items()}
    mistyped = [column for column in match.columns if not _fits(column, of[column.name])]
    return ColumnFindings(
        known=len(match.columns),
        missing=[_missing(name, match.ignored) for name in match.missing],
        misnamed=[
            f"column {name} is not in the contract and is not sent; did you mean {meant}?"
            for name, meant in misnamed.items()
            if meant not in match.missing
        ]
        + [
            f"columns {one} and {other} differ only in case; rename one of them in the view"
            for one, other in match.ambiguous
        ],
        mistyped=[
            f"column {column.name} is {of[column.name]} but must be {column.kind}; cast it in the source"
            for column in mistyped
        ],
        unused=[name for name in match.ignored if name not in misnamed],
    )


def shape_of(engine_type: str) -> str | None:
    """Return what an engine's type contains: text, number, time and so on; None for an unknown type."""
    return next((shape for shape, form in _SHAPES if re.search(form, engine_type, re.IGNORECASE)), None)


def accepts(column: Column, shape: str | None) -> bool:
    """Return whether a column of a contract accepts values of this shape; unknown shapes count as accepted."""
    accepted = _ACCEPTED.get(re.split(r"\W", column.kind)[0])
    return accepted is None or shape is None or shape in accepted


def _missing(name: str, ignored: Mapping[str, str | None]) -> str:
    # An `id` is often called `contact_id` or `ID` before somebody renames it.
    similar = next((other for other, meant in ignored.items() if meant == name or _ends_in(other, name)), None)
    fix = f"rename {similar}" if similar else "add it"
    return f"the source has no column {name}, which is required: {fix} in the view"


def _ends_in(longer: str, name: str) -> bool:
    return longer.lower() == name or longer.lower().endswith(f"_{name}")


def _fits(column: Column, engine_type: str) -> bool:
    # Validation of the rows handles an unknown type.
    return accepts(column, shape_of(engine_type))
