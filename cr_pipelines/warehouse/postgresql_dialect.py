"""The SQL of PostgreSQL in both roles.

Goes in: names, types and expressions. Comes out: pieces of SQL. Nothing here connects.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from typing_extensions import override

from cr_pipelines.warehouse.dialect import SUBSTITUTE, Dialect

OLDEST = 15
"""The first major version with MERGE."""

_TEXTS = {"text", "character varying", "character"}
_PLAIN = _TEXTS | {
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "uuid", "jsonb", "bytea",
    "date", "timestamp without time zone", "timestamp with time zone",
}  # fmt: skip


class PostgreSQLDialect(Dialect):
    """PostgreSQL of one major version."""

    name = "postgresql"
    types: ClassVar = {
        "text": "text",
        "integer": "integer",
        "bigint": "bigint",
        "double": "double precision",
        "timestamp": "timestamp with time zone",
        "boolean": "boolean",
    }
    zoneless_types: ClassVar = dict.fromkeys(("timestamp without time zone", "date"), "timestamp without time zone")
    whole_types: ClassVar = frozenset({"smallint", "integer", "bigint"})
    decimal_types: ClassVar = frozenset({"numeric"})
    inexact_types: ClassVar = frozenset({"real", "double precision"})
    json_types: ClassVar = frozenset({"json", "jsonb"})
    most_listed: ClassVar = 50_000
    # Each merge joins the whole target. What exceeds the server's memory goes to its disk.
    folded_at_once: ClassVar = 1_000_000
    keeps_unique: ClassVar = True
    begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ"

    def __init__(self, major_version: int = OLDEST):
        self._major_version = major_version

    @property
    @override
    def row_hash_version(self) -> str:
        return f"postgresql {self._major_version}, hash by column"

    @override
    def row_hash(self, columns: Mapping[str, str]) -> str:
        # Each text has a seed of its own. A record of the texts would be written and read again to be hashed.
        texts, others = [], []
        for seed, column in enumerate(sorted(columns), start=1):
            value = self._hashable(column, columns[column])
            if columns[column] in _TEXTS:
                texts.append(f"coalesce(hashtextextended({value}, {seed}), {seed})")
            else:
                others.append(value)
        if others:
            texts.append(f"hash_record_extended(ROW({', '.join(others)}), 0)")
        return f"({' # '.join(texts)})"

    def _hashable(self, column: str, kind: str) -> str:
        name, element = self.identifier(column), kind.removesuffix("[]")
        if element in _TEXTS:
            # Under a case-insensitive collation, A and a would have the same hash.
            return f'{name} COLLATE "C"'
        if element in _PLAIN:
            return name
        return f'CAST({name} AS text) COLLATE "C"'

    @override
    def has_former_fingerprint(self, kind: str) -> bool:
        return _is_padded(kind) or super().has_former_fingerprint(kind)

    @override
    def _fingerprinted(self, column: str, kind: str) -> str:
        return self.readable(column, kind) if _is_padded(kind) else super()._fingerprinted(column, kind)

    @override
    def text(self, expression: str) -> str:
        return f"CAST({expression} AS text)"

    @override
    def literal(self, value: str | None) -> str:
        # No text in PostgreSQL has a NUL, which would end the statement.
        return super().literal(value if value is None else value.replace("\0", SUBSTITUTE))

    @override
    def lowered(self, expression: str) -> str:
        # In Turkish, I is the capital of another letter than i.
        return f"lower(replace({expression}, 'I', 'i'))"

    @override
    def json_text(self, expression: str) -> str:
        return f"CAST(to_json({expression}) AS text)"

    @override
    def sha256(self, expression: str) -> str:
        return f"encode(sha256(convert_to({expression}, 'UTF8')), 'hex')"

    @override
    def readable(self, column: str, kind: str) -> str:
        name, element = self.identifier(column), kind.removesuffix("[]")
        if kind in self.json_types:
            return self.unwrapped(name)
        if _is_padded(kind):
            # The padding belongs to the type, not to the value.
            return f"CAST({name} AS {kind.replace(element, 'text')})"
        if element in _PLAIN and kind != "jsonb[]":
            return name
        # Composites, hstore, lists of JSON or of composites as JSON text; enums, networks, ranges as their own.
        return f"to_json({name}) #>> '{{}}'"

    @override
    def unwrapped(self, expression: str) -> str:
        return f"{expression} #>> '{{}}'"

    @override
    def is_finite(self, expression: str) -> str:
        return f"CAST({expression} AS text) NOT IN ('NaN', 'Infinity', '-Infinity')"

    @override
    def whole_text(self, expression: str) -> str:
        # The cast to numeric would keep only 15 digits. Powers of two divide without a remainder.
        double, half = f"CAST({expression} AS double precision)", "9007199254740992"
        high = f"floor({double} / {half})"
        low = f"CAST({double} - {high} * {half} AS bigint)"
        return f"CAST(CAST(CAST({high} AS bigint) AS numeric) * {half} + {low} AS text)"

    @override
    def spelled(self, column: str, kind: str) -> str:
        name = self.identifier(column)
        if kind == "numeric":
            return f"CASE WHEN {self.is_finite(name)} THEN CAST(trim_scale({name}) AS text) END"
        if kind in _TEXTS:
            # A case-insensitive collation would make A and a one key, and PostgreSQL refuses LIKE under it.
            return f'{self.text(name)} COLLATE "default"'
        return super().spelled(column, kind)

    @override
    def create_schema(self, schema: str) -> str:
        # IF NOT EXISTS requires the right to make schemas even if there is nothing to make.
        return "DO " + self.literal(
            f"BEGIN IF to_regnamespace({self.literal(self.identifier(schema))}) IS NULL "
            f"THEN CREATE SCHEMA {self.identifier(schema)}; END IF; END"
        )

    @override
    def tables(self, schema: str) -> str:
        # A cast to `name` truncates a name as PostgreSQL did when the schema was made, and keeps its case.
        return (
            "SELECT lower(table_name) FROM information_schema.tables "
            f"WHERE table_schema = CAST({self.literal(schema)} AS name)"
        )

    @override
    def schema_columns(self, schema: str) -> str:
        # The information schema's view takes ten times as long. Like it, this leaves out what the role may not use.
        return (
            "SELECT lower(CAST(c.relname AS text)), lower(CAST(a.attname AS text)) FROM pg_class AS c "
            "JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid "
            f"WHERE n.nspname = CAST({self.literal(schema)} AS name) AND c.relkind IN ('r', 'v', 'm', 'f', 'p') "
            "AND a.attnum > 0 AND NOT a.attisdropped AND (pg_has_role(c.relowner, 'USAGE') "
            "OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))"
        )

    @override
    def create_index(self, table: str, columns: Sequence[str]) -> str:
        return f"CREATE INDEX ON {table} ({', '.join(map(self.identifier, columns))})"

    @override
    def create_unique_index(self, table: str, columns: Sequence[str]) -> str:
        return f"CREATE UNIQUE INDEX ON {table} ({', '.join(map(self.identifier, columns))})"

    @override
    def drop_index(self, schema: str, table: str, columns: Sequence[str]) -> str:
        # The name that PostgreSQL gives an unnamed index.
        return f"DROP INDEX IF EXISTS {self.identifier(schema)}.{self.identifier('_'.join((table, *columns, 'idx')))}"

    @override
    def hashed_key(self, expression: str) -> str | None:
        # Parallel workers cannot see temporary tables. Without this, one process gets every row with all its columns,
        # only to join it with a few keys.
        return f'hashtextextended({expression} COLLATE "C", 0)'

    @override
    def is_one_of(self, expression: str, numbers: Sequence[int]) -> str:
        # PostgreSQL makes a hash table of an array of constants.
        return f"{expression} = ANY (CAST('{{{','.join(map(str, numbers))}}}' AS bigint[]))"

    @override
    def analyze(self, table: str) -> str:
        return f"ANALYZE {table}"


def _is_padded(kind: str) -> bool:
    return kind.removesuffix("[]") == "character"
