"""BigQuery, through Google's client, in its own session for temporary tables and transactions.

Goes in: a `bigquery://` URL and SQL. Comes out: rows as Arrow, and errors without any value of a row.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import google.auth
import pyarrow as pa
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth import impersonated_credentials
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.oauth2 import service_account
from typing_extensions import override

from cr_pipelines.warehouse.dialect import Dialect, backslashed
from cr_pipelines.warehouse.errors import (
    SourceMissing,
    WarehouseBusy,
    WarehouseError,
    cause,
    our_table,
    with_names_only,
)
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import BatchSink, Session, Warehouse
from cr_pipelines.warehouse.urls import UrlParts

_SCOPES = ["https://www.googleapis.com/auth/bigquery"]

_MOST_APPENDED = 2_000
"""How many rows one parameter holds: a request may have about ten megabytes."""

_ABSENT = re.compile(r"Not found: (?:Table|Dataset|Project) `?([\w.:-]+)")

_ABOUT_NAMES = re.compile(
    r"Not found|Access Denied|Syntax error|Unrecognized name|Function not found|Table name .* missing dataset|"
    r"Table .* must be qualified|Duplicate column names|No matching signature"
)
"""Errors that quote the query's own words rather than values."""

_TYPES = {
    pa.string(): "STRING",
    pa.int32(): "INT64",
    pa.int64(): "INT64",
    pa.float64(): "FLOAT64",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
    pa.bool_(): "BOOL",
}


class BigQueryDialect(Dialect):
    """GoogleSQL."""

    name = "bigquery"
    transactional_ddl = False
    types: ClassVar = {
        "text": "STRING",
        "integer": "INT64",
        "bigint": "INT64",
        "double": "FLOAT64",
        "timestamp": "TIMESTAMP",
        "boolean": "BOOL",
    }
    whole_types: ClassVar = frozenset({"INTEGER", "INT64"})
    decimal_types: ClassVar = frozenset({"NUMERIC", "BIGNUMERIC"})
    inexact_types: ClassVar = frozenset({"FLOAT", "FLOAT64"})
    json_types: ClassVar = frozenset({"JSON"})
    zoneless_types: ClassVar = {"DATETIME": "DATETIME", "DATE": "DATETIME"}

    @property
    @override
    def row_hash_version(self) -> str:
        return "bigquery farm_fingerprint"

    @override
    def row_hash(self, columns: Mapping[str, str]) -> str:
        return f"FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({', '.join(map(self.identifier, sorted(columns)))})))"

    @override
    def md5(self, expression: str) -> str:
        return f"TO_HEX(MD5({expression}))"

    @override
    def text(self, expression: str) -> str:
        return f"CAST({expression} AS STRING)"

    @override
    def json_text(self, expression: str) -> str:
        return f"CASE WHEN {expression} IS NOT NULL THEN TO_JSON_STRING({expression}) END"

    @override
    def sha256(self, expression: str) -> str:
        return f"TO_HEX(SHA256({expression}))"

    @override
    def unwrapped(self, expression: str) -> str:
        kinds = f"CASE JSON_TYPE({expression}) WHEN 'string' THEN JSON_VALUE({expression}) WHEN 'null' THEN NULL"
        return f"{kinds} ELSE TO_JSON_STRING({expression}) END"

    @override
    def is_finite(self, expression: str) -> str:
        return f"NOT (IS_NAN({expression}) OR IS_INF({expression}))"

    @override
    def whole_text(self, expression: str) -> str:
        return f"CAST(CAST({expression} AS BIGNUMERIC) AS STRING)"

    @override
    def trimmed(self, expression: str) -> str:
        return f"REGEXP_REPLACE({expression}, r'^\\s+|\\s+$', '')"

    @override
    def identifier(self, name: str) -> str:
        return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

    @override
    def literal(self, value: str | None) -> str:
        return backslashed(value)

    @override
    def tables(self, schema: str) -> str:
        return f"SELECT lower(table_name) FROM {self.identifier(schema)}.INFORMATION_SCHEMA.TABLES"

    @override
    def schema_columns(self, schema: str) -> str:
        return f"SELECT lower(table_name), lower(column_name) FROM {self.identifier(schema)}.INFORMATION_SCHEMA.COLUMNS"


