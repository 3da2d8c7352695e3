"""What a sync reads: the name of a table or view, or a SELECT statement.

Goes in: the text of a sync's `source`. Comes out: a checked `Relation` that a dialect can use in a FROM clause.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*){0,2}|[^\W\d][\w-]*(?:\.[^\W\d]\w*){2}")
_QUERY = re.compile(r"[\s(]*(select|with|from|values)\b.*[\s(*]", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
      | (?<!\w)[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)
      | '(?:[^']|'')*(?:'|\Z)
      | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)
      | (?P<name>"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z))""",
    re.DOTALL | re.VERBOSE,
)
"""Matches what is not SQL proper: comments, strings and quoted names."""
_DOT = re.compile(r"[.:]")
_WRITES = re.compile(r"[()]\s*(insert\s+into|delete\s+from|merge\s+into|update\s+[^\s,()]+\s+set)\s", re.IGNORECASE)


@dataclass(frozen=True)
class Relation:
    """What a sync reads: a table or view by name, or a SELECT statement.

    `text` is `table`, `schema.table`, `catalog.schema.table` (where the catalog may have hyphens, as a project of
    BigQuery has) or a query. A name with other characters
    than letters, digits and `_` goes into a query, where the warehouse's own quoting applies.
    Raises ValueError for anything else, and for a query that is more than one SELECT statement.
    """

    text: str

    def __post_init__(self) -> None:
        if self.is_query:
            _check_one_select(self._code)
        elif not _NAME.fullmatch(self.text):
            raise ValueError(
                f"{self.text!r} is neither a table name (table, schema.table, catalog.schema.table) nor a "
                'SELECT statement; write a name with other characters as a query: SELECT * FROM "my table"'
            )

    @property
    def is_query(self) -> bool:
        """Whether the relation is a SELECT statement rather than a name."""
        return bool(_QUERY.match(_QUOTED.sub(_without_comment, self.text).strip()))

    @property
    def query(self) -> str:
        """The SELECT statement without the semicolon at its end."""
        end = len(self.text)
        for start, stop in reversed(list(_trailing(self.text))):
            if stop != end:
                break
            end = start
        return self.text[:end] if self.is_query else self.text

    @property
    def name(self) -> tuple[str, ...]:
        """The parts of the name; none for a query."""
        return () if self.is_query else tuple(self.text.split("."))

    def mentions(self, absent: str, home: Sequence[str] = ()) -> bool:
        """Return whether the source itself names what an engine did not find, as opposed to a view that it reads.

        Args:
            absent: a table, a schema or a catalog, as qualified as the engine says it.
            home: the catalog and the schema of names without them, if the engine qualifies every name.
        """
        parts = _DOT.split(absent.lower())
        if self.is_query:
            words = {word.lower() for word in re.findall(r"\w+", _QUOTED.sub(_only_name, self.text))}
            return set(re.findall(r"\w+", parts[-1])) <= words
        lacking = max(0, len(home) + 1 - len(self.name))
        named = _DOT.split(".".join((*home[:lacking], *self.name)).lower())
        # Equal as far as both are qualified.
        return any(
            all(one == other for one, other in zip(reversed(named[:end]), reversed(parts), strict=False))
            for end in range(1, len(named) + 1)
        )

    @property
    def _code(self) -> str:
        return _QUOTED.sub(" ", self.text)

    def __str__(self) -> str:
        return "the query" if self.is_query else self.text


def same_but_for_case(columns: Iterable[str]) -> list[tuple[str, str]]:
    """Return the columns that differ from another only in case, in pairs."""
    first: dict[str, str] = {}
    return [(first[name.lower()], name) for name in columns if first.setdefault(name.lower(), name) != name]


def find_column(columns: Iterable[str], name: str) -> str | None:
    """Return the column with this name, in any case, in the source's spelling."""
    return next((column for column in columns if column.lower() == name.lower()), None)


def _check_one_select(code: str) -> None:
    """Raise ValueError unless the query can be put into parentheses as a whole."""
    depth = 0
    for sign in re.findall(r"[();]", code.strip().rstrip("; \n\t\r")):
        depth += {"(": 1, ")": -1, ";": 0}[sign]
        if sign == ";" or depth < 0:
            raise ValueError(
                "the source is more than one SELECT statement; write one SELECT without semicolons, and with a "
                "bracket opened for each that is closed"
            )
    if _WRITES.search(code):
        raise ValueError("the source holds a statement that is not a SELECT; a source is only read")


def _trailing(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a query that are blanks, semicolons and comments, in order."""
    position = 0
    for quoted in _QUOTED.finditer(text):
        yield from _blanks(text, position, quoted.start())
        if quoted["comment"] is not None:
            yield quoted.span()
        position = quoted.end()
    yield from _blanks(text, position, len(text))


def _blanks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in re.compile(r"[\s;]+").finditer(text, start, end))


def _without_comment(quoted: "re.Match[str]") -> str:
    return " " if quoted["comment"] is not None else quoted[0]


def _only_name(quoted: "re.Match[str]") -> str:
    return quoted["name"] or " "
