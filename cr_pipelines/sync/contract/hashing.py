"""How our tables spell what may be an e-mail address.

Goes in: a key, a person's id or an address. Comes out: its only spelling in the ledger, which is a hash wherever an
address could be read.
"""

import hashlib


def address_hash(address: str) -> str:
    """Return an e-mail address as our tables have it: SHA-256 of it trimmed and in lower case, in hexadecimal."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def hashed_key(text: str) -> str:
    """Return a key or an id as our tables have it: hashed if it may be an address, as `Dialect.key` spells it."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if "@" in text else text
