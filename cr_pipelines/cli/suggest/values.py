"""Guess what a column is from its values if its name does not say.

Goes in: a column of a contract, and the columns of the table that were not matched by name. Comes out: the column whose
values fit best, with the reason.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from cr_pipelines.cli.suggest.names import plain
from cr_pipelines.cli.suggest.sample import SampledColumn
from cr_pipelines.sync.contract import Contract
from cr_pipelines.wording import count

_MOST_OF_THEM = 0.9
_MOST_TYPES = 20
_ROWS_PER_TYPE = 5

_KEY = re.compile(r"(id|no|nr|num|number|key|code|ref|pk|uuid|guid)$")
_PERSON = re.compile(r"^(user|member|customer|contact|person|people|profile|lead|client|subscriber|actor|author|who)")
_NETWORKS = {"linkedin": r"\blinkedin\.com/", "github": r"\bgithub\.com/", "twitter": r"\b(?:twitter|x)\.com/"}


def by_values(name: str, contract: Contract, free: Iterable[SampledColumn]) -> tuple[SampledColumn, str] | None:
    """Return the column whose values fit the contract's column of this name, and why; None if none does."""
    columns = [column for column in free if column.values]
    if (name == "id" or contract.key == (name,)) and (found := _first(column for column in columns if _is_key(column))):
        return found, "unique and never null in the sample"
    if name == "user_id" and (found := _first(column for column in columns if _is_of_person(column))):
        return found, "a person's key, judging by the column's name"
    if name == "email" and (found := _first(c for c in columns if c.address_share >= _MOST_OF_THEM)):
        return found, f"{100 * found.address_share:.0f}% of its values look like addresses"
    if name in _NETWORKS and (found := _first(c for c in columns if _share(c, _NETWORKS[name]) >= _MOST_OF_THEM)):
        return found, "links to profiles"
    if contract.partition_by is not None and name == contract.partition_by:
        found = _first(column for column in columns if _is_time(column))
        return None if found is None else (found, "times")
    if name == "activity_type" and (found := _first(column for column in columns if _is_type(column))):
        return found, f"few distinct values ({count(len(set(found.values)), 'name')})"
    return None


def _first(columns: Iterable[SampledColumn]) -> SampledColumn | None:
    return next(iter(columns), None)


def _is_key(column: SampledColumn) -> bool:
    return column.is_key and column.shape in ("text", "number") and bool(_KEY.search(plain(column.name)))


def _is_of_person(column: SampledColumn) -> bool:
    return column.shape in ("text", "number") and bool(_PERSON.match(plain(column.name))) and column.address_share == 0


def _is_time(column: SampledColumn) -> bool:
    if column.shape != "text":
        return column.shape == "time"
    return sum(map(_is_moment, column.values)) >= _MOST_OF_THEM * len(column.values)


def _is_moment(value: object) -> bool:
    text = str(value)
    try:
        # A number such as 20260101 is a time to Python, too.
        return "-" in text and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _is_type(column: SampledColumn) -> bool:
    different = set(map(str, column.values))
    few = len(different) <= min(_MOST_TYPES, column.rows / _ROWS_PER_TYPE)
    words = all(re.fullmatch(r"[A-Za-z][\w .:-]*", value) for value in different)
    return column.shape == "text" and few and words and len(column.values) == column.rows


def _share(column: SampledColumn, pattern: str) -> float:
    return sum(bool(re.search(pattern, str(value).lower())) for value in column.values) / len(column.values)
