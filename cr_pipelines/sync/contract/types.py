import difflib
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from cr_pipelines.api import CommonRoomClient, WriteResponse
from cr_pipelines.sync.contract.catalog import Catalog, CatalogPart
from cr_pipelines.sync.contract.values import LINE, InvalidValue

_T = TypeVar("_T")


class Request(Protocol):
    """A request body of the client."""

    def wire_json(self) -> bytes:
        """The body as it is sent."""


@dataclass(frozen=True)
class Context:
    """What a column's reader may need beside the value: the room's facts and the sync's choices."""

    catalog: Catalog
    clear_nulls: bool = False


Read = Callable[[Any, Context], object | None]
"""Gives the API's value for a value that is not null, None for one that counts as null; raises InvalidValue."""


def by_value(read: Callable[[Any], object | None]) -> Read:
    """A reader of columns that needs nothing but the value."""
    return lambda value, _context: read(value)


@dataclass(frozen=True)
class Column:
    """A column of a contract.

    Attributes:
        name: the source column.
        field: the API's field that it fills, in the API's spelling; empty for one that stays in the ledger.
        kind: the type that the source column should have, in SQL-like words.
        about: what it holds.
        read: how a value becomes the API's.
        required: whether the source must have the column, and a null makes the row invalid.
        plain: whether a short text of printable ASCII is taken as it is, without asking `read`.
        identifies: whether the value may name a person by e-mail address.
        person_id: whether the value is the person's id in the destination source.
        needs: what of the room reading it needs.
        clears: whether a null is sent when the sync clears nulls, although the column is required.
    """

    name: str
    field: str
    kind: str
    about: str
    read: Read
    required: bool = False
    plain: bool = False
    identifies: bool = False
    person_id: bool = False
    needs: tuple[CatalogPart, ...] = ()
    clears: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be sent: the field, a short code, and a message with the fix."""

    field: str
    reason_code: str
    message: str


class InvalidRow(Exception):
    """A row that fails the contract, with every problem in it."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Outgoing:
    """A row that passed the contract.

    Attributes:
        request: the body to send.
        address_hashes: of every e-mail address that stands in a column that can name the person.
        email_hash: the address that the ledger keeps beside the key, hashed; None without one.
        person: the person's id in the destination source, as the ledger spells keys; None without one.
        group: equal for rows that can share a request; empty where none can.
    """

    request: Request
    address_hashes: tuple[str, ...]
    email_hash: str | None
    person: str | None = None
    group: tuple[object, ...] = ()


@dataclass(frozen=True)
class Batching:
    """How several rows become one request.

    Attributes:
        by: the columns that rows of one request agree in.
        most: rows in one request, unless the sync says otherwise.
        combine: makes one request of several of single rows.
    """

    by: tuple[str, ...]
    most: int
    combine: Callable[[Sequence[Any]], Request]


@dataclass(frozen=True)
class Mirror:
    """What a contract adds for things that should be in the room exactly as the source has them.

    Attributes:
        fact: what of the room says which of them are there.
        present: the id of each that is there, by the value of its key column.
        remove: takes the one of this id out of the room.
    """

    fact: CatalogPart
    present: Callable[[Catalog], Mapping[str, str]]
    remove: Callable[[CommonRoomClient, str], Awaitable[WriteResponse]]


@dataclass(frozen=True)
class Contract:
    """How rows of one kind of source become requests of one operation.

    Attributes:
        kind: such as `contact`.
        operation: the client's method.
        endpoint: method and path, for people.
        key: the columns that name a row.
        columns: every column that the contract knows.
        build: makes the request from the values that were read, by column name; raises InvalidRow for values
            that do not go together.
        send: performs the operation, given the destination source's id.
        needs_source_id: whether the operation writes to a destination source.
        repeatable: False for an operation that appends: a row is sent once, and never again on doubt.
        partition_by: the timestamp column by which the source can be synced slice by slice.
        batching: how rows share a request; None for one request a row.
        mirror: how the room is kept free of what left the source; None where that cannot be.
    """

    kind: str
    operation: str
    endpoint: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    build: Callable[[Mapping[str, Any], Context], Request]
    send: Callable[[CommonRoomClient, int, Any], Awaitable[WriteResponse]]
    needs_source_id: bool = False
    repeatable: bool = True
    partition_by: str | None = None
    batching: Batching | None = None
    mirror: Mirror | None = None

    def match(self, source_columns: Sequence[str]) -> "Match":
        """Compare the contract with the columns that a source has."""
        known = {column.name: column for column in self.columns}
        found = tuple(known[name] for name in source_columns if name in known)
        missing = tuple(column.name for column in self.columns if column.required and column.name not in source_columns)
        ignored = {
            name: next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.8)), None)
            for name in source_columns
            if name not in known
        }
        return Match(found, missing, ignored)


