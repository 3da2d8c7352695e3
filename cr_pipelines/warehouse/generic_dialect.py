"""The SQL for a source of SQLAlchemy: what DuckDB runs over the loaded rows, and what a person writes in the database.

Goes in: the engine's name, and names, types and expressions. Comes out: pieces of SQL. Nothing here connects.
"""

import hashlib
from collections.abc import Callable
from typing import ClassVar

from typing_extensions import override

from cr_pipelines.warehouse.dialect import MOMENT_OF_SECONDS
from cr_pipelines.warehouse.duckdb_dialect import DuckDBDialect
from cr_pipelines.warehouse.relation import Relation


class GenericDialect(DuckDBDialect):
    """DuckDB's dialect, for the relations that a session has loaded."""

    def __init__(self, name: str):
        self.name = name  # type: ignore[misc]

    @override
    def is_moment(self, kind: str) -> bool:
        # SQLite has no type for moments, and one value that is none makes the column of any driver text.
        return kind == "VARCHAR" or super().is_moment(kind)

    @override
    def column_moment(self, column: str, kind: str) -> str:
        name = self.identifier(column)
        return f"TRY_CAST({name} AS {self.types['timestamp']})" if kind == "VARCHAR" else name

    @override
    def cast_to_moment(self, column: str) -> str:
        return (
            MOMENT_OF_SECONDS[self.name].format(column)
            if self.name in MOMENT_OF_SECONDS
            else super().cast_to_moment(column)
        )

    @override
    def relation(self, relation: Relation) -> str:
        return self.identifier(table_of(relation))


class ViewDialect(GenericDialect):
    """The database's own SQL, for the views that are suggested to a person."""

    types: ClassVar = {**DuckDBDialect.types, "text": "CHAR"}

    def __init__(self, name: str, quote: Callable[[str], str]):
        super().__init__(name)
        if name in ("sqlite", "mysql", "mariadb", "mssql"):
            self.types = {**self.types, "timestamp": "DATETIME"}  # type: ignore[misc]
        self._quote = quote

    @override
    def identifier(self, name: str) -> str:
        return self._quote(name)

    @override
    def relation(self, relation: Relation) -> str:
        return f"({relation.query}\n)" if relation.is_query else ".".join(map(self._quote, relation.name))


def table_of(relation: Relation) -> str:
    """Return the name of the table that a session loads a relation into."""
    return f"cr_source_{hashlib.sha256(relation.text.encode()).hexdigest()[:12]}"
