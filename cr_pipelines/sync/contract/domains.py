"""Domains of e-mail addresses in ASCII, as IDNA (2008, with the mappings of UTS 46) spells them.

Goes in: domains in any script, one or thousands. Comes out: the same as `idna.encode(domain, uts46=True)`, or the
domain as it is where that raises. Each letter is looked up once; after that, a label needs only one regular expression
and Punycode.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import idna

from cr_pipelines.sync.contract.punycode import punycode

_LONGEST_LABEL = 63
_LONGEST_DOMAIN = 253
_REJECTED = "\uffff"
"""Marks a letter that no domain may contain."""

_LEFT = re.compile(r"(?!..--)[ld](?:[ldmn-]*+(?<!-))?")
_RIGHT = re.compile(r"(?!..--)(?=r)[rdn-]*+(?<!-)")
"""The kinds of letters of a label that is written in one direction, the letters of `_Kinds`."""
_ENDS_RIGHT = re.compile(r"[rd]n*+\Z")


class _Mapped(dict[int, str]):
    """What UTS 46 maps a letter to, for `str.translate`; at most one entry per letter."""

    def __missing__(self, code: int) -> str:
        self[code] = mapped = _map(chr(code))
        return mapped


class _Kinds(dict[int, str]):
    """What a letter may do in a label, for `str.translate`.

    l, r: a letter that is written from left or from right; d: a digit of Europe; m, n: a mark, n without a direction;
    x: not in any label; c: it depends on its neighbors.
    """

    def __missing__(self, code: int) -> str:
        self[code] = kind = _kind(chr(code))
        return kind


_mapped = _Mapped({ord(letter): letter for letter in "\n."})
_kinds = _Kinds({ord(letter): letter for letter in "\n.-"} | {ord(_REJECTED): "x"})


def _map(letter: str) -> str:
    if _kinds[ord(letter)] in "lrdmn":
        return letter
    try:
        return idna.uts46_remap(letter, std3_rules=False)
    except idna.IDNAError:
        return _REJECTED


def _kind(letter: str) -> str:
    category, direction = unicodedata.category(letter), unicodedata.bidirectional(letter)
    is_mark = category[0] == "M"
    try:
        # Nothing combines with a letter of Thai.
        idna.check_label(f"\u0e01{letter}" if is_mark else letter)
    except idna.InvalidCodepoint:
        return "x"
    except idna.IDNAError:
        return "c"
    if direction in ("R", "AL") and not is_mark:
        return "r"
    if is_mark and direction in ("L", "NSM"):
        return "n" if direction == "NSM" else "m"
    if direction == "EN":
        return "d"
    return "l" if direction not in ("R", "AL", "AN", "") and not is_mark else "c"


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """Return a domain in ASCII; one that IDNA rejects is returned unchanged."""
    return domain if domain.isascii() else ascii_domains([domain])[domain]


def ascii_domains(domains: Iterable[str]) -> dict[str, str]:
    """Return each of these domains with its spelling in ASCII, as `ascii_domain` does."""
    found = {domain: domain for domain in domains}
    foreign = [domain for domain in found if not domain.isascii() and "\n" not in domain]
    if not foreign:
        return found
    mapped = unicodedata.normalize("NFC", "\n".join(foreign).translate(_mapped)).split("\n")
    encoded = _Encoded()
    for domain, spelled in zip(foreign, mapped, strict=True):
        labels = spelled.split(".")
        if "" in labels:
            found[domain] = _by_idna(domain)
            continue
        written = ".".join([encoded[label] for label in labels])
        if _REJECTED not in written and len(written) <= _LONGEST_DOMAIN:
            found[domain] = written
    return found


class _Encoded(dict[str, str]):
    """Labels in ASCII."""

    def __missing__(self, label: str) -> str:
        self[label] = written = _encode(label)
        return written


def _encode(label: str) -> str:
    """Return a label in ASCII, or `_REJECTED`."""
    if len(label) > _LONGEST_LABEL:
        return _REJECTED
    kinds = label.translate(_kinds)
    if "x" in kinds:
        return _REJECTED
    is_left = _LEFT.fullmatch(kinds)
    if is_left or (_RIGHT.fullmatch(kinds) and _ENDS_RIGHT.search(kinds)):
        if label.isascii():
            return label
        code = punycode(label, _LONGEST_LABEL - 4)
        return _REJECTED if code is None else f"xn--{code}"
    try:
        return idna.alabel(label).decode()
    except idna.IDNAError:
        return _REJECTED


def _by_idna(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain
