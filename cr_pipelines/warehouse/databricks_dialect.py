"""The SQL of Databricks and Spark in the role of a source.

Goes in: names, types and expressions. Comes out: pieces of SQL. Nothing here connects.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from cr_pipelines.warehouse.dialect import SourceDialect, backslashed

_NESTED = ("ARRAY<", "MAP<", "STRUCT<", "VARIANT")

_MOMENTS = "map('timestampFormat', \"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX\")"
"""Spark's own JSON has a moment's milliseconds only."""


class DatabricksDialect(SourceDialect):
    """Spark SQL with ANSI mode."""

    name = "databricks"
    types: ClassVar = {
        "text": "STRING",
        "integer": "INT",
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "timestamp": "TIMESTAMP",
        "boolean": "BOOLEAN",
    }
    whole_types: ClassVar = frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT"})
    decimal_types: ClassVar = frozenset({"DECIMAL"})
    inexact_types: ClassVar = frozenset({"FLOAT", "DOUBLE"})
    json_types: ClassVar = frozenset({"VARIANT"})
    zoneless_types: ClassVar = {"TIMESTAMP_NTZ": "TIMESTAMP_NTZ", "DATE": "TIMESTAMP_NTZ"}

    @property
    @override
    def row_hash_version(self) -> str:
        return "databricks xxhash64"

    @override
    def row_hash(self, columns: Mapping[str, str]) -> str:
        # xxhash64 skips nulls: of the columns themselves, (null, 'x') and ('x', null) would be alike.
        return f"xxhash64({self.row_text(columns)})"

    @override
    def _fingerprinted(self, column: str, kind: str) -> str:
        name = super()._fingerprinted(column, kind)
        if not kind.startswith(_NESTED):
            return f"CAST({name} AS STRING)"
        return f"to_json({name}, {_MOMENTS})" if "TIMESTAMP" in kind else f"to_json({name})"

    @override
    def text(self, expression: str) -> str:
        return f"CAST({expression} AS STRING)"

    @override
    def json_text(self, expression: str) -> str:
        # Only a struct has a JSON text: {"v":…} is taken off again.
        whole = f"to_json(named_struct('v', {expression}))"
        return f"CASE WHEN {expression} IS NOT NULL THEN substr({whole}, 6, length({whole}) - 6) END"

    @override
    def sha256(self, expression: str) -> str:
        return f"sha2({expression}, 256)"

    @override
    def trimmed(self, expression: str) -> str:
        return f"regexp_replace({expression}, '^\\\\s+|\\\\s+$', '')"

    @override
    def unwrapped(self, expression: str) -> str:
        text = f"coalesce(variant_get({expression}, '$', 'string'), to_json({expression}))"
        return f"CASE WHEN NOT is_variant_null({expression}) THEN {text} END"

    @override
    def spelled(self, column: str, kind: str) -> str:
        if kind.partition("(")[0] not in self.decimal_types:
            return super().spelled(column, kind)
        # Spark's rtrim takes what to trim first.
        text = self.text(self.identifier(column))
        return f"CASE WHEN {text} LIKE '%.%' THEN regexp_replace({text}, '\\\\.?0+$', '') ELSE {text} END"

    @override
    def is_finite(self, expression: str) -> str:
        return f"NOT (isnan({expression}) OR abs({expression}) = CAST('Infinity' AS DOUBLE))"

    @override
    def whole_text(self, expression: str) -> str:
        return f"CAST(CAST({expression} AS DECIMAL(38, 0)) AS STRING)"

    @override
    def identifier(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    @override
    def literal(self, value: str | None) -> str:
        return backslashed(value)
