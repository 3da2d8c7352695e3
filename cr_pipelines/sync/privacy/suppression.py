"""The suppression list: people who asked to be removed, and the rows and requests that are about them.

Goes in: what privacy requests recorded, and under which addresses rows were sent. Comes out: `Suppressed`, which says
for a row or a request body on account of which address it must not be sent.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import unquote_to_bytes

from cr_pipelines.sync.contract import address_hash
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.statements import delivered_fingerprint
from cr_pipelines.warehouse import Session

_ADDRESS = re.compile(rb"([^\s@<>()\[\]\\,;:\"]+)@([\w\x80-\xff-]+(?:\.[\w\x80-\xff-]+)+)")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")
"""A line end, a quotation mark or a control character in JSON; none belongs to an address."""
_MAY_PRECEDE = re.compile(rb"[^\w\x80-\xff.+-]")
"""Characters that may belong to an address, or precede it, as in a link."""
_ASCII_AT_END = re.compile(rb"[^\x80-\xff]*\Z")
_ASCII_AT_START = re.compile(rb"[^\x80-\xff]*")


def _addresses(text: bytes) -> Iterator[str]:
    """Return every address in the text, with and without the characters around it: rather too many than too few."""
    for name, domain in _ADDRESS.findall(text):
        starts = {0, *(found.end() for found in _MAY_PRECEDE.finditer(name))}
        if not name.isascii():
            # Some scripts put no spaces between words.
            starts.update(found.start() for found in _ASCII_AT_END.finditer(name))
        names = {name[start:] for start in starts}
        # Punctuation or Markdown around the address.
        names |= {shorter.lstrip(b"._+-") for shorter in names}
        domains = {domain} if domain.isascii() else {domain, *_ASCII_AT_START.findall(domain)[:1]}
        domains |= {shorter.rstrip(b"._-") for shorter in domains}
        for name_read, domain_read in product(names - {b""}, domains - {b""}):
            yield (name_read + b"@" + domain_read).decode("utf-8", "replace")


@dataclass(frozen=True)
class Suppressed:
    """Everyone who is suppressed for a sync.

    Attributes:
        version: of the suppression list; -1 before the first look.
        addresses: hashes of the suppressed addresses.
        keys: the sync's keys that were ever sent under one of them, each with that address's hash.
        people: ids of people in the destination source that were, by any sync, each with that address's hash.
    """

    version: int = -1
    addresses: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def address_of(self, key: str, person: str | None = None, hashes: Iterable[str] = ()) -> str | None:
        """Return the hash of the address for which a row is suppressed, or None if it may be sent.

        Args:
            key: the row's key, as the ledger spells it.
            person: the row's id of a person in the destination source, as the ledger spells keys.
            hashes: of the addresses in the row.
        """
        if not self.addresses:
            return None
        found = self.keys.get(key)
        if found is None and person is not None:
            found = self.people.get(person)
        return found or next((hashed for hashed in hashes if hashed in self.addresses), None)

    def address_in(self, body: bytes) -> str | None:
        """Return the hash of the first suppressed address anywhere in a request body, or None."""
        if not self.addresses or (b"@" not in body and b"%40" not in body):
            return None
        if b"\\" in body:
            body = _ESCAPE.sub(b" ", body)
        texts = (body, unquote_to_bytes(body)) if b"%40" in body else (body,)
        for text in texts:
            for address in _addresses(text):
                hashed = address_hash(address)
                if hashed in self.addresses:
                    return hashed
        return None


class SuppressionList:
    """The people whose rows are not sent, within one session.

    The list is the part of `pii_removals` that is about people: one entry for each request and address, from the
    moment that the request is recorded until it is lifted. There is no second copy of it, so that no request can be
    recorded without suppressing the person.
    """

    def __init__(self, session: Session, names: StateNames):
        self._session = session
        self._names = names

    @property
    def addresses(self) -> str:
        """A query for the hashes of all suppressed addresses, in its column `email_hash`."""
        return (
            f"SELECT email_hash FROM {self._names.table('pii_removals')} "
            "WHERE lifted_at IS NULL AND email_hash IS NOT NULL"
        )

    def version(self) -> int:
        """Return a number that grows with every entry that is added or lifted."""
        recorded = self._session.dialect.count_if("status IS NULL OR status <> 'invalid'")
        [(version,)] = self._session.fetch_all(
            f"SELECT {recorded} + count(lifted_at) FROM {self._names.table('pii_removals')}"
        )
        return int(version)

    def read(self, sync: str, source_id: int | None) -> Suppressed:
        """Return everyone who is suppressed for this sync and its destination source."""
        # Read first: an entry that is added between the two statements is then read once more.
        version = self.version()
        suppressed = f"({self.addresses})"
        addresses = frozenset(
            hashed for (hashed,) in self._session.fetch_all(f"SELECT * FROM {suppressed} AS suppressed")
        )
        if not addresses:
            return Suppressed(version)
        name = self._session.dialect.literal(sync)
        keys = " UNION ALL ".join(
            f"SELECT key, email_hash FROM {self._names.table(table)} WHERE sync = {name} AND email_hash IN {suppressed}"
            for table in ("sync_ledger", "sync_outcomes", "former_addresses", "known_addresses")
        )
        people: list[tuple[str, str]] = []
        if source_id is not None:
            people = self._session.fetch_all(
                f"SELECT DISTINCT person, email_hash FROM {self._names.table('known_addresses')} "
                f"WHERE source_id = {source_id} AND person IS NOT NULL AND email_hash IN {suppressed}"
            )
        return Suppressed(version, addresses, dict(self._session.fetch_all(keys)), dict(people))

    def suppressed_rows(self) -> dict[str, int]:
        """Return how many rows are suppressed now for each address, by its hash."""
        recorded = " UNION ALL ".join(
            f"SELECT sync, key, suppressed_for FROM {self._names.table(table)} WHERE status = 'suppressed'"
            for table in ("sync_ledger", "sync_outcomes")
        )
        # An outcome may be in both tables, or not in the ledger yet.
        found = self._session.fetch_all(
            "SELECT suppressed_for, count(*) FROM "
            f"(SELECT DISTINCT sync, key, suppressed_for FROM ({recorded}) AS recorded) AS suppressed_rows "
            "WHERE suppressed_for IS NOT NULL GROUP BY suppressed_for"
        )
        return {email_hash: int(count) for email_hash, count in found}

    def mark_for_resend(self, hashes: Collection[str]) -> None:
        """Make the next runs send every row again that was ever sent under one of these address hashes.

        Rows of operations that append, such as notes, stay delivered and are not sent again.
        """
        dialect, ledger = self._session.dialect, self._names.table("sync_ledger")
        listed = ", ".join(map(dialect.literal, hashes))
        syncs = [sync for (sync,) in self._session.fetch_all(f"SELECT DISTINCT sync FROM {ledger}")]
        for sync in map(dialect.literal, syncs):
            known = " UNION ALL ".join(
                f"SELECT key FROM {self._names.table(table)} WHERE sync = {sync} AND email_hash IN ({listed})"
                for table in ("sync_ledger", "former_addresses", "known_addresses")
            )
            # A fingerprint that no row has: something was delivered, and it no longer matches the row.
            stale = f"CASE WHEN ({delivered_fingerprint()}) IS NULL THEN NULL ELSE '' END"
            self._session.execute(
                f"UPDATE {ledger} SET row_hash = NULL, fingerprint = {stale}, delivered_fingerprint = {stale} "
                f"WHERE sync = {sync} AND key IN ({known})"
            )
