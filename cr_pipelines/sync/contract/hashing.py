"""How our tables spell what may be an e-mail address.

Goes in: a key, a person's id or an address. Comes out: its only spelling in the ledger, which is a hash wherever an
address could be read.
"""

import hashlib

from cr_pipelines.warehouse import LONGEST_KEY


def address_hash(address: str) -> str:
    """Return an e-mail address as our tables have it: SHA-256 of it trimmed and in lower case, in hexadecimal."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def hashed_key(text: str) -> str:
    """Return a key or an id as our tables have it, as `Dialect.key` spells it.

    It is hashed if it may be an address, or is longer than `LONGEST_KEY` bytes.
    """
    encoded = text.encode()
    is_hashed = "@" in text or len(encoded) > LONGEST_KEY
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}" if is_hashed else text