class BigQuerySession(Session):
    """A BigQuery session. Each statement sees the current state of the source."""

    dialect = BigQueryDialect()

    def __init__(self, client: bigquery.Client, statement_seconds: float | None = None):
        self._client = client
        self._seconds = statement_seconds
        self._properties: list[bigquery.ConnectionProperty] = []
        with _our_errors():
            job = client.query("SELECT 1", job_config=bigquery.QueryJobConfig(create_session=True))
            job.result(timeout=statement_seconds)
        if job.session_info is None or job.session_info.session_id is None:
            raise WarehouseError("BigQuery started no session; temporary tables and transactions need one")
        self._properties = [bigquery.ConnectionProperty("session_id", job.session_info.session_id)]

    @override
    def execute(self, statement: str) -> None:
        with _our_errors(statement):
            self._query(statement).result(timeout=self._seconds)

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        with _our_errors():
            return [tuple(row.values()) for row in self._query(query).result(timeout=self._seconds)]

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        with _our_errors():
            result = self._query(query).result(page_size=rows_per_batch)
            for page in result.to_arrow_iterable():
                for start in range(0, page.num_rows, rows_per_batch):
                    sink.write(page.slice(start, rows_per_batch))

    @override
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        # Streamed rows cannot be updated for half an hour, and load jobs are limited per day. INSERT has no such limit.
        statement = self.insertion(schema, table, rows.schema)

        def write(piece: pa.Table) -> None:
            written = json.dumps(
                [
                    {name: None if value is None else str(value) for name, value in row.items()}
                    for row in piece.to_pylist()
                ]
            )
            with _our_errors(statement):
                self._query(statement, bigquery.ScalarQueryParameter("appended", "STRING", written)).result()

        self._in_pieces(rows, _MOST_APPENDED, write)

    def insertion(self, schema: str, table: str, columns: pa.Schema) -> str:
        """Return an INSERT of the rows in the parameter `appended`, a JSON array of objects of texts."""
        names = ", ".join(map(self.dialect.identifier, columns.names))
        values = ", ".join(
            f"CAST(JSON_VALUE(appended, '$.{column.name}') AS {_TYPES[column.type]})" for column in columns
        )
        return (
            f"INSERT INTO {self.dialect.identifier(schema)}.{self.dialect.identifier(table)} ({names}) "
            f"SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY(@appended)) AS appended"
        )

    @override
    def tables(self, schema: str) -> set[str]:
        with _our_errors():
            try:
                return {table.table_id.lower() for table in self._client.list_tables(schema)}
            except NotFound:
                return set()

    @override
    def schema_columns(self, schema: str) -> dict[str, set[str]]:
        # A dataset that does not exist has no INFORMATION_SCHEMA.
        return super().schema_columns(schema) if self.tables(schema) else {}

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        try:
            with _our_errors():
                job = self._query(f"SELECT * FROM {self.dialect.relation(relation)}", dry_run=True)
        except WarehouseError as error:
            kind = SourceMissing if self._is_missing(relation, str(error)) else type(error)
            raise kind(f"{relation} cannot be read: {error}") from None
        return {
            field.name: f"ARRAY<{field.field_type}>" if field.mode == "REPEATED" else field.field_type
            for field in job.schema or ()
        }

    def _is_missing(self, relation: Relation, message: str) -> bool:
        """Return whether the source itself was not found; a view over an absent table is broken instead."""
        found = _ABSENT.search(message)
        if found is None:
            return False
        config = self._client.default_query_job_config
        home = config.default_dataset if config else None
        return relation.mentions(found[1].rstrip(".:"), home=(home.project, home.dataset_id) if home else ())

    def end(self) -> None:
        """Drop the session with its temporary tables, which would otherwise remain for a day."""
        with suppress(WarehouseError):
            self.execute("CALL BQ.ABORT_SESSION()")

    def _query(
        self, statement: str, *parameters: bigquery.ScalarQueryParameter, dry_run: bool = False
    ) -> bigquery.QueryJob:
        config = bigquery.QueryJobConfig(
            connection_properties=self._properties, query_parameters=list(parameters), dry_run=dry_run
        )
        return self._client.query(statement, job_config=config)


