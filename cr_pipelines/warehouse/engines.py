"""Which engine a URL names.

Goes in: a URL such as `duckdb:///warehouse.duckdb`. Comes out: a `Warehouse` that has not connected yet.
"""

from importlib import import_module
from typing import Any

from cr_pipelines.warehouse.errors import WarehouseError
from cr_pipelines.warehouse.session import Role, Source, SplitWarehouse, Warehouse
from cr_pipelines.warehouse.urls import hidden, kind_of

_ENGINES = {
    "duckdb": ("cr_pipelines.warehouse.duckdb", "DuckDBWarehouse", None),
    "motherduck": ("cr_pipelines.warehouse.duckdb_attached", "AttachedDuckDB", None),
    "ducklake": ("cr_pipelines.warehouse.duckdb_attached", "AttachedDuckDB", None),
    "postgresql": ("cr_pipelines.warehouse.postgresql", "PostgreSQLWarehouse", "'cr-pipelines[postgres]'"),
    "snowflake": ("cr_pipelines.warehouse.snowflake", "SnowflakeWarehouse", "'cr-pipelines[snowflake]'"),
    "bigquery": ("cr_pipelines.warehouse.bigquery", "BigQueryWarehouse", "'cr-pipelines[bigquery]'"),
    "databricks": ("cr_pipelines.warehouse.databricks", "DatabricksSource", None),
}
"""By the engine that a URL names: the module, its warehouse, and what to install. Drivers are imported late."""

_GENERIC = ("cr_pipelines.warehouse.generic", "GenericSource", None)
"""Reads any other engine that SQLAlchemy knows."""

STATE_ENGINES = ("duckdb", "postgresql")
"""Engines that can keep the state of a source elsewhere."""


def open_warehouse(
    url: str,
    state_url: str | None = None,
    *,
    wait_seconds: float | None = None,
    statement_seconds: float | None = None,
) -> Warehouse:
    """Return the warehouse that a URL names.

    Args:
        url: `duckdb:///relative.duckdb`, `duckdb:////absolute.duckdb`, `postgresql://user@host/database`,
            `snowflake://user:password@account/database/schema`, `bigquery://project/dataset`, or any URL that
            SQLAlchemy knows, which then needs a `state_url`.
        state_url: where to keep the state tables, a DuckDB file or a PostgreSQL database; None for the warehouse
            itself. With another engine or database than `url`, the source is only read.
        wait_seconds: how long to wait for a host that does not respond, a busy engine, or a lock; None for what the URL
            says, otherwise ten minutes.
        statement_seconds: how long a statement may take, if the engine can limit it; None for no limit.

    Raises:
        WarehouseError: for a URL that names no known engine, and for an engine whose driver is not installed. No
            message shows any part of the URL that may be a password.
    """
    limits = {"wait_seconds": wait_seconds, "statement_seconds": statement_seconds}
    if state_url is None or state_url == url:
        warehouse = _open(hidden(url), "both", limits)
        if isinstance(warehouse, Warehouse):
            return warehouse
        raise WarehouseError(
            f"the state cannot be kept in {warehouse.kind}; set a state URL that names a DuckDB file or a "
            "PostgreSQL database"
        )
    return SplitWarehouse(_open(hidden(url), "source", limits), open_state(state_url, **limits))


def open_state(url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None) -> Warehouse:
    """Return the database that keeps only the state tables; see `open_warehouse`."""
    if kind_of(url) not in STATE_ENGINES:
        raise WarehouseError(
            "the state URL must name a DuckDB file, as duckdb:////absolute.duckdb, or a PostgreSQL database, as "
            "postgresql://user@host/database"
        )
    try:
        state = _open(hidden(url), "state", {"wait_seconds": wait_seconds, "statement_seconds": statement_seconds})
    except WarehouseError as error:
        raise type(error)(str(error).replace("the warehouse URL", "the state URL")) from None
    assert isinstance(state, Warehouse)  # noqa: S101 - every state engine is one
    return state


def _open(url: str, role: Role, limits: dict[str, Any]) -> Source:
    kind = kind_of(url)
    if kind is None:
        raise WarehouseError(
            "the warehouse URL names no known engine; it must name a DuckDB file, as duckdb:///relative.duckdb "
            "or duckdb:////absolute.duckdb, begin with postgresql://, snowflake:// or bigquery://, or be a URL of an "
            "installed SQLAlchemy dialect, such as mysql+pymysql://"
        )
    module, name, driver = _ENGINES.get(kind, _GENERIC)
    try:
        engine = import_module(module)
    except ImportError as error:
        if driver is None:
            raise
        raise WarehouseError(
            f"{kind}:// needs the package {error.name}; install it with: pip install {driver}"
        ) from error
    source: Source = getattr(engine, name)(url, **limits)
    source.role = role
    return source
