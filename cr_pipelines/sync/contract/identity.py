"""The only spelling of what names a person or a row: ids, keys and e-mail addresses.

Goes in: an id or an address as somebody wrote it. Comes out: the text that is sent, compared and hashed for it, the
same for rows, requests, bodies and the state tables. In SQL, `SourceDialect.spelled` spells numbers as `canonical_id`
does.

An address loses the white space and the invisible characters around it, is composed (Unicode NFC), and has its domain
in ASCII (IDNA, as in `xn--bcher-kva.example`). Two addresses are one if they are equal in lower case, by `str.lower`
and composed again; nothing else about the local part is folded.

With the environment variable CR_HASH_KEY, hashes of addresses and accounts are HMAC-SHA-256 with that key; without it,
they are SHA-256.
"""

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import idna

from cr_pipelines.sync.contract.faults import InvalidValue, wrong_type
from cr_pipelines.sync.contract.punycode import punycode
from cr_pipelines.warehouse import LONGEST_KEY

EMAIL = 254
"""Longest e-mail address, in characters (RFC 5321, section 4.5.3.1.3 less the angle brackets)."""

_LARGEST_WHOLE = 8e34
"""As in `SourceDialect.spelled`."""

_LONGEST_LABEL = 63
_LONGEST_DOMAIN = 253
_SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")
_DIRECTIONS = {"L": "L", "R": "R", "AL": "R"}
_ODD_LABEL = re.compile(r"(?:^|\.)(?:-|\.|$|[^.]{2}--)|-(?:\.|$)")
"""A label that is empty, begins or ends with a hyphen, or may be in Punycode already."""
_left_to_right: set[str] = set()
"""Letters that IDNA is known to leave as they are; no more than there are letters."""

_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]", re.ASCII)


def canonical_id(value: object) -> str:
    """Return the text of an id: a whole number of any type without a decimal point, text as it is.

    Raises InvalidValue for a value that names nothing, such as a boolean or a NaN.
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
    """Return an e-mail address as it is sent: in canonical form, but for the case of its letters.

    Raises InvalidValue, with a reason and without the address, for text that is not one address.
    """
    address = unicodedata.normalize("NFC", trimmed(text))
    if not address.isascii() and any(unicodedata.category(letter) == "Cf" for letter in address):
        raise InvalidValue(
            "invisible_character", "has an invisible character inside the address; remove it in the source"
        )
    local, at, domain = address.rpartition("@")
    if not at:
        raise InvalidValue("bad_email", "is not an e-mail address: it has no @; correct it or make it null")
    spelled = f"{local}@{_ascii(domain)}"
    dotted = local.startswith(".") or local.endswith(".")
    if len(spelled) > EMAIL or dotted or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(_ascii(domain)):
        raise InvalidValue(
            "bad_email",
            "is not one e-mail address of the form name@domain.tld; correct it or make it null",
        )
    return spelled


def canonical_address(text: str) -> str | None:
    """Return the form in which addresses are compared, or None for text that is not one address."""
    try:
        return lowered(spelled_address(text))
    except InvalidValue:
        return None


def address_hash(text: str) -> str:
    """Return an address as the state tables have it: the hash of its canonical form.

    Text that only resembles an address, as in the middle of a longer text, is hashed as it would be compared.
    """
    address = trimmed(text)
    if not address.isascii():
        local, at, domain = unicodedata.normalize("NFC", address).rpartition("@")
        address = f"{local}{at}{_ascii(domain)}"
    return keyed_hash(lowered(address))


def canonical_domain(text: str) -> str:
    """Return the domain of an address that is composed already, as addresses are compared."""
    return lowered(_ascii(text))


def account_hash(network: str, account: str) -> str:
    """Return an account on a network as the state tables have it: the hash of its bare name, whatever its case.

    The name is the same with and without an @, and as the last part of a profile's URL.
    """
    spelled = unicodedata.normalize("NFC", trimmed(account).casefold())
    name = spelled.partition("?")[0].rstrip("/").rpartition("/")[2].lstrip("@")
    return keyed_hash(f"{network}:{name}")


def keyed_hash(text: str) -> str:
    """Return HMAC-SHA-256 of text with the hash key, or SHA-256 when there is no key, in hexadecimal."""
    encoded = text.encode(errors="surrogatepass")
    key = os.environ.get("CR_HASH_KEY")
    return hmac.digest(key.encode(), encoded, "sha256").hex() if key else hashlib.sha256(encoded).hexdigest()


def keyed_hashes(texts: Iterable[str]) -> frozenset[str]:
    """Return the hash of each text, as `keyed_hash` does, with one look at the hash key for all."""
    key = os.environ.get("CR_HASH_KEY")
    if not key:
        return frozenset([hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() for text in texts])
    secret = key.encode()
    return frozenset([hmac.digest(secret, text.encode(errors="surrogatepass"), "sha256").hex() for text in texts])


def hashed_key(text: str) -> str:
    """Return a key or an id as the state tables have it, as `Dialect.key` spells it.

    It is hashed if it may be an address, or is longer than `LONGEST_KEY` bytes.
    """
    encoded = text.encode(errors="surrogatepass")
    is_hashed = "@" in text or len(encoded) > LONGEST_KEY
    return f"sha256:{hashlib.sha256(encoded).hexdigest()}" if is_hashed else text


def trimmed(text: str) -> str:
    """Return the text without the white space, control and invisible characters around it."""
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def lowered(address: str) -> str:
    """Return an address that is composed already, or a part of it, in the case in which addresses are compared."""
    return address.lower() if address.isascii() else unicodedata.normalize("NFC", address.lower())


@lru_cache(maxsize=4096)
def _ascii(domain: str) -> str:
    """Return a domain in ASCII; one that IDNA does not know stays as it is."""
    if domain.isascii():
        return domain
    labels = domain.split(".")
    if _is_simple(domain, labels):
        # As idna does it, without its many checks, which take a tenth of a millisecond.
        if max(map(len, labels)) > _LONGEST_LABEL:
            return domain
        labels = [label if label.isascii() else f"xn--{punycode(label)}" for label in labels]
        spelled = ".".join(labels)
        return domain if max(map(len, labels)) > _LONGEST_LABEL or len(spelled) > _LONGEST_DOMAIN else spelled
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain


def _is_simple(domain: str, labels: Sequence[str]) -> bool:
    """Return whether IDNA leaves every letter of a domain as it is, wherever in a label it is."""
    if _ODD_LABEL.search(domain) or not unicodedata.is_normalized("NFC", domain):
        return False
    letters = set(domain)
    if letters <= _left_to_right:
        return True
    directions = {_direction(letter) for letter in letters}
    if None in directions:
        return False
    if "R" not in directions:
        _left_to_right.update(letters)
        return True
    # Where a letter is written from right to left, no label may mix directions, or begin with a digit.
    return all(len({_direction(letter) for letter in label} - {""}) == 1 and _direction(label[0]) for label in labels)


@lru_cache(maxsize=16_384)
def _direction(letter: str) -> str | None:
    """Return L or R for a letter that IDNA leaves as it is, an empty string for a digit or a mark, None for others."""
    if letter.isascii():
        return None if letter not in _SIMPLE else "L" if letter.isalpha() else ""
    direction = _DIRECTIONS.get(unicodedata.bidirectional(letter))
    if direction is None or unicodedata.category(letter) not in ("Ll", "Lo"):
        return None
    try:
        idna.check_label(letter)
        return direction if idna.uts46_remap(letter, std3_rules=False, transitional=False) == letter else None
    except idna.IDNAError:
        return None
