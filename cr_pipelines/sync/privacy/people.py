"""Who a suppressed person is: the addresses, accounts, ids and keys under which their rows were sent.

Goes in: the addresses that requests name, and `known_addresses`. Comes out: `Ties`. An address that was sent for many
people or things, such as that of a footer or a mailing list, is shared: it ties nothing to the person unless somebody
has confirmed the request.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cr_pipelines.sync.privacy import statements
from cr_pipelines.sync.privacy.address_limit import AddressLimit
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.warehouse import Session

_MOST_STEPS = 4
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Ties:
    """What is known of suppressed people.

    Attributes:
        addresses: hashes of their addresses, each with the hash of the request's address.
        handles: hashes of their accounts, likewise.
        shared: the addresses that tie nothing to a person.
        tied: the query for the rows that tie an address, an account or an id to a person.
    """

    addresses: Mapping[str, str]
    handles: Mapping[str, str]
    shared: frozenset[str]
    tied: str

    @property
    def linked(self) -> Mapping[str, str]:
        """The addresses that no request names, each with the address of the same person's request."""
        return {hashed: origin for hashed, origin in self.addresses.items() if hashed != origin}

    def keys(self, session: Session, names: StateNames, sync: str, source_id: int | None, kind: str) -> dict[str, str]:
        """Return the keys of a sync that were sent for these people, each with the hash of the request's address.

        A key that another sync of the kind used counts too, for example if the sync was renamed, unless this sync has
        sent somebody else under it.
        """
        own: dict[str, str] = {}
        others: dict[str, str] = {}
        for row in self._rows(session, names):
            if row.sync == sync:
                own[row.key] = row.origin
            elif kind and row.kind == kind and row.source_id == source_id:
                others[row.key] = row.origin
        for hashes in _portions(self._tying):
            for key, hashed in session.fetch_all(statements.ledger_keys_under(names, sync, hashes)):
                own.setdefault(key, self.addresses[hashed])
        if source_id is not None:
            people = self.people(session, names, source_id)
            for some in _portions(people):
                for by, key, person in session.fetch_all(statements.keys_of_people(names, self.tied, sync, kind, some)):
                    (own if by == sync else others).setdefault(key, people[person])
        others = {key: origin for key, origin in others.items() if key not in own}
        for some in _portions(others):
            for (key,) in session.fetch_all(statements.keys_sent_by(names, sync, some)):
                others.pop(key, None)
        return own | others

    def people(self, session: Session, names: StateNames, source_id: int) -> dict[str, str]:
        """Return the ids of these people in a destination source, each with the hash of the request's address.

        An id that they have in another source counts too, unless it belongs to somebody else in this one.
        """
        own: dict[str, str] = {}
        others: dict[str, str] = {}
        for row in self._rows(session, names):
            if row.person is not None and row.is_own:
                (own if row.source_id == source_id else others)[row.person] = row.origin
        others = {person: origin for person, origin in others.items() if person not in own}
        for some in _portions(others):
            for (person,) in session.fetch_all(statements.people_sent_to(names, source_id, some)):
                others.pop(person, None)
        return own | others

    @property
    def _tying(self) -> list[str]:
        return [hashed for hashed in self.addresses if hashed not in self.shared]

    def _rows(self, session: Session, names: StateNames) -> "Iterator[_Row]":
        for column, origins, hashes in (
            ("email_hash", self.addresses, self._tying),
            ("handle_hash", self.handles, list(self.handles)),
        ):
            for some in _portions(hashes):
                for row in session.fetch_all(statements.rows_under(names, self.tied, column, some)):
                    sent_by, of_kind, key, source_id, person, hashed, is_own = row
                    yield _Row(sent_by, of_kind, key, source_id, person, origins[hashed], is_own)


@dataclass(frozen=True)
class _Row:
    sync: str
    kind: str | None
    key: str
    source_id: int | None
    person: str | None
    origin: str
    is_own: bool


def read_ties(session: Session, names: StateNames, requested: Mapping[str, bool]) -> Ties:
    """Return what is known about the people that requests name.

    Args:
        session: to read in.
        names: of the state tables.
        requested: hashes of the addresses that requests name, each with whether it certainly belongs to one person.
    """
    if not requested:
        return Ties({}, {}, frozenset(), "")
    unfinished = bool(session.fetch_all(statements.any_suppressed_unfinished(names)))
    tied = statements.tying(names, unfinished=unfinished)
    most = AddressLimit(session, names.schema).read()
    doubtful = [hashed for hashed, certain in requested.items() if not certain]
    shared = _shared(session, names, "email_hash", doubtful, most)
    addresses = {hashed: hashed for hashed in requested}
    handles: dict[str, str] = {}
    new_addresses: Collection[str] = [hashed for hashed in requested if hashed not in shared]
    new_handles: Collection[str] = ()
    for _ in range(_MOST_STEPS):
        found_addresses: dict[str, str] = {}
        found_handles: dict[str, str] = {}
        for column, origins, hashes in (
            ("email_hash", addresses, new_addresses),
            ("handle_hash", handles, new_handles),
        ):
            for origin, address, handle in _linked(session, names, tied, column, hashes):
                if address is not None and address not in addresses:
                    found_addresses.setdefault(address, origins[origin])
                if handle is not None and handle not in handles:
                    found_handles.setdefault(handle, origins[origin])
        for address in _shared(session, names, "email_hash", found_addresses, most):
            del found_addresses[address]
        for handle in _shared(session, names, "handle_hash", found_handles, most):
            del found_handles[handle]
        if not found_addresses and not found_handles:
            break
        addresses |= found_addresses
        handles |= found_handles
        new_addresses, new_handles = found_addresses, found_handles
    return Ties(addresses, handles, frozenset(shared), tied)


def shared_addresses(session: Session, names: StateNames, hashes: Collection[str]) -> set[str]:
    """Return which of these addresses were sent for many people or things."""
    return _shared(session, names, "email_hash", hashes, AddressLimit(session, names.schema).read())


def _shared(session: Session, names: StateNames, column: str, hashes: Collection[str], most: int) -> set[str]:
    found: set[str] = set()
    for some in _portions(hashes):
        query = statements.shared(names, column, some, most)
        found.update(hashed for (hashed,) in session.fetch_all(query))
    return found


def _linked(
    session: Session, names: StateNames, tied: str, column: str, hashes: Collection[str]
) -> Iterator[tuple[Any, ...]]:
    for some in _portions(hashes):
        yield from session.fetch_all(statements.links(names, tied, column, some))


def _portions(hashes: Collection[str]) -> Iterator[list[str]]:
    listed = sorted(hashes)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
