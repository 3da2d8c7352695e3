"""Turn a row of a source into the request that is sent for it.

Goes in: the values of a row, in the order of the contract's columns. Comes out: `Outgoing`, or an InvalidRow that lists
every problem of the row and none of its values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from pydantic import ValidationError

from cr_pipelines.sync.contract.faults import InvalidValue, Unreadable, describe_type
from cr_pipelines.sync.contract.handles import handles_in
from cr_pipelines.sync.contract.identity import address_hash, hashed_key
from cr_pipelines.sync.contract.types import Column, Context, Contract, Request
from cr_pipelines.sync.contract.values import LINE

_T = TypeVar("_T")


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be sent: the field, a short code, and a message with the fix."""

    field: str
    reason_code: str
    message: str


class InvalidRow(Exception):
    """A row that does not fit the contract, with every problem in it."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Outgoing:
    """What is sent for a valid row.

    Attributes:
        request: the body to send.
        address_hashes: of every e-mail address in a column that may contain one.
        email_hash: the hash of the address that the ledger keeps next to the key; None if there is none.
        person: the person's id in the destination source, as the ledger spells keys; None if there is none.
        dropped: bad values that are left out, each with its reason.
        dropped_texts: the dropped values that may contain an address. Personal data.
        group: equal for rows that can share a request; empty if no rows can.
    """

    request: Request
    address_hashes: tuple[str, ...]
    email_hash: str | None
    person: str | None = None
    group: tuple[object, ...] = ()
    dropped: tuple[Problem, ...] = ()
    dropped_texts: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def handle_hashes(self) -> frozenset[str]:
        """The hashes of the accounts that identify the person in the request."""
        return handles_in(self.request)


def checked(column: str, read: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
    """Return the result of `read`. Raises its InvalidValue as an InvalidRow of that column."""
    try:
        return read(*arguments, **options)
    except InvalidValue as fault:
        raise InvalidRow([_problem(column, fault)]) from None


def _problem(column: str, fault: InvalidValue) -> Problem:
    name = column if fault.part is None else f"{column}.{fault.part}"
    return Problem(name, fault.reason_code, f"{name} {fault.message}")


def _may_hold_address(value: str) -> bool:
    # A leading @ marks the handle of an account.
    return value.find("@") > 0 and not value.lstrip().startswith("@")


class RowReader:
    """Turns rows of a source into requests.

    Args:
        contract: of the source's kind.
        columns: the contract's columns that the source has, in the order of a row's values.
        context: what readers need.
        drop_invalid: whether a bad value of an optional column drops only the value, and not the row.
    """

    def __init__(self, contract: Contract, columns: Sequence[Column], context: Context, *, drop_invalid: bool = False):
        self._contract = contract
        self._columns = list(enumerate(columns))
        self._parts: list[InvalidValue] = []
        self._context = replace(context, on_invalid=self._parts.append) if drop_invalid else context
        self._drops = drop_invalid
        self._group_by = contract.batching.by if contract.batching else ()
        self._names_row = {name for key in contract.keys for name in key}
        # Some values make others unnecessary.
        replacing = {column.unless for column in columns if column.unless}
        self._replaces = next((place for place, column in self._columns if column.name in replacing), None)

    def read(self, row: Sequence[Any]) -> Outgoing:
        """Return the request for a row. Its values are in the order of the columns.

        Raises InvalidRow with every problem of the row.
        """
        problems: list[Problem] = []
        dropped: list[Problem] = []
        dropped_texts: list[str] = []
        read: dict[str, Any] = {}
        hashes: list[str] = []
        email_hash = person = None
        replaced = self._replaces is not None and row[self._replaces] is not None
        for position, column in self._columns:
            value = row[position]
            if replaced and column.unless:
                if column.identifies and isinstance(value, str) and _may_hold_address(value):
                    hashes.append(address_hash(value))
                continue
            if value is None:
                if column.required and not (column.clears and self._context.clear_nulls):
                    problems.append(Problem(column.name, "missing", f"{column.name} is null; it is required"))
                continue
            if column.plain and type(value) is str and len(value) <= LINE and value.isascii() and value.isprintable():
                # `read` would return the same. Most values of most rows are such strings.
                read[column.name] = value
                if column.identifies and _may_hold_address(value):
                    hashes.append(address_hash(value))
                continue
            try:
                if isinstance(value, Unreadable):
                    raise InvalidValue("wrong_value", f"is {describe_type(value)}; correct it or make it null")
                result = column.read(value, self._context)
            except InvalidValue as fault:
                if not self._drops or column.required or column.name in self._names_row:
                    problems.append(_problem(column.name, fault))
                    continue
                dropped.append(_problem(column.name, fault))
                if column.identifies and isinstance(value, str):
                    dropped_texts.append(value)
                continue
            finally:
                if self._parts:
                    dropped += (_problem(column.name, part) for part in self._parts)
                    self._parts.clear()
            if result is None:
                continue
            read[column.name] = result
            if column.person_id and isinstance(result, str):
                person = hashed_key(result)
            if column.identifies and isinstance(value, str) and _may_hold_address(value):
                hashes.append(address_hash(value))
                if column.is_email:
                    email_hash = hashes[-1]
        if problems:
            raise InvalidRow(problems)
        request = self._build(read)
        email_hash = email_hash or (hashes[0] if hashes else None)
        group = self._group(read)
        return Outgoing(request, tuple(hashes), email_hash, person, group, tuple(dropped), tuple(dropped_texts))

    def _build(self, read: dict[str, Any]) -> Request:
        try:
            return self._contract.build(read, self._context)
        except ValidationError as error:
            # The API's model rejects what the readers accepted: name the field anyway.
            raise InvalidRow(
                [
                    Problem(".".join(map(str, fault["loc"])), "wrong_value", f"{fault['loc'][0]}: {fault['msg']}")
                    for fault in error.errors(include_input=False, include_url=False)
                ]
            ) from None

    def _group(self, read: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what rows must share to be sent in one request; empty for a row that is sent alone."""
        group = tuple(read.get(name) for name in self._group_by)
        return () if all(value is None for value in group) else group
