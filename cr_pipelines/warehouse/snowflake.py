"""Snowflake, through its own connector: rows arrive as Arrow, chunk by chunk.

Goes in: a `snowflake://` URL and SQL. Comes out: a session whose settings do not depend on the account or the user.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import unquote

import pyarrow as pa
import snowflake.connector
from snowflake.connector.constants import FIELD_ID_TO_NAME
from snowflake.connector.cursor import SnowflakeCursor
from typing_extensions import override

from cr_pipelines.secret_text import HiddenText
from cr_pipelines.warehouse.dialect import Dialect
from cr_pipelines.warehouse.errors import (
    SourceMissing,
    WarehouseBusy,
    WarehouseError,
    cause,
    our_table,
    with_names_only,
    without_quotes,
)
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import BatchSink, Session, Warehouse
from cr_pipelines.warehouse.urls import Options, UrlParts

_ROWS_APPENDED = 4_000
"""Snowflake takes at most 16,384 rows in a list of values, and about a megabyte of SQL."""

_OURS = {"session_parameters", "paramstyle", "arrow_number_to_decimal", "autocommit"}
_WHOLE_NUMBERS = {"port", "client_prefetch_threads", "client_session_keep_alive_heartbeat_frequency"}

_BUSY = {604, 625, 630}
"""Codes for: canceled, too many waiters for a lock, a statement that took too long."""

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")

_SETTINGS = {
    # A value's text, and so its fingerprint, must not depend on an account's or a user's settings.
    "TIMEZONE": "UTC",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS.FF9",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    # Without it, nothing would be stored if an account has it turned off.
    "AUTOCOMMIT": True,
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
        # Compare by the moment, not by the time zone in which it is spelled.
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
    """A Snowflake session. Each statement sees the current state of the source."""

    dialect = SnowflakeDialect()

    def __init__(self, connection: snowflake.connector.SnowflakeConnection, home: str = ""):
        self._connection = connection
        self._home = home

    @override
    def execute(self, statement: str) -> None:
        with self._cursor(statement) as cursor:
            cursor.execute(statement)

    @override
    def create_schema(self, schema: str) -> None:
        # Snowflake makes a new schema the session's current one, where names without a schema would be looked up.
        super().create_schema(schema)
        if self._home:
            self.execute(f"USE SCHEMA {self._home}")

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
        # Bound by the server: values in the text would be kept in the account's query history.
        statement = f"INSERT INTO {target} ({columns}) VALUES ({', '.join('?' * rows.num_columns)})"

        def write(piece: pa.Table) -> None:
            with self._cursor(statement) as cursor:
                cursor.executemany(statement, list(zip(*map(_bound, piece.columns), strict=True)))

        self._in_pieces(rows, _ROWS_APPENDED, write)

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        try:
            with self._cursor() as cursor:
                described = cursor.describe(f"SELECT * FROM {self.dialect.relation(relation)}")
        except SnowflakeError as error:
            kind = SourceMissing if error.absent is not None and relation.mentions(error.absent) else type(error)
            raise kind(f"{relation} cannot be read: {error}") from None
        return {
            column.name.lower() if column.name == column.name.upper() else column.name: FIELD_ID_TO_NAME[
                column.type_code
            ]
            for column in described
        }

    @contextmanager
    def _cursor(self, statement: str = "") -> Iterator[SnowflakeCursor]:
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except snowflake.connector.Error as error:
            raise _without_values(error, statement) from None


class SnowflakeWarehouse(Warehouse):
    """A database of a Snowflake account.

    The URL is `snowflake://user:password@account/database/schema?warehouse=…&role=…`; other options, such as
    `authenticator` and `private_key_file`, go to Snowflake's connector. Temporary tables are made in the URL's schema,
    so the role needs the right to use it.
    """

    dialect = SnowflakeDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        parts = UrlParts(url)
        names = [HiddenText(unquote(name)) for name in parts.path.split("/") if name]
        if len(names) != 2 or not parts.host or "@" in f"{parts.path}{parts.fragment}":
            raise WarehouseError(
                "the warehouse URL must be snowflake://user:password@account/database/schema?warehouse=…"
            )
        self._options = Options(
            {
                "account": parts.host,
                "database": names[0],
                "schema": names[1],
                **({"user": unquote(parts.user)} if parts.user else {}),
                **({"password": HiddenText(unquote(parts.password))} if parts.password else {}),
                **{name: _option(name, value) for name, value in parts.options.items()},
            }
        )
        if wait_seconds is not None:
            self._options.setdefault("login_timeout", max(1, round(wait_seconds)))
            self._options.setdefault("network_timeout", max(1, round(statement_seconds or wait_seconds)))

        self._home = f"{self.dialect().identifier(names[0])}.{self.dialect().identifier(names[1])}"

    def _settings(self) -> dict[str, Any]:
        settings = dict(_SETTINGS)
        if self._wait_seconds is not None:
            settings["LOCK_TIMEOUT"] = max(1, round(self._wait_seconds))
        if self._statement_seconds is not None:
            settings["STATEMENT_TIMEOUT_IN_SECONDS"] = max(1, round(self._statement_seconds))
        return settings

    @override
    @contextmanager
    def session(self) -> Iterator[SnowflakeSession]:
        """Connect. Raises WarehouseError if Snowflake refuses the connection."""
        try:
            connection = snowflake.connector.connect(
                **self._options,
                session_parameters=self._settings(),
                paramstyle="qmark",
                arrow_number_to_decimal=True,
            )
        except snowflake.connector.Error as error:
            raise type(failed := _without_values(error))(
                str(failed).replace("Snowflake:", "Snowflake cannot be reached:", 1)
            ) from None
        except OSError as error:
            raise WarehouseError(
                f"Snowflake cannot be reached: {error.strerror or type(error).__name__}; check private_key_file in the "
                "warehouse URL"
            ) from None
        except (TypeError, ValueError) as error:
            # Its text may quote an option's value.
            raise WarehouseError(
                f"Snowflake cannot be reached: its connector raised {type(error).__name__}; check the options of the "
                "warehouse URL"
            ) from None
        try:
            yield SnowflakeSession(connection, self._home)
        finally:
            connection.close()


def _bound(column: Any) -> list[Any]:
    """Return a column's values as the server binds them; moments are text, or they would lose their time zone."""
    values: list[Any] = column.to_pylist()
    if not pa.types.is_timestamp(column.type):
        return values
    return [None if value is None else value.isoformat() for value in values]