@dataclass(frozen=True)
class Match:
    """A source's columns against a contract.

    Attributes:
        columns: those that the contract knows, in the source's order.
        missing: required columns that the source lacks.
        ignored: other columns of the source, each with the contract's column of nearly that name, if any.
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...]
    ignored: Mapping[str, str | None]


def checked(column: str, read: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
    """What `read` makes of its arguments. Its InvalidValue becomes the InvalidRow of that column."""
    try:
        return read(*arguments, **options)
    except InvalidValue as fault:
        raise InvalidRow([_problem(column, fault)]) from None


def _problem(column: str, fault: InvalidValue) -> Problem:
    name = column if fault.part is None else f"{column}.{fault.part}"
    return Problem(name, fault.reason_code, f"{name} {fault.message}")


def address_hash(address: str) -> str:
    """How our tables hold an e-mail address: SHA-256 of it trimmed and in lower case, in hexadecimal."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def person_key(written: str) -> str:
    """A person's id as our tables hold it: one that may be an address stands hashed, as `Dialect.key` has it."""
    return f"sha256:{hashlib.sha256(written.encode()).hexdigest()}" if "@" in written else written


def _may_hold_address(value: str) -> bool:
    # What begins with an @ is the handle of an account.
    return value.find("@") > 0 and not value.lstrip().startswith("@")


class RowReader:
    """Reads rows of a source into requests."""

    def __init__(self, contract: Contract, columns: Sequence[Column], context: Context):
        self._contract = contract
        self._columns = list(enumerate(columns))
        self._context = context
        self._group_by = contract.batching.by if contract.batching else ()

    def read(self, row: Sequence[Any]) -> Outgoing:
        """The request for a row, its values in the order of the columns.

        Raises InvalidRow with every problem that the row has.
        """
        problems: list[Problem] = []
        read: dict[str, Any] = {}
        hashes: list[str] = []
        email_hash = person = None
        for position, column in self._columns:
            value = row[position]
            if value is None:
                if column.required and not (column.clears and self._context.clear_nulls):
                    problems.append(Problem(column.name, "missing", f"{column.name} is null; it is required"))
                continue
            if column.plain and type(value) is str and len(value) <= LINE and value.isascii() and value.isprintable():
                # What `read` would find too: most values of most rows are such texts.
                read[column.name] = value
                if column.identifies and _may_hold_address(value):
                    hashes.append(address_hash(value))
                continue
            try:
                result = column.read(value, self._context)
            except InvalidValue as fault:
                problems.append(_problem(column.name, fault))
                continue
            if result is None:
                continue
            read[column.name] = result
            if column.person_id and isinstance(result, str):
                person = person_key(result)
            if column.identifies and isinstance(value, str) and _may_hold_address(value):
                hashes.append(address_hash(value))
                if column.name.endswith("email"):
                    email_hash = hashes[-1]
        if problems:
            raise InvalidRow(problems)
        try:
            request = self._contract.build(read, self._context)
        except ValidationError as error:
            # The readers let through what the API's model refuses: name the field all the same.
            raise InvalidRow(
                [
                    Problem(".".join(map(str, fault["loc"])), "wrong_value", f"{fault['loc'][0]}: {fault['msg']}")
                    for fault in error.errors(include_input=False, include_url=False)
                ]
            ) from None
        group = tuple(read.get(name) for name in self._group_by) if self._group_by else ()
        return Outgoing(request, tuple(hashes), email_hash or (hashes[0] if hashes else None), person, group)
