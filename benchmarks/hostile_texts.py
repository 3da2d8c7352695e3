"""Texts that are made to keep the search for addresses busy, in any script.

Goes in: a size. Comes out: text of about this many characters, of each family.
"""

from collections.abc import Callable
from functools import partial
from itertools import count

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_HAN = "".join(map(chr, range(0x4E00, 0x6000)))
_HANGUL = "".join(map(chr, range(0xAC00, 0xB000)))
_HINDI = "".join(map(chr, range(0x915, 0x93A)))
_ARABIC = "".join(map(chr, range(0x627, 0x63B)))
_HEBREW = "".join(map(chr, range(0x5D0, 0x5EB)))
_EMOJI = "".join(map(chr, range(0x1F600, 0x1F640)))


def _word(number: int, letters: str = _LETTERS) -> str:
    """Return a word for each number, a different one."""
    word = ""
    while True:
        number, letter = divmod(number, len(letters))
        word = letters[letter] + word
        if not number:
            return word


def _repeated(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def _numbered(make: Callable[[int], str], size: int) -> str:
    parts, length = [], 0
    for number in count():
        part = make(number)
        length += len(part)
        if length > size:
            return "".join(parts)
        parts.append(part)
    raise AssertionError


def _han(number: int, length: int) -> str:
    return "".join(_HAN[(number * 17 + place * 31) % len(_HAN)] for place in range(length))


_UNITS = {
    "English prose": "The quick brown fox jumps over it. ",
    "Japanese prose": "日本語の文章",
    "base64": "YWRhQGV4YW1wbGUuY29t",
    "letters of four bytes": "𠀀",
    "at signs": "@",
    "percent signs": "%40",
    "dashes in a domain": "x@" + "a-" * 40,
    "dots in a domain": "a@" + "b." * 120,
    "combining characters": "e\u0301",
    "invisible characters": "\u00ad@a.bc",
    "marks before an address": "!" * 200 + "@a.bc",
    "escapes": "\\",
    "one address": "ada@example.com ",
}
_EACH_DIFFERENT: dict[str, Callable[[int], str]] = {
    "ASCII addresses": lambda i: f"p{i}@example.com ",
    "short ASCII domains": lambda i: f"a@{_word(i)}.cd ",
    "short international domains": lambda i: f"a@é{_word(i)}.é ",
    "German": lambda i: f"né{i}@exämple{i}.de ",
    "German in capitals": lambda i: f"NÉ{i}@EXÄMPLE{i}.DE ",
    "Japanese": lambda i: f"p@{_han(i, 3)}.jp ",
    "long Japanese labels": lambda i: f"p@{_han(i, 18)}.jp ",
    "too long Japanese labels": lambda i: f"p@{_han(i, 62)}.jp ",
    "Japanese without spaces": lambda i: f"{_han(i, 1)}p@{_han(i, 2)}.{_han(i + 5, 1)}",
    "Japanese dots": lambda i: f"a@é{_word(i)}。日本。",
    "Korean": lambda i: f"p@{_word(i, _HANGUL)}.한국 ",
    "Hindi": lambda i: f"p@{_word(i, _HINDI)}ा.भारत ",
    "Arabic": lambda i: f"p@{_word(i, _ARABIC)}.{_word(i * 7, _ARABIC)} ",
    "Hebrew with digits": lambda i: f"p@{_word(i, _HEBREW)}{i % 10}.{_word(i * 7, _HEBREW)} ",
    "mixed directions": lambda i: f"p@{_word(i, _HEBREW)}{_word(i)}.de ",
    "Greek capitals": lambda i: f"Σ{i}@ΟΔΟΣ{i}.ΟΔΟΣ ",
    "emoji": lambda i: f"{_word(i, _EMOJI)}@{_word(i, _EMOJI)}.de ",
    "emoji names": lambda i: f"{_word(i, _EMOJI)}p@é{_word(i)}.de ",
    "wide letters": lambda i: f"\uff41\uff20\uff42{_word(i)}\uff0e\uff43\uff4f\uff4d ",
    "decomposed": lambda i: f"p@e\u0301{_word(i)}\u0301.de ",
    "Punycode": lambda i: f"p@xn--{_word(i)}-9qa.de ",
    "Punycode beside letters": lambda i: f"p@xn--{_word(i)}-9qa.é.de ",
    "links": lambda i: f"mailto:p%C3%A9{i}%40ex%C3%A4mple{i}.de ",
    "chains": lambda i: f"é{_word(i)}.xy@",
    "marks": lambda i: "".join(f"{_word(i * 16 + place)}!" for place in range(16)) + f"@{_word(i)}.cd ",
    "HTML": lambda i: f"p{i}&#64;exämple{i}.de ",
    "JSON": lambda i: f"p{i}\\u0040ex{i}.de\n",
}

FAMILIES: dict[str, Callable[[int], str]] = {
    **{name: partial(_repeated, unit) for name, unit in _UNITS.items()},
    **{f"different: {name}": partial(_numbered, make) for name, make in _EACH_DIFFERENT.items()},
}
"""Makers of text by size. Those of the second half hold as many different addresses as they can."""