class BigQueryWarehouse(Warehouse):
    """A dataset of a BigQuery project.

    The URL is `bigquery://project/dataset?location=EU`; sources without a dataset are looked up in it. The credentials
    are Google's application default ones, or those in `credentials` (the file of a service account), acting as the
    service account `impersonate` if given. `billing_project` pays for the queries, each of which may read
    `maximum_bytes_billed`. `endpoint` is another address of the API; over plain http, it gets no credentials.
    """

    dialect = BigQueryDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        parts = UrlParts(url)
        options = parts.options
        self._location = options.pop("location", None)
        self._credentials_file = options.pop("credentials", None)
        self._impersonate = options.pop("impersonate", None)
        self._billing_project = options.pop("billing_project", None)
        self._endpoint = options.pop("endpoint", None)
        most_bytes = options.pop("maximum_bytes_billed", None)
        if most_bytes is not None and not most_bytes.isdigit():
            raise WarehouseError("maximum_bytes_billed in the warehouse URL must be a whole number")
        self._most_bytes = None if most_bytes is None else int(most_bytes)
        self._dataset = parts.path.strip("/")
        self._project = parts.authority
        if "@" in parts.authority or not self._project or not self._dataset or "/" in self._dataset or options:
            raise WarehouseError(
                "the warehouse URL must be bigquery://project/dataset, or with ?location=EU at its end; it takes the "
                "options location, credentials, impersonate, billing_project, maximum_bytes_billed and endpoint"
            )

    @override
    @contextmanager
    def session(self) -> Iterator[BigQuerySession]:
        """Start a session. Raises WarehouseError if BigQuery refuses the connection."""
        with _our_errors():
            client = self._client()
        session = BigQuerySession(client, self._statement_seconds)
        try:
            yield session
        finally:
            session.end()
            client.close()  # type: ignore[no-untyped-call]

    def _client(self) -> bigquery.Client:
        config = bigquery.QueryJobConfig(
            default_dataset=f"{self._project}.{self._dataset}", labels={"application": "cr-pipelines"}
        )
        if self._most_bytes is not None:
            config.maximum_bytes_billed = self._most_bytes
        return bigquery.Client(
            project=self._billing_project or self._project,
            credentials=self._credentials(),
            location=self._location,
            default_query_job_config=config,
            client_options=ClientOptions(api_endpoint=self._endpoint) if self._endpoint else None,
        )

    def _credentials(self) -> Credentials | None:
        """Return the credentials that the URL names; None for the application default credentials."""
        if self._endpoint is not None and self._endpoint.startswith("http://"):
            return AnonymousCredentials()  # type: ignore[no-untyped-call]
        credentials = None
        if self._credentials_file is not None:
            try:
                credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
                    self._credentials_file, scopes=_SCOPES
                )
            except (OSError, ValueError) as error:
                raise WarehouseError(
                    f"BigQuery: the credentials file in the warehouse URL cannot be read: {type(error).__name__}"
                ) from None
        if self._impersonate is not None:
            source = credentials or google.auth.default(scopes=_SCOPES)[0]
            return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
                source_credentials=source, target_principal=self._impersonate, target_scopes=_SCOPES
            )
        return credentials


@contextmanager
def _our_errors(statement: str = "") -> Iterator[None]:
    """Turn Google's errors into ours, without the values that they quote, which may be personal data."""
    try:
        yield
    except GoogleAuthError:
        raise WarehouseError(
            "BigQuery: no usable Google credentials were found; set GOOGLE_APPLICATION_CREDENTIALS, or log in with "
            "gcloud auth application-default login"
        ) from None
    except TimeoutError:
        raise WarehouseBusy("BigQuery: a statement took too long") from None
    except GoogleAPIError as error:
        message = _message(error)
        if "concurrent update" in message or "concurrent transaction" in message:
            raise WarehouseBusy(
                "BigQuery: another run changed our tables at the same moment; run this one again"
            ) from None
        # Only at the beginning of the message: a value later in it may contain the same words.
        if _ABOUT_NAMES.match(message):
            raise WarehouseError(f"BigQuery: {with_names_only(message)}") from None
        raise WarehouseError(
            f"BigQuery: a statement failed ({getattr(error, 'code', None)}); its message may quote values, and is "
            f"in BigQuery's own job history{f'; {cause(statement)}' if our_table(statement) else ''}"
        ) from None


def _message(error: GoogleAPIError) -> str:
    """Return the first line of BigQuery's message, without the request."""
    for listed in getattr(error, "errors", None) or ():
        if isinstance(listed, dict) and listed.get("message"):
            return str(listed["message"]).strip().partition("\n")[0]
    message = str(getattr(error, "message", error)).strip().partition("\n")[0]
    return re.sub(r"^(?:\d{3} )?(?:GET|POST|PUT|PATCH|DELETE) \S+: ", "", message)
