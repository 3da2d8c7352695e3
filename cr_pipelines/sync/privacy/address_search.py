"""The search for e-mail addresses in the body of a request.

Goes in: a body as it is sent. Comes out: the hash of every address in it, whatever is around it, rather too many than
too few. The search finds each at sign first and reads outwards at most `MOST` characters, so that its time grows with
the size of the body alone, whatever the body contains.
"""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

from cr_pipelines.sync.contract import address_hash

MOST = 254
"""Characters that are read on either side of an at sign. No longer address is accepted anywhere."""

_MOST_STARTS = 16
"""Marks before an address after which it may begin, the nearest first."""

_OUTSIDE = r"\s@<>()\[\]\\,;:\""
"""Characters that no address has outside of quotation marks."""
_AT = re.compile(
    rf"(?:@(?<=[^{_OUTSIDE}]@)|%(?:25){{0,3}}40|&#0{{0,6}}64;|&#[xX]0{{0,6}}40;|&commat;|\\\\u0040)"
    rf"(?=[^{_OUTSIDE}%]{{1,{MOST}}}?(?:\.|%(?!40|25)))"
)
"""An at sign as it is, in a URL, in HTML, or in JSON within a text; with a dot after it, as in a domain."""
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)")
"""A line end, a quotation mark or a control character in JSON; none belongs to an address."""
_NAME = re.compile(rf"[^{_OUTSIDE}]++")
_DOMAIN = re.compile(r"[\w-]++(?:\.[\w-]++)++")
_PLAIN_BEFORE = re.compile(r"(?=[a-zA-Z0-9])[a-zA-Z0-9._+-]++(?<=[a-zA-Z0-9])(?=[\s@<>()\[\],;:\"]|\Z)")
"""A name, backwards, that nothing can belong to but itself."""
_PLAIN_AFTER = re.compile(r"[a-zA-Z0-9-]++(?:\.[a-zA-Z0-9-]++)++(?<=[a-zA-Z0-9])(?=[^%_\x80-\U0010ffff]|\Z)")
"""A domain that nothing can belong to but itself."""
_WITHIN_URL = re.compile(rf"[^{_OUTSIDE}/?&=#]++")
_MAY_PRECEDE = re.compile(r"[^\w.+-]")
"""Characters that may belong to an address, or precede it, as in a link."""
_ASCII = re.compile(r"[\x00-\x7f]*+")


def hashes_in(body: bytes) -> frozenset[str]:
    """Return the hash of every address in a body of UTF-8."""
    return frozenset(map(address_hash, _addresses(body.decode("utf-8", "replace"))))


def _addresses(text: str) -> set[str]:
    found: set[str] = set()
    end = 0
    for at in _AT.finditer(text):
        # Before the at sign before this one, nothing can belong to the address.
        before = text[max(end, at.start() - MOST) : at.start()]
        end = at.end()
        after = text[end : end + MOST]
        name, domain = _PLAIN_BEFORE.match(before[::-1]), _PLAIN_AFTER.match(after)
        if name and domain:
            found.add(f"{name[0][::-1]}@{domain[0]}")
        else:
            found.update(_around(before, after))
    return found


def _around(before: str, after: str) -> Iterable[str]:
    before, after = _plain(before), _plain(after)
    match = _NAME.match(before[::-1])
    if match is None:
        return ()
    name = match[0][::-1]
    names = _names(name)
    domains = _domains(after)
    if "%" in name:
        names |= _names(_unquoted(name))
    if "%" in after and (within := _WITHIN_URL.match(after)):
        domains |= _domains(_unquoted(within[0]))
    return (f"{name}@{domain}" for domain in domains for name in names)


def _plain(side: str) -> str:
    """Return the text without escapes of JSON, and without characters that nobody sees."""
    if "\\" in side:
        side = _ESCAPE.sub(" ", side)
    return visible(side)


def visible(text: str) -> str:
    """Return text without characters that nobody sees, such as a byte order mark or a soft hyphen."""
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _unquoted(text: str) -> str:
    """Return text from a URL, also where it was quoted twice."""
    return unquote(unquote(text))


def _names(name: str) -> set[str]:
    """Return the name before an at sign, with and without the characters before it."""
    marks = [found.end() for found in _MAY_PRECEDE.finditer(name)]
    starts = {0, *marks[-_MOST_STARTS:]}
    if not name.isascii():
        # Some scripts put no spaces between words.
        found = _ASCII.match(name[::-1])
        starts.add(len(name) - (found.end() if found else 0))
    names = {name[start:] for start in starts}
    # Punctuation or Markdown around the address.
    names |= {shorter.lstrip("._+-") for shorter in names}
    return names - {""}


def _domains(after: str) -> set[str]:
    """Return the domain after an at sign, with and without the characters after it."""
    found = _DOMAIN.match(after)
    if found is None:
        return set()
    domains = {found[0]}
    if not found[0].isascii() and (ascii_only := _ASCII.match(found[0])):
        domains.add(ascii_only[0])
    domains |= {shorter.rstrip("._-") for shorter in domains}
    return {domain for domain in domains if "." in domain}
