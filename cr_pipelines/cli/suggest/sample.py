"""The parts of a table that a guess needs.

Goes in: an open session and a table. Comes out: its columns with their types, and what a sample says of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cr_pipelines.cli.doctor.columns import shape_of
from cr_pipelines.warehouse import Relation, SourceSession

ROWS = 1_000
_MOST_NAMES = 12


@dataclass(frozen=True)
class SampledColumn:
    """A column, and its values in the sample that are not null. The values are personal data.

    Attributes:
        shape: what its type holds: text, number, boolean, time, list, struct or binary; None for another type.
    """

    name: str
    type: str
    shape: str | None
    values: Sequence[Any]
    rows: int

    @property
    def is_key(self) -> bool:
        """Whether every row of the sample has a different value."""
        return self.rows > 0 and len(self.values) == self.rows == len(set(map(str, self.values)))

    @property
    def address_share(self) -> float:
        """How many of its values look like an e-mail address, 0 to 1."""
        found = [value for value in self.values if isinstance(value, str) and value.find("@") > 0]
        return len(found) / len(self.values) if self.values else 0.0

    @property
    def is_empty(self) -> bool:
        """Whether the sample has rows but no values."""
        return self.rows > 0 and not self.values


@dataclass(frozen=True)
class Sample:
    """The columns of a table by name, and how many rows were read."""

    relation: Relation
    columns: Mapping[str, SampledColumn]
    rows: int


def read_sample(session: SourceSession, relation: Relation) -> Sample:
    """Read the columns and some rows of a table. Raises SourceMissing and WarehouseError."""
    types = session.columns(relation)
    dialect = session.dialect
    # As text, so that every type of every engine can be read.
    texts = ", ".join(
        f"{dialect.text(dialect.identifier(name))} AS {dialect.identifier(f'value_{place}')}"
        for place, name in enumerate(types)
    )
    read = session.fetch_all(f"SELECT {texts} FROM {dialect.relation(relation)} AS source LIMIT {ROWS}")
    by_column = list(zip(*read, strict=True)) if read else [()] * len(types)
    columns = {
        name: SampledColumn(name, kind, shape_of(kind), [value for value in values if value is not None], len(read))
        for (name, kind), values in zip(types.items(), by_column, strict=True)
    }
    return Sample(relation, columns, len(read))
