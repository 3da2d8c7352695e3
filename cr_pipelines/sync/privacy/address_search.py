"""The search for e-mail addresses in the body of a request.

Goes in: a body as it is sent. Comes out: the hash of every address in it, whatever surrounds it. The search errs on the
side of finding too many. The body is normalized once, and the search reads at most `MOST` characters outwards from each
at sign, so its time depends only on the size of the body, whatever the body contains. The remaining work is one hash
for each distinct address, and IDNA for all distinct domains that are not ASCII, in one pass.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice, pairwise
from threading import Lock
from urllib.parse import unquote

from cr_pipelines.sync.contract.identity import canonical_domains, keyed_digest, keyed_hashes, lowered, trimmed, visible

MOST = 254
"""How many characters are read on either side of an at sign. No longer address is accepted anywhere."""

_MOST_STARTS = 16
"""Marks after which an address may begin, the nearest first."""
_MOST_ENDS = 4
"""Ends of sentences that may end a domain, or be a dot in it."""

_LONG = 1_000
"""Size in bytes from which a body is not searched twice."""
_MOST_RECENT = 100_000
"""How many long bodies, and hashes of addresses in them, are remembered."""

_OUTSIDE = r"\s@<>()\[\]\\,;:\""
"""Characters that no address has outside quotation marks."""
_AT_IN_JSON = re.compile(r"\\\\u0040")
_AT_IN_URL = re.compile(rf"%(?:25){{0,3}}40(?=[^{_OUTSIDE}%]{{0,{MOST}}}?(?:\.|%(?:25){{0,3}}(?!40|25)))")
_AT_IN_HTML = re.compile(r"&(?:#0{0,6}64|#[xX]0{0,6}40|commat);")
"""An at sign as it appears in JSON within text, in a URL before a domain, and in HTML."""
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)")
"""A line end, a quotation mark or a control character in JSON; none belongs to an address."""
_RUN = re.compile(rf"[^{_OUTSIDE.replace('@', '')}]++")
"""A stretch of text that no such character divides, with the at signs in it."""
_PLAIN = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._+-]*[a-zA-Z0-9])?@[a-zA-Z0-9-]++(?:\.[a-zA-Z0-9-]++)++(?<!-)")
"""An address with no adjacent character that could belong to it."""
_WIDE = {"\uff20": "@", "\ufe6b": "@", "\uff0e": "."}
"""Maps the at sign and the full stop of East Asian text to those of an address."""
_PLAIN_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._+-]*+")
_ASCII_DOMAIN = re.compile(r"[\w-]++(?:\.[\w-]++)++")
_SENTENCE_END = re.compile("[\u3002\uff61]")
"""A dot of a domain, or the end of a sentence."""
_WITHIN_URL = re.compile(rf"[^{_OUTSIDE}/?&=#]++")
_MAY_PRECEDE = re.compile(r"[^\w.+-]")
"""Characters that may belong to an address or, as in a link, precede it."""
_ASCII = re.compile(r"[\x00-\x7f]*+")


class _Recent:
    """Results for the latest long bodies: a body is searched when its row is noted, and again when it leaves."""

    def __init__(self) -> None:
        self._found: dict[bytes, frozenset[str]] = {}
        self._size = 0
        self._lock = Lock()

    def find(self, body: bytes) -> frozenset[str]:
        """Return the hash of every address in a body."""
        name = keyed_digest(body)
        with self._lock:
            found = self._found.get(name)
        if found is None:
            found = search(body)
            with self._lock:
                if name not in self._found:
                    self._found[name] = found
                    self._size += 1 + len(found)
                while self._size > _MOST_RECENT:
                    self._size -= 1 + len(self._found.pop(next(iter(self._found))))
        return found


_recent = _Recent()


def hashes_in(body: bytes) -> frozenset[str]:
    """Return the hash of every address in a body of UTF-8."""
    return search(body) if len(body) < _LONG else _recent.find(body)


def search(body: bytes) -> frozenset[str]:
    """Do the same as `hashes_in` without remembering anything."""
    text = _plain(body.decode("utf-8", "replace"))
    return keyed_hashes(_addresses(text)) if "@" in text else frozenset()


def _plain(text: str) -> str:
    """Return the text with plain at signs, composed, and without JSON escapes and invisible characters.

    This is done once for the whole text, because work at each at sign is repeated thousands of times.
    """
    if "\\" in text:
        text = _ESCAPE.sub(" ", _AT_IN_JSON.sub("@", text))
    if "%" in text:
        text = _AT_IN_URL.sub("@", text)
    if "&" in text:
        text = _AT_IN_HTML.sub("@", text)
    if text.isascii():
        return text
    for wide, plain in _WIDE.items():
        text = text.replace(wide, plain)
    if "@" not in text:
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
    others = []
    for before, after in sides:
        if "." in after or "%" in after or _SENTENCE_END.search(after):
            near = f"{before}@{after}"
            if _PLAIN.fullmatch(near):
                found.add(near.lower())
            else:
                others.append((before, after))
    return found | _around(others)


def _around(sides: Sequence[tuple[str, str]]) -> set[str]:
    """Return every address, in canonical form, that the text on both sides of these at signs may contain."""
    domains = _canonical_domains({after for _, after in sides})
    names = {before: _canonical_names(before) for before in {before for before, after in sides if domains[after]}}
    return {f"{name}@{domain}" for before, after in sides for domain in domains[after] for name in names[before]}


def _canonical_names(before: str) -> Collection[str]:
    if _PLAIN_NAME.fullmatch(before):
        return (before.lower(),)
    names = _names(before)
    if "%" in before:
        names |= {trimmed(found) for found in _names(_unquoted(before))}
    return {lowered(name) for name in names}


def _canonical_domains(afters: Iterable[str]) -> dict[str, set[str]]:
    """Return the domains that each of these texts after an at sign may begin with."""
    found = {after: _domains(after) for after in afters}
    for after, domains in found.items():
        if "%" in after and (within := _WITHIN_URL.match(after)):
            domains |= _domains(_unquoted(within[0]))
    canonical = canonical_domains(set().union(*found.values()))
    return {after: {canonical[domain] for domain in domains if domain in canonical} for after, domains in found.items()}


def _unquoted(text: str) -> str:
    """Return text from a URL, even if it was quoted twice."""
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


@cache
def _domain() -> re.Pattern[str]:
    """Return the pattern of a domain in any script, whose words may have marks."""
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M")
    ranges = "".join(f"{run[0]}-{run[-1]}" for run in _runs(marks))
    return re.compile(f"[\\w{ranges}-]++(?:[.\u3002\uff61][\\w{ranges}-]++)++")


def _runs(letters: str) -> Iterator[str]:
    """Yield the runs of letters that follow each other in Unicode."""
    start = 0
    for place in range(1, len(letters) + 1):
        if place == len(letters) or ord(letters[place]) != ord(letters[place - 1]) + 1:
            yield letters[start:place]
            start = place


def _domains(after: str) -> set[str]:
    """Return the domain after an at sign, with and without the characters after it."""
    found = _ASCII_DOMAIN.match(after) if after.isascii() else _domain().match(after)
    if found is None:
        return set()
    domains = {found[0]}
    ends = islice(_SENTENCE_END.finditer(found[0]), _MOST_ENDS)
    domains.update(found[0][: end.start()] for end in ends)
    if not found[0].isascii() and (ascii_only := _ASCII.match(found[0])):
        domains.add(ascii_only[0])
    domains |= {shorter.rstrip("._-") for shorter in domains}
    return {domain for domain in domains if "." in domain or _SENTENCE_END.search(domain)}
