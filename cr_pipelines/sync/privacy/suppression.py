"""Who is withheld: people who asked to be forgotten, by their addresses and by every key they were sent under."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import unquote_to_bytes

from cr_pipelines.sync.contract import address_hash

_ADDRESS = re.compile(rb"([^\s@<>()\[\]\\,;:\"]+)@([\w\x80-\xff-]+(?:\.[\w\x80-\xff-]+)+)")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")
"""As JSON writes a line end, a quotation mark or a control character: none is a part of an address."""
_MAY_PRECEDE = re.compile(rb"[^\w\x80-\xff.+-]")
"""What may belong to an address, and may as well stand before it, as in a link."""
_ASCII_AT_END = re.compile(rb"[^\x80-\xff]*\Z")
_ASCII_AT_START = re.compile(rb"[^\x80-\xff]*")


def _addresses(text: bytes) -> Iterator[str]:
    """Every address that stands in a text, with or without what surrounds it: more readings rather than fewer."""
    for name, domain in _ADDRESS.findall(text):
        starts = {0, *(found.end() for found in _MAY_PRECEDE.finditer(name))}
        if not name.isascii():
            # Scripts that put no blanks between words.
            starts.update(found.start() for found in _ASCII_AT_END.finditer(name))
        names = {name[start:] for start in starts}
        # Punctuation, or how Markdown marks words, rather than parts of the address.
        names |= {shorter.lstrip(b"._+-") for shorter in names}
        domains = {domain} if domain.isascii() else {domain, *_ASCII_AT_START.findall(domain)[:1]}
        domains |= {shorter.rstrip(b"._-") for shorter in domains}
        for name_read, domain_read in product(names - {b""}, domains - {b""}):
            yield (name_read + b"@" + domain_read).decode("utf-8", "replace")


@dataclass(frozen=True)
class Suppressed:
    """Everyone whom removals keep from a sync.

    Attributes:
        version: grows with every removal that is recorded and every one that is lifted; -1 before the first look.
        addresses: hashes of the addresses that asked to be forgotten.
        keys: the sync's keys that were ever offered under one of them, each with its hash.
        people: ids of people in the destination source that were, by whatever sync, each with its hash.
    """

    version: int = -1
    addresses: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def holds(self, key: str, person: str | None = None, hashes: Iterable[str] = ()) -> str | None:
        """The hash of the address on whose account a row is withheld, or None for a row that may go.

        `person` is the row's id of a person in the destination source, as the ledger spells keys; `hashes` are of
        the addresses in the row.
        """
        if not self.addresses:
            return None
        found = self.keys.get(key)
        if found is None and person is not None:
            found = self.people.get(person)
        return found or next((hashed for hashed in hashes if hashed in self.addresses), None)

    def mentioned_in(self, body: bytes) -> str | None:
        """The hash of the first such address that stands anywhere in a request's body."""
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
