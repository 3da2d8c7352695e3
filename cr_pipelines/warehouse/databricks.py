"""Databricks as a source, through its own connector: rows arrive as Arrow, chunk by chunk.

Goes in: a `databricks://` URL and SQL. Comes out: a session whose settings do not depend on the workspace, and errors
without any value of a row.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

from typing_extensions import override

from cr_pipelines.secret_text import HiddenText
from cr_pipelines.warehouse.databricks_dialect import DatabricksDialect
from cr_pipelines.warehouse.databricks_errors import unreadable, without_values
from cr_pipelines.warehouse.errors import WarehouseError
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import BatchSink, Source, SourceSession
from cr_pipelines.warehouse.urls import Options, UrlParts

_WAIT_SECONDS = 600.0

_SETTINGS = {
    # A value's text, and so its fingerprint, must not depend on a workspace's settings.
    "TIMEZONE": "UTC",
    "ANSI_MODE": "true",
}


class DatabricksSession(SourceSession):
    """A session of a SQL warehouse. Each statement sees the source as it is at that moment."""

    dialect = DatabricksDialect()

    def __init__(self, connection: Any):
        self._connection = connection
        self._running: Any = None

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        try:
            described = self.fetch_all(f"DESCRIBE QUERY SELECT * FROM {self.dialect.relation(relation)}")
        except WarehouseError as error:
            raise unreadable(relation, error) from None
        return {name: kind.upper() for name, kind, *_ in described}

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        with self._cursor() as cursor:
            cursor.execute(query)
            while (table := cursor.fetchmany_arrow(rows_per_batch)).num_rows:
                for batch in table.combine_chunks().to_batches():
                    sink.write(batch)

    @override
    def interrupt(self) -> None:
        with suppress(Exception):
            self._running.cancel()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with self._connection.cursor() as cursor:
                self._running = cursor
                yield cursor
        except import_module("databricks.sql.exc").Error as error:
            raise without_values(error) from None
        finally:
            self._running = None


class DatabricksSource(Source):
    """A SQL warehouse of Databricks. It is only read.

    The URL is `databricks://token:TOKEN@host?http_path=…&catalog=…&schema=…`. Without a token, `client_id` and
    `client_secret` are those of a service principal (OAuth).
    """

    dialect = DatabricksDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        try:
            # Imported late: the lock does not have it, and this module is read without it for the reference.
            self._driver = import_module("databricks.sql")
        except ImportError:
            raise WarehouseError(
                "databricks:// needs the package databricks-sql-connector; install it with: "
                "pip install databricks-sql-connector"
            ) from None
        parts = UrlParts(url)
        options = parts.options
        self._path = options.pop("http_path", None)
        self._places = Options({name: options.pop(name) for name in ("catalog", "schema") if name in options})
        self._principal = Options(
            {name: options.pop(name) for name in ("client_id", "client_secret") if name in options}
        )
        if not parts.host or not self._path or options or "@" in parts.path:
            raise WarehouseError(
                "the warehouse URL must be databricks://token:TOKEN@host?http_path=…&catalog=…&schema=…; instead of "
                "the token, it takes client_id and client_secret"
            )
        if self._principal and find_spec("databricks.sdk") is None:
            raise WarehouseError(
                "a service principal of Databricks needs the package databricks-sdk; install it with: "
                "pip install databricks-sdk"
            )
        self._host = parts.host
        self._token = HiddenText(unquote(parts.password))

    @override
    @contextmanager
    def session(self) -> Iterator[DatabricksSession]:
        """Connect. Raises WarehouseError when Databricks refuses the connection."""
        try:
            connection = self._driver.connect(
                server_hostname=self._host,
                http_path=self._path,
                session_configuration=self._settings(),
                user_agent_entry="cr-pipelines",
                **self._credentials(),
                **self._places,
            )
        except self._driver.Error as error:
            raise WarehouseError(f"Databricks cannot be reached: {without_values(error)}") from None
        except Exception as error:
            # Its text may quote an option's value.
            raise WarehouseError(
                f"Databricks cannot be reached: its connector raised {type(error).__name__}; check the warehouse URL"
            ) from None
        try:
            yield DatabricksSession(connection)
        finally:
            with suppress(Exception):
                connection.close()

    def _settings(self) -> dict[str, str]:
        limit = (
            {}
            if self._statement_seconds is None
            else {"STATEMENT_TIMEOUT": str(max(1, round(self._statement_seconds)))}
        )
        return _SETTINGS | limit

    def _credentials(self) -> dict[str, Any]:
        wait = max(1, round(_WAIT_SECONDS if self._wait_seconds is None else self._wait_seconds))
        seconds = {"_socket_timeout": wait, "_retry_stop_after_attempts_duration": wait}
        if not self._principal:
            return {"access_token": str(self._token), **seconds}
        from databricks.sdk.core import Config, oauth_service_principal  # type: ignore

        config = Config(host=f"https://{self._host}", **self._principal)
        return {"credentials_provider": lambda: oauth_service_principal(config), **seconds}
