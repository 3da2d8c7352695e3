"""The canonical spelling of what identifies a person or a row: ids, keys and e-mail addresses.

Goes in: an id or an address in any spelling. Comes out: the text that is sent, compared and hashed, the same in rows,
requests, bodies and the state tables. In SQL, `SourceDialect.spelled` spells numbers as `canonical_id` does.

An address is stripped of surrounding white space and invisible characters, is composed (Unicode NFC), and has its
domain in ASCII (IDNA, as in `xn--bcher-kva.example`). Two addresses are the same if they are equal after `str.lower`
and another composition; the local part is not folded in any other way.

With the environment variable CR_HASH_KEY, hashes of addresses and accounts are HMAC-SHA-256 with that key; without it,
they are SHA-256.
"""

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from cr_pipelines.sync.contract.domains import ascii_domain, ascii_domains
from cr_pipelines.sync.contract.faults import InvalidValue, wrong_type
from cr_pipelines.warehouse import LONGEST_KEY

EMAIL = 254
"""Longest e-mail address, in characters (RFC 5321, section 4.5.3.1.3 less the angle brackets)."""

_LARGEST_WHOLE = 8e34
"""The same limit as in `SourceDialect.spelled`."""

_INVISIBLE = re.compile(
    "[\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""The category Cf, and other characters that are invisible, such as emoji variation selectors.

Written as ranges, because single characters beyond the first 65,536 make a search slow.
"""
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]", re.ASCII)


def canonical_id(value: object) -> str:
    """Return the text of an id: whole numbers of any type without a decimal point, and text unchanged.

    Raises InvalidValue for a value that cannot be an id, such as a boolean or a NaN.
    """
    match value:
        case bool():
            raise wrong_type(value, "text")
        case int() | UUID() | str():
            return str(value)
        case float() if value != value or abs(value) == float("inf"):
            raise InvalidValue("wrong_value", "is not a finite number; make it null or correct it in the source")
        case float() if value.is_integer() and abs(value) < _LARGEST_WHOLE:
            return str(int(value))
        case float():
            return repr(value)
        case Decimal() if not value.is_finite():
            raise InvalidValue("wrong_value", "is not a finite number; make it null or correct it in the source")
        case Decimal():
            written = format(value, "f")
            return written.rstrip("0").rstrip(".") if "." in written else written
        case _:
            raise wrong_type(value, "text")


def spelled_address(text: str) -> str:
    """Return an e-mail address as it is sent: in canonical form, except that case is kept.

    Raises InvalidValue, with a reason and without the address, for text that is not exactly one address.
    """
    address = unicodedata.normalize("NFC", trimmed(text))
    if _INVISIBLE.search(address):
        raise InvalidValue(
            "invisible_character", "has an invisible character inside the address; remove it in the source"
        )
    local, at, domain = address.rpartition("@")
    if not at:
        raise InvalidValue("bad_email", "is not an e-mail address: it has no @; correct it or make it null")
    spelled = f"{local}@{ascii_domain(domain)}"
    dotted = local.startswith(".") or local.endswith(".")
    if len(spelled) > EMAIL or dotted or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain(domain)):
        raise InvalidValue(
            "bad_email",
            "is not one e-mail address of the form name@domain.tld; correct it or make it null",
        )
    return spelled


def canonical_address(text: str) -> str | None:
    """Return the form in which addresses are compared, or None for text that is not exactly one address."""
    try:
        return lowered(spelled_address(text))
    except InvalidValue:
        return None


def address_hash(text: str) -> str:
    """Return an address as the state tables store it: the hash of its canonical form.

    Text that only resembles an address, for example inside a longer text, is hashed in the form in which it would be
    compared.
    """
    address = trimmed(text)
    if not address.isascii():
        local, at, domain = unicodedata.normalize("NFC", address).rpartition("@")
        address = f"{local}{at}{ascii_domain(domain)}"
    return keyed_hash(lowered(address))


def canonical_domains(domains: Iterable[str]) -> dict[str, str]:
    """Return each of these domains that an address may have, with the spelling that comparisons use.

    The domains must already be composed.
    """
    return {domain: found.lower() for domain, found in ascii_domains(domains).items() if _DOMAIN.fullmatch(found)}


def account_hash(network: str, account: str) -> str:
    """Return an account on a network as the state tables store it: the hash of its bare name, regardless of case.

    The name is the same with or without an @, and as the last part of a profile's URL.
    """
    spelled = unicodedata.normalize("NFC", trimmed(account).casefold())
    name = spelled.partition("?")[0].rstrip("/").rpartition("/")[2].lstrip("@")
    return keyed_hash(f"{network}:{name}")


def keyed_hash(text: str) -> str:
    """Return HMAC-SHA-256 of text with the hash key, or SHA-256 when there is no key, in hexadecimal."""
    return keyed_digest(text.encode(errors="surrogatepass")).hex()


def keyed_digest(body: bytes) -> bytes:
    """Return the bytes of what `keyed_hash` returns for a body."""
    key = os.environ.get("CR_HASH_KEY")
    return hmac.digest(key.encode(), body, "sha256") if key else hashlib.sha256(body).digest()


def keyed_hashes(texts: Iterable[str]) -> frozenset[str]:
    """Return the hash of each text, as `keyed_hash` does, with one look at the hash key for all."""
    key = os.environ.get("CR_HASH_KEY")
    if not key:
        return frozenset([hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() for text in texts])
    secret = key.encode()
    return frozenset([hmac.digest(secret, text.encode(errors="surrogatepass"), "sha256").hex() for text in texts])


def hashed_key(text: str) -> str:
    """Return a key or an id as the state tables store it, spelled as by `Dialect.key`.

    It is hashed if it may be an address, or is longer than `LONGEST_KEY` bytes.
    """
    encoded = text.encode(errors="surrogatepass")
    is_hashed = "@" in text or len(encoded) > LONGEST_KEY
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}" if is_hashed else text


def trimmed(text: str) -> str:
    """Return the text without surrounding white space, control characters and invisible characters."""
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(letter: str) -> bool:
    return letter.isspace() or _INVISIBLE.match(letter) is not None


def visible(text: str) -> str:
    """Return text without invisible characters, such as a byte order mark or a soft hyphen."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def lowered(address: str) -> str:
    """Return a composed address, or a part of one, in the case that comparisons use."""
    return address.lower() if address.isascii() else unicodedata.normalize("NFC", address.lower())
