"""Snowflake, through its own connector: rows arrive as Arrow, chunk by chunk.

Goes in: a `snowflake://` URL and SQL. Comes out: a session whose settings do not depend on the account or the user.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import snowflake.connector
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.cursor import SnowflakeCursor
from typing_extensions import override

from cr_pipelines.warehouse.dialect import Dialect
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseError
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import BatchSink, Session, Warehouse

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")

_SETTINGS = {
    # A value's text, and so its fingerprint, must not depend on an account's or a user's settings.
    "TIMEZONE": "UTC",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS.FF9",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "QUERY_TAG": "cr-pipelines",
}


class SnowflakeDialect(Dialect):
    """Snowflake. Names are unquoted ones: a view's `full_name` is `FULL_NAME` to Snowflake."""

    name = "snowflake"
    transactional_ddl = False
    types: ClassVar = {
        "text": "VARCHAR",
        "integer": "INTEGER",
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "timestamp": "TIMESTAMP_TZ",
        "boolean": "BOOLEAN",
    }
    whole_types: ClassVar[frozenset[str]] = frozenset()
    decimal_types: ClassVar = frozenset({"FIXED"})
    inexact_types: ClassVar = frozenset({"REAL"})
    json_types: ClassVar = frozenset({"VARIANT"})
    zoneless_types: ClassVar = {"TIMESTAMP_NTZ": "TIMESTAMP_NTZ", "DATE": "TIMESTAMP_NTZ"}

    @property
    @override
    def row_hash_version(self) -> str:
        return "snowflake hash"

    @override
    def row_hash(self, columns: Mapping[str, str]) -> str:
        return f"HASH({', '.join(self._hashable(column, columns[column]) for column in sorted(columns))})"

    def _hashable(self, column: str, kind: str) -> str:
        name = self.identifier(column)
        # By the moment, not by the zone in which it is spelled.
        return f"CONVERT_TIMEZONE('UTC', {name})" if kind == "TIMESTAMP_TZ" else name

    @override
    def text(self, expression: str) -> str:
        return f"CAST({expression} AS VARCHAR)"

    @override
    def json_text(self, expression: str) -> str:
        return f"TO_JSON(TO_VARIANT({expression}))"

    @override
    def sha256(self, expression: str) -> str:
        return f"SHA2({expression}, 256)"

    @override
    def unwrapped(self, expression: str) -> str:
        return f"TO_VARCHAR({expression})"

    @override
    def is_finite(self, expression: str) -> str:
        return f"TO_VARCHAR({expression}) NOT IN ('NaN', 'inf', '-inf')"

    @override
    def whole_text(self, expression: str) -> str:
        return f"CAST(CAST({expression} AS NUMBER(38, 0)) AS VARCHAR)"

    @override
    def trimmed(self, expression: str) -> str:
        return f"REGEXP_REPLACE({expression}, '^\\\\s+|\\\\s+$', '')"

    @override
    def identifier(self, name: str) -> str:
        return super().identifier(name.upper() if _PLAIN_NAME.fullmatch(name) else name)

    @override
    def literal(self, value: str | None) -> str:
        return super().literal(value if value is None else value.replace("\\", "\\\\"))


class SnowflakeSession(Session):
    """A Snowflake session. Each statement sees the source as it is at that moment."""

    dialect = SnowflakeDialect()

    def __init__(self, connection: snowflake.connector.SnowflakeConnection):
        self._connection = connection

    @override
    def execute(self, statement: str) -> None:
        with self._cursor() as cursor:
            cursor.execute(statement)

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        with self._cursor() as cursor:
            cursor.execute(query)
            for chunk in cursor.get_result_batches() or ():
                # The chunk of an empty result has no table.
                table = chunk.to_arrow()
                for batch in table.to_batches(rows_per_batch) if table is not None else ():
                    sink.write(batch)

    @override
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        target = f"{self.dialect.identifier(schema)}.{self.dialect.identifier(table)}"
        columns = ", ".join(map(self.dialect.identifier, rows.column_names))
        marks = ", ".join(["%s"] * rows.num_columns)
        with self._cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {target} ({columns}) VALUES ({marks})",
                list(zip(*(column.to_pylist() for column in rows.columns), strict=True)),
            )

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        try:
            with self._cursor() as cursor:
                described = cursor.describe(f"SELECT * FROM {self.dialect.relation(relation)}")
        except WarehouseError as error:
            raise SourceMissing(f"{relation} cannot be read: {error}") from None
        return {
            column.name.lower() if column.name == column.name.upper() else column.name: FIELD_ID_TO_NAME[
                column.type_code
            ]
            for column in described
        }

    @contextmanager
    def _cursor(self) -> Iterator[SnowflakeCursor]:
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except snowflake.connector.Error as error:
            raise WarehouseError(f"Snowflake: {_without_values(error)}") from None


class SnowflakeWarehouse(Warehouse):
    """A database of a Snowflake account.

    The URL is `snowflake://user:password@account/database/schema?warehouse=…&role=…`; other options, such as
    `authenticator` and `private_key_file`, go to Snowflake's connector. Temporary tables are made in the
    URL's schema, which takes the right to use it.
    """

    dialect = SnowflakeDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None):
        super().__init__(url)
        parts = urlsplit(url)
        names = [unquote(name) for name in parts.path.split("/") if name]
        if not parts.hostname or len(names) != 2:
            raise WarehouseError(
                "the warehouse URL must be snowflake://user:password@account/database/schema?warehouse=…"
            )
        self._options: dict[str, Any] = {
            "account": parts.hostname,
            "database": names[0],
            "schema": names[1],
            **({"user": unquote(parts.username)} if parts.username else {}),
            **({"password": unquote(parts.password)} if parts.password else {}),
            **dict(parse_qsl(parts.query)),
        }

    @override
    @contextmanager
    def session(self) -> Iterator[SnowflakeSession]:
        """Connect. Raises WarehouseError when Snowflake refuses the connection."""
        try:
            connection = snowflake.connector.connect(**self._options, session_parameters=_SETTINGS)
        except snowflake.connector.Error as error:
            raise WarehouseError(f"Snowflake cannot be reached: {_without_values(error)}") from None
        try:
            yield SnowflakeSession(connection)
        finally:
            connection.close()


def _without_values(error: snowflake.connector.Error) -> str:
    """Return Snowflake's message without the values that it quotes, which may be personal data."""
    lines = str(error.msg or error).strip().splitlines()
    # "SQL compilation error:" says nothing without its second line.
    said = " ".join(lines[:2] if lines and lines[0].endswith(":") else lines[:1])
    if (error.sqlstate or "").startswith(("42", "02")):
        # Names in the query's own words may be shown.
        return re.sub(r"'(?![\w.\"]+')[^']*'", "'…'", said)
    return re.sub(r"'[^']*'|\"[^\"]*\"", "'…'", said)
