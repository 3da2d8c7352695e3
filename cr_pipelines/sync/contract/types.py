"""What a contract is: columns, the request that a row becomes, and how it is sent.

Goes in: nothing; each kind builds its `Contract` from these. Comes out: descriptions that the planner, the row reader
and the delivery follow.
"""

import difflib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cr_pipelines.api import CommonRoomClient, User, WriteResponse
from cr_pipelines.sync.contract.catalog import Catalog, CatalogPart
from cr_pipelines.sync.contract.faults import InvalidValue


class Request(Protocol):
    """A request body of the client."""

    def wire_json(self) -> bytes:
        """Return the body as it is sent."""


@dataclass(frozen=True)
class Context:
    """What a column's reader may need in addition to the value: the room's catalog and options of the sync.

    Attributes:
        on_invalid: receives a bad value in a part of a column that can be left out, such as one custom field; None if a
            bad part makes the whole column bad.
    """

    catalog: Catalog
    clear_nulls: bool = False
    on_invalid: Callable[[InvalidValue], None] | None = None


Read = Callable[[Any, Context], object | None]
"""Returns the API's value for a value that is not null, None for one that counts as null; raises InvalidValue."""


def by_value(read: Callable[[Any], object | None]) -> Read:
    """Return a column's reader that needs only the value."""
    return lambda value, _context: read(value)


@dataclass(frozen=True)
class Column:
    """A column of a contract.

    Attributes:
        name: the source column.
        field: the API's field that it fills, in the API's spelling; empty for a column that only the ledger uses.
        kind: the type that the source column should have, in SQL-like words.
        about: what it holds.
        read: turns a value into the API's.
        required: whether the source must have the column. A null in it makes the row invalid.
        plain: whether a short string of printable ASCII is sent as it is, without calling `read`.
        identifies: whether the value may contain a person's e-mail address.
        is_email: whether the value is the e-mail address whose hash the ledger keeps next to the key.
        person_id: whether the value is the person's id in the destination source.
        needs: the parts of the catalog that `read` needs.
        key_form: which spellings mean the same in a key: a `word` or an `address` in any case, a `line`, or any name or
            id by which the room knows something (`name`). Surrounding blanks never count. Empty if only the exact value
            does.
        clears: whether a null is sent when the sync clears nulls, although the column is required.
        unless: a column that replaces this one. If the source has it, this one may be left out, and in a row with a
            value in it, this one is ignored.
    """

    name: str
    field: str
    kind: str
    about: str
    read: Read
    required: bool = False
    plain: bool = False
    identifies: bool = False
    is_email: bool = False
    person_id: bool = False
    needs: tuple[CatalogPart, ...] = ()
    clears: bool = False
    unless: str | None = None
    key_form: Literal["", "word", "address", "line", "name"] = ""


@dataclass(frozen=True)
class Batching:
    """How several rows become one request.

    Attributes:
        by: the columns that must be equal in rows of one request; a row without any of them shares no request.
        most: the maximum number of rows in one request, unless the sync has a `batch_size`.
        combine: merges the requests of single rows into one.
    """

    by: tuple[str, ...]
    most: int
    combine: Callable[[Sequence[Any]], Request]


@dataclass(frozen=True)
class Mirror:
    """How the room is kept identical to the source.

    Attributes:
        part: the part of the catalog that lists these things.
        present: the id of each thing in the room, by the value of its key column.
        delete: deletes the thing with this id in the room.
    """

    part: CatalogPart
    present: Callable[[Catalog], Mapping[str, str]]
    delete: Callable[[CommonRoomClient, str], Awaitable[WriteResponse]]


Send = Callable[[CommonRoomClient, int | None, Any], Awaitable[WriteResponse]]
"""Sends a request, given the destination source's id, or None if there is no destination source."""


