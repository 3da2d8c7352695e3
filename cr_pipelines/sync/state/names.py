"""How the state tables are named in SQL.

Goes in: a dialect and the state schema. Comes out: pieces of SQL for statements over the state tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cr_pipelines.warehouse import Dialect


@dataclass(frozen=True)
class StateNames:
    """The state tables, and values to put into them, in the SQL of one engine."""

    dialect: Dialect
    schema: str

    def table(self, name: str) -> str:
        """Return a state table for a FROM clause."""
        return f"{self.dialect.identifier(self.schema)}.{self.dialect.identifier(name)}"

    @property
    def partition(self) -> str:
        """The column `partition`, quoted: some engines reserve the word."""
        return self.dialect.identifier("partition")

    def where(self, sync: str, partition: str) -> str:
        """Return the condition for the rows of one sync and partition, in any of the state tables."""
        text = self.dialect.literal
        return f"sync = {text(sync)} AND {self.partition} = {text(partition)}"

    def columns(self, names: Iterable[str]) -> str:
        """Return a list of quoted columns."""
        return ", ".join(map(self.dialect.identifier, names))

    def values(self, values: Iterable[object]) -> str:
        """Return Python values as a list in SQL."""
        return ", ".join(map(self.value, values))

    def value(self, value: object) -> str:
        """Return a Python value as SQL."""
        match value:
            case None:
                return "NULL"
            case int() | float():
                return repr(value)
            case datetime():
                stamp = self.dialect.literal(value.isoformat())
                return f"CAST({stamp} AS {self.dialect.types['timestamp']})"
            case _:
                return self.dialect.literal(str(value))
