"""The suppression list: people who asked to be removed, and the rows and requests that are about them.

Goes in: recorded privacy requests, and the addresses, accounts and ids under which rows were sent. Comes out:
`Suppressed`, which says whether a row or a request body must not be sent, and because of which address; and ledger rows
that count as suppressed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cr_pipelines.sync.privacy import statements
from cr_pipelines.sync.privacy.address_search import hashes_in
from cr_pipelines.sync.privacy.people import Ties, read_ties
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.schema import lock_sync
from cr_pipelines.warehouse import Session

SUPPRESSED = "the person asked to be forgotten"
SHARED_ADDRESS = (
    "the row contains an address that a privacy request names and that many other rows were sent with; it is sent "
    "again once it no longer contains the address, or the request is lifted"
)


@dataclass(frozen=True)
class Suppressed:
    """Everyone who is suppressed for a sync.

    Attributes:
        version: the version of the suppression list; -1 before it is first read.
        addresses: hashes of the suppressed addresses, and of other addresses of the same people.
        keys: the sync's keys that were ever sent for one of these people, each with the hash of the request's address.
        people: ids of these people in the destination source, likewise.
        handles: hashes of their accounts, likewise.
        shared: the addresses that suppress a row only while they are in it.
        origins: hashes of addresses that no request names, each with the hash of the address in the same person's
            request.
    """

    version: int = -1
    addresses: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    handles: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    origins: Mapping[str, str] = field(default_factory=dict)

    def address_of(
        self, key: str, person: str | None = None, hashes: Iterable[str] = (), handles: Iterable[str] = ()
    ) -> str | None:
        """Return the hash of the address because of which a row is suppressed, or None if it may be sent.

        Args:
            key: the row's key, as the ledger spells it.
            person: the person's id in the destination source, as the ledger spells keys.
            hashes: hashes of the addresses in the row.
            handles: hashes of the accounts in the row.
        """
        if not self.addresses:
            return None
        found = self.keys.get(key)
        if found is None and person is not None:
            found = self.people.get(person)
        if found is None and self.handles:
            found = next((self.handles[handle] for handle in handles if handle in self.handles), None)
        return found or self.address_among(hashes)

    def reason_code(self, email_hash: str) -> str:
        """Return why rows with a suppressed address are not sent."""
        return "shared_address" if email_hash in self.shared else "suppressed"

    def address_among(self, hashes: Iterable[str]) -> str | None:
        """Return the hash of the request's address for the first suppressed one of these, or None."""
        return next((self.origins.get(hashed, hashed) for hashed in hashes if hashed in self.addresses), None)

    def address_in(self, body: bytes) -> str | None:
        """Return the hash of the first suppressed address anywhere in a request body, or None."""
        return self.address_among(hashes_in(body)) if self.addresses else None


class SuppressionList:
    """The people whose rows are not sent, within one session.

    The list is the part of `pii_removals` that is about people: one entry for each request and address, from the moment
    that the request is recorded until it is lifted. There is no second copy of the list, so no request can be recorded
    without suppressing the person.
    """

    def __init__(self, session: Session, names: StateNames):
        self._session = session
        self._names = names

    def version(self) -> int:
        """Return a number that increases with every entry that is added, confirmed or lifted, and every new limit."""
        [(version,)] = self._session.fetch_all(statements.version(self._names))
        return int(version)

    def ties(self) -> Ties:
        """Return what is known about everyone on the list, including their addresses and accounts."""
        found = self._session.fetch_all(statements.suppressed_addresses(self._names))
        return read_ties(self._session, self._names, {hashed: bool(confirmed) for hashed, confirmed in found})

    def read(self, sync: str, source_id: int | None, kind: str = "") -> Suppressed:
        """Return everyone who is suppressed for this sync, the kind of its rows and its destination source."""
        # Read the version first: an entry that is added between the two statements is then read again later.
        version = self.version()
        ties = self.ties()
        if not ties.addresses:
            return Suppressed(version)
        return Suppressed(
            version,
            frozenset(ties.addresses),
            ties.keys(self._session, self._names, sync, source_id, kind),
            {} if source_id is None else ties.people(self._session, self._names, source_id),
            ties.handles,
            ties.shared,
            {hashed: origin for hashed, origin in ties.addresses.items() if hashed != origin},
        )

    def suppress_rows(self, sync: str | None = None) -> None:
        """Make the rows of everyone on the list count as suppressed, those of one sync or of all."""
        ties = self.ties()
        for name, source_id, kind in self._syncs(sync) if ties.addresses else ():
            by_address: dict[str, list[str]] = {}
            for key, address in ties.keys(self._session, self._names, name, source_id, kind).items():
                by_address.setdefault(address, []).append(key)
            for address, keys in by_address.items():
                noted = {"reason_code": "suppressed", "field": None, "message": SUPPRESSED, "suppressed_for": address}
                self._update(name, keys, lambda some, name=name, noted=noted: statements.suppress_rows(  # type: ignore[misc]
                    self._names, name, some, noted
                ))  # fmt: skip

    def suppressed_rows(self) -> dict[str, int]:
        """Return how many rows are now suppressed for each address, by its hash."""
        found = self._session.fetch_all(statements.suppressed_rows(self._names))
        return {email_hash: int(count) for email_hash, count in found}

    def mark_for_resend(self, hashes: Collection[str]) -> None:
        """Make the next runs resend every row that is suppressed for one of these addresses.

        Rows of operations that append, such as notes, stay delivered and are not sent again.
        """
        ties = read_ties(self._session, self._names, dict.fromkeys(hashes, True))
        for sync, source_id, kind in self._syncs(None):
            keys = list(ties.keys(self._session, self._names, sync, source_id, kind))
            self._update(sync, keys, lambda some, sync=sync: statements.resend_rows(self._names, sync, some))  # type: ignore[misc]

    def forget_suppressed(self, hashes: Collection[str]) -> None:
        """Once the requests are lifted, forget which rows had one of these addresses and were never sent."""
        self._session.execute(statements.forget_suppressed(self._names, hashes))

    def _syncs(self, only: str | None) -> Iterator[tuple[str, int | None, str]]:
        """Yield each sync in the ledger with its destination source and its kind, as far as these are known."""
        known = {sync: (source_id, kind) for sync, kind, source_id in self._session.fetch_all(
            statements.kinds(self._names)) if kind is not None}  # fmt: skip
        for (sync,) in self._session.fetch_all(statements.ledger_syncs(self._names)):
            if only in (None, sync):
                source_id, kind = known.get(sync, (None, ""))
                yield sync, source_id, kind

    def _update(self, sync: str, keys: list[str], statement: Callable[[list[str]], str]) -> None:
        for start in range(0, len(keys), 1_000):
            with lock_sync(self._session, self._names.schema, sync):
                self._session.execute(statement(keys[start : start + 1_000]))
