"""The search for e-mail addresses in the body of a request.

Goes in: a body as it is sent. Comes out: the hash of every address in it, whatever is around it, rather too many than
too few. The body is made plain once, and the search reads outwards from each at sign at most `MOST` characters, so that
its time grows with the size of the body alone, whatever the body contains. What is left is one hash for each different
address, and one look at the tables of IDNA for each different domain that is not ASCII.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

from cr_pipelines.sync.contract.identity import canonical_domain, keyed_hashes, lowered, trimmed

MOST = 254
"""Characters that are read on either side of an at sign. No longer address is accepted anywhere."""

_MOST_STARTS = 16
"""Marks before an address after which it may begin, the nearest first."""

_OUTSIDE = r"\s@<>()\[\]\\,;:\""
"""Characters that no address has outside of quotation marks."""
_AT_IN_JSON = re.compile(r"\\\\u0040")
_AT_IN_URL = re.compile(rf"%(?:25){{0,3}}40(?=[^{_OUTSIDE}%]{{1,{MOST}}}?(?:\.|%(?!40|25)))")
_AT_IN_HTML = re.compile(r"&(?:#0{0,6}64|#[xX]0{0,6}40|commat);")
"""An at sign as it is written in JSON within text, in a URL with a domain after it, and in HTML."""
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)")
"""A line end, a quotation mark or a control character in JSON; none belongs to an address."""
_RUN = re.compile(rf"[^{_OUTSIDE.replace('@', '')}]++")
"""What no such character divides, with the at signs in it."""
_PLAIN = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._+-]*[a-zA-Z0-9])?@[a-zA-Z0-9-]++(?:\.[a-zA-Z0-9-]++)++(?<!-)")
"""An address that nothing can belong to but itself."""
_DOMAIN = re.compile(r"[\w-]++(?:\.[\w-]++)++")
_INVISIBLE = re.compile(
    "[\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f]+"
)
"""The category Cf. Written as ranges, as single characters beyond the first 65,536 make the search slow."""
_WITHIN_URL = re.compile(rf"[^{_OUTSIDE}/?&=#]++")
_MAY_PRECEDE = re.compile(r"[^\w.+-]")
"""Characters that may belong to an address, or precede it, as in a link."""
_ASCII = re.compile(r"[\x00-\x7f]*+")


def hashes_in(body: bytes) -> frozenset[str]:
    """Return the hash of every address in a body of UTF-8."""
    text = _plain(body.decode("utf-8", "replace"))
    return keyed_hashes(_addresses(text)) if "@" in text else frozenset()


def _plain(text: str) -> str:
    """Return the text with at signs only, without escapes of JSON, composed, and without characters that nobody sees.

    All of it at once, as what is done for each at sign is done thousands of times.
    """
    if "\\" in text:
        text = _ESCAPE.sub(" ", _AT_IN_JSON.sub("@", text))
    if "%" in text:
        text = _AT_IN_URL.sub("@", text)
    if "&" in text:
        text = _AT_IN_HTML.sub("@", text)
    if text.isascii() or "@" not in text:
        return text
    near = (part if len(part) <= 2 * MOST else f"{part[:MOST]} {part[-MOST:]}" for part in text.split("@"))
    return unicodedata.normalize("NFC", visible("@".join(near)))


def _addresses(text: str) -> set[str]:
    found: set[str] = set()
    sides: set[tuple[str, str]] = set()
    for run in {run for run in _RUN.findall(text) if "@" in run}:
        if len(run) <= MOST and _PLAIN.fullmatch(run):
            found.add(run.lower())
        else:
            parts = pairwise(run.split("@"))
            sides.update((before[-MOST:], after[:MOST]) for before, after in parts if before and after)
    for before, after in sides:
        if "." in after or "%" in after:
            near = f"{before}@{after}"
            found.update((near.lower(),) if _PLAIN.fullmatch(near) else _around(before, after))
    return found


def _around(name: str, after: str) -> Iterable[str]:
    """Return every address, in canonical form, that these sides of an at sign may hold."""
    domains = _canonical_domains(after)
    if not domains:
        return ()
    names = _names(name)
    if "%" in name:
        names |= {trimmed(found) for found in _names(_unquoted(name))}
    names = {lowered(name) for name in names}
    return [f"{name}@{domain}" for domain in domains for name in names]


@lru_cache(maxsize=4096)
def _canonical_domains(after: str) -> frozenset[str]:
    domains = _domains(after)
    if "%" in after and (within := _WITHIN_URL.match(after)):
        domains |= _domains(_unquoted(within[0]))
    return frozenset([canonical_domain(domain) for domain in domains])


def visible(text: str) -> str:
    """Return text without characters that nobody sees, such as a byte order mark or a soft hyphen."""
    if text.isascii():
        return text
    return _INVISIBLE.sub("", text)


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
