"""How our tables spell what may be an e-mail address.

Goes in: a key, a person's id or an address. Comes out: its only spelling in the ledger, which is a hash wherever an
address could be read. With the environment variable CR_HASH_KEY, hashes of addresses and accounts are HMAC-SHA-256 with
that key; without it, they are SHA-256.
"""

import hashlib
import hmac
import os


def keyed_hash(text: str) -> str:
    """Return HMAC-SHA-256 of a text with the hash key, or SHA-256 when there is no key, in hexadecimal."""
    key = os.environ.get("CR_HASH_KEY")
    if key:
        return hmac.digest(key.encode(), text.encode(), "sha256").hex()
    return hashlib.sha256(text.encode()).hexdigest()


def address_hash(address: str) -> str:
    """Return an e-mail address as our tables have it: the hash of it trimmed and in lower case."""
    return keyed_hash(address.strip().lower())


def account_hash(network: str, account: str) -> str:
    """Return an account on a network as our tables have it: the hash of its bare name in lower case.

    The name is the same with and without an @, and as the last part of a profile's URL.
    """
    name = account.strip().casefold().partition("?")[0].rstrip("/").rpartition("/")[2].lstrip("@")
    return keyed_hash(f"{network}:{name}")


def hashed_key(text: str) -> str:
    """Return a key or an id as our tables have it: hashed if it may be an address, as `Dialect.key` spells it."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if "@" in text else text
