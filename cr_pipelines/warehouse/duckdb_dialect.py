"""The SQL of DuckDB in both roles.

Goes in: names, types and expressions. Comes out: pieces of SQL. Nothing here connects.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

import duckdb
from typing_extensions import override

from cr_pipelines.warehouse.dialect import Dialect

_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")

_MOST_LITERALS = 1_000

_MOST_JOINED = 500_000
"""How many keys are joined at once. A join spills, but with ten million keys it needs four times the first memory."""

_MOST_PARTS = 20
"""Every part is found among all keys, so more parts would take time with the square of their number."""


class DuckDBDialect(Dialect):
    """DuckDB 1.5 and later."""

    name = "duckdb"
    types: ClassVar = {
        "text": "VARCHAR",
        "integer": "INTEGER",
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "timestamp": "TIMESTAMP WITH TIME ZONE",
        "boolean": "BOOLEAN",
    }
    zoneless_types: ClassVar = {
        "DATE": "TIMESTAMP",
        **{kind: kind for kind in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")},
    }

    whole_types: ClassVar = frozenset(
        f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")
    ) | {"INTEGER", "UINTEGER", "BIGNUM"}
    decimal_types: ClassVar = frozenset({"DECIMAL"})
    inexact_types: ClassVar = frozenset({"FLOAT", "DOUBLE"})
    json_types: ClassVar = frozenset({"JSON", "VARIANT"})
    most_listed: ClassVar = 50_000

    @property
    @override
    def row_hash_version(self) -> str:
        return f"duckdb {duckdb.__version__}"

    @override
    def row_hash(self, columns: Mapping[str, str]) -> str:
        values = ", ".join(self._hashable(column, columns[column]) for column in sorted(columns))
        return f"CAST(hash({values}) >> 1 AS BIGINT)"

    def _hashable(self, column: str, kind: str) -> str:
        # DuckDB's hash of a nested value ignores its field names, and does not distinguish null from empty.
        nested = kind.endswith("]") or kind.startswith(_NESTED)
        return self.json_text(self.identifier(column)) if nested else self.identifier(column)

    @override
    def joined(self, texts: Sequence[str]) -> str:
        # A chain of || copies the text at every step.
        return f"concat({', '.join(texts)})"

    @override
    def listed(self, texts: Collection[str]) -> str:
        # DuckDB needs 5 kB of memory for each literal of a list.
        if len(texts) <= _MOST_LITERALS:
            return super().listed(texts)
        return f"(SELECT unnest(from_json({self.literal(json.dumps(list(texts)))}, '[\"VARCHAR\"]')))"

    @override
    def parts(self, rows: int) -> Sequence[str | None]:
        parts = min(-(-rows // _MOST_JOINED), _MOST_PARTS)
        return [None] if parts <= 1 else [f"hash(key) % {parts} = {part}" for part in range(parts)]

    @override
    def text(self, expression: str) -> str:
        return f"CAST({expression} AS VARCHAR)"

    @override
    def json_text(self, expression: str) -> str:
        return f"CAST(to_json({expression}) AS VARCHAR)"

    @override
    def sha256(self, expression: str) -> str:
        return f"sha256({expression})"

    @override
    def byte_length(self, expression: str) -> str:
        return f"strlen({expression})"

    @override
    def readable(self, column: str, kind: str) -> str:
        # Arrow has no such type.
        return self.text(self.identifier(column)) if kind == "BIGNUM" else super().readable(column, kind)

    @override
    def unwrapped(self, expression: str) -> str:
        return f"json_extract_string(CAST({expression} AS JSON), '$')"

    @override
    def is_finite(self, expression: str) -> str:
        return f"isfinite({expression})"

    @override
    def decimal_text(self, expression: str, kind: str) -> str:
        text = self.text(expression)
        # DuckDB writes .5 if the type has no digits before the point, as in DECIMAL(3,3).
        precision, _, scale = kind.partition("(")[2].rstrip(")").partition(",")
        return f"regexp_replace({text}, '^(-?)\\.', '\\10.')" if precision == scale and scale else text

    @override
    def whole_text(self, expression: str) -> str:
        return f"CAST(TRY_CAST({expression} AS HUGEINT) AS VARCHAR)"

    @override
    def schema_columns(self, schema: str) -> str:
        # The view of the information schema takes twice as long.
        return (
            "SELECT lower(table_name), lower(column_name) FROM duckdb_columns() "
            f"WHERE database_name = current_database() AND lower(schema_name) = lower({self.literal(schema)})"
        )
