"""What a sync reads: the name of a table or view, or a SELECT statement.

Goes in: the text of a sync's `source`. Comes out: a checked `Relation` that a dialect can put after FROM.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*){0,2}")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUERY = re.compile(r"[\s(]*(select|with|from|values)\b.*[\s(*]", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Relation:
    """What a sync reads: a table or view by name, or a SELECT statement.

    `text` is `table`, `schema.table`, `catalog.schema.table` or a query. A name with other characters
    than letters, digits and `_` goes into a query, where the warehouse's own quoting applies.
    Raises ValueError for anything else.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.is_query and not _NAME.fullmatch(self.text):
            raise ValueError(
                f"{self.text!r} is neither a table name (table, schema.table, catalog.schema.table) nor a "
                'SELECT statement; write a name with other characters as a query: SELECT * FROM "my table"'
            )

    @property
    def is_query(self) -> bool:
        """Whether the relation is a SELECT statement rather than a name."""
        return bool(_QUERY.match(_COMMENTS.sub(" ", self.text).strip()))

    def __str__(self) -> str:
        return "the query" if self.is_query else self.text