def to_source(operation: Callable[[CommonRoomClient, int, Any], Awaitable[WriteResponse]]) -> Send:
    """Return a `Send` for an operation that writes to a destination source. It raises ValueError without one."""

    def send(client: CommonRoomClient, source_id: int | None, request: Any) -> Awaitable[WriteResponse]:
        if source_id is None:
            raise ValueError("this operation writes to a destination source; give its id")
        return operation(client, source_id, request)

    return send


def to_source_or_contact(to_contact: Callable[[CommonRoomClient, Any], Awaitable[WriteResponse]]) -> Send:
    """Return a `Send` for a person of a destination source or, with `to_contact`, for an existing contact."""
    to_person = to_source(CommonRoomClient.add_or_edit_user)

    def send(client: CommonRoomClient, source_id: int | None, request: Any) -> Awaitable[WriteResponse]:
        return to_person(client, source_id, request) if isinstance(request, User) else to_contact(client, request)

    return send


@dataclass(frozen=True)
class Contract:
    """How rows of one kind of source become requests of one operation.

    Attributes:
        kind: such as `contact`.
        endpoint: method and path, in readable form.
        key: the columns that identify a row.
        person_key: the columns that identify a row in place of `key` if the first of them has a value.
        columns: every column that the contract knows.
        build: makes the request from the values that were read, by column name; raises InvalidRow for values that
            contradict each other.
        send: performs the operation.
        needs_source_id: whether the operation writes to a destination source, whatever the row.
        repeatable: False for an operation that appends; its rows are sent at most once.
        partition_by: the timestamp column by whose days the source can be partitioned.
        batching: how rows share a request; None for one request per row.
        mirror: how the room is kept identical to the source; None for a kind that cannot be mirrored.
    """

    kind: str
    endpoint: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    build: Callable[[Mapping[str, Any], Context], Request]
    send: Send
    needs_source_id: bool = False
    person_key: tuple[str, ...] = ()
    repeatable: bool = True
    partition_by: str | None = None
    batching: Batching | None = None
    mirror: Mirror | None = None

    @property
    def key_names_person(self) -> bool:
        """Whether a row's key is the address or account of a contact, which must not leave the warehouse."""
        return {"social_type", "value"} <= set(self.key)

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The keys that may identify a row; the first one that the row has is used."""
        return (self.person_key, self.key) if self.person_key else (self.key,)

    @property
    def key_columns(self) -> str:
        """The columns that may identify a row, in readable form."""
        return ", or else ".join(", ".join(key) for key in self.keys)

    def writes_to_source(self, columns: Iterable["Column"]) -> bool:
        """Return whether rows of a source with these columns are sent to a destination source."""
        return self.needs_source_id or any(column.person_id for column in columns)

    def match(self, source_columns: Sequence[str]) -> "Match":
        """Compare the columns of a source with the contract, ignoring case."""
        known = {column.name: column for column in self.columns}
        spelled = {name.lower(): name for name in reversed(source_columns) if name.lower() in known}
        found = tuple(known[name.lower()] for name in source_columns if spelled.get(name.lower()) == name)
        missing = tuple(
            column.name
            for column in self.columns
            if column.required and column.name not in spelled and column.unless not in spelled
        )
        ignored = {
            name: next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.8)), None)
            for name in source_columns
            if name.lower() not in known
        }
        ambiguous = tuple(
            (spelled[name.lower()], name) for name in source_columns if spelled.get(name.lower(), name) != name
        )
        return Match(found, missing, ignored, spelled, ambiguous)


@dataclass(frozen=True)
class Match:
    """How a source's columns match a contract.

    Attributes:
        columns: the columns that the contract knows, in the source's order.
        missing: required columns that the source lacks.
        ignored: other columns of the source, each with the contract's most similar name, if any.
        spelled: the source's spelling of each column that the contract knows, by the contract's name.
        ambiguous: pairs of source columns that the contract knows and that differ only in case.
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...]
    ignored: Mapping[str, str | None]
    spelled: Mapping[str, str]
    ambiguous: tuple[tuple[str, str], ...] = ()