def _option(name: str, value: str) -> object:
    """Return a URL option in the type that the connector takes. Raises WarehouseError for an option that we set."""
    if name in _OURS:
        raise WarehouseError(f"the warehouse URL cannot set {name}; cr-pipelines sets it itself")
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if name in _WHOLE_NUMBERS or name.endswith(("_timeout", "_threads", "_retries")):
        if not value.isdigit():
            raise WarehouseError(f"{name} in the warehouse URL must be a whole number")
        return int(value)
    return HiddenText(value)


class SnowflakeError(WarehouseError):
    """A statement failed; `absent` is what Snowflake did not find, if that is the reason."""

    def __init__(self, message: str, absent: str | None = None):
        super().__init__(message)
        self.absent = absent


class SnowflakeBusy(SnowflakeError, WarehouseBusy):
    """A statement failed that may succeed later."""


def _without_values(error: snowflake.connector.Error, statement: str = "") -> SnowflakeError:
    """Return Snowflake's error without the values that it quotes, which may be personal data."""
    lines = str(error.msg or "").strip().splitlines()
    # "SQL compilation error:" is useless without its second line.
    said = " ".join(lines[:2] if lines and lines[0].endswith(":") else lines[:1])
    said = re.sub(r"^\d+ \(\w+\): ", "", said)
    code = f" ({error.errno:06d})" if isinstance(error.errno, int) and error.errno > 0 else ""
    state = error.sqlstate or ""
    absent = None
    if state.startswith(("42", "02")) and "Failure during expansion of view" not in said:
        found = re.search(r"(?:Object|Table|View|Schema|Database|name) '?([\w.\"$]+)'? does not exist", said)
        absent = found[1].replace('"', "") if found else None
    said = with_names_only(said) if state.startswith(("42", "02")) else without_quotes(said)
    table = our_table(statement)
    said += f"{code}; {cause(statement)}" if table else code
    kind = SnowflakeBusy if error.errno in _BUSY or state.startswith(("08", "40", "57")) else SnowflakeError
    return kind(f"Snowflake: {said}", absent)
