"""Which engine a URL names.

Goes in: a URL such as `duckdb:///warehouse.duckdb`. Comes out: a `Warehouse` that has connected to nothing yet.
"""

from importlib import import_module

from cr_pipelines.warehouse.errors import WarehouseError
from cr_pipelines.warehouse.session import Warehouse
from cr_pipelines.warehouse.urls import KINDS, hidden, kind_of

_ENGINES = {
    "duckdb": ("cr_pipelines.warehouse.duckdb", "DuckDBWarehouse", None),
    "postgresql": ("cr_pipelines.warehouse.postgresql", "PostgreSQLWarehouse", "postgres"),
    "snowflake": ("cr_pipelines.warehouse.snowflake", "SnowflakeWarehouse", "snowflake"),
    "bigquery": ("cr_pipelines.warehouse.bigquery", "BigQueryWarehouse", "bigquery"),
}
"""By a URL's scheme: the module, its warehouse, and the extra with the driver. Drivers are imported late."""


def open_warehouse(url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None) -> Warehouse:
    """Return the warehouse that a URL names.

    Args:
        url: `duckdb:///relative.duckdb`, `duckdb:////absolute.duckdb`, `postgresql://user@host/database`,
            `snowflake://user:password@account/database/schema` or `bigquery://project/dataset`.
        wait_seconds: how long to wait for a host that does not respond, an engine that others keep busy, and a lock;
            None for what the URL says, else ten minutes.
        statement_seconds: how long a statement may take where the engine can bound it; None for no bound.

    Raises:
        WarehouseError: for a URL that names no known engine, and for an engine whose driver is not installed. No
            message shows a part of the URL that may be a password.
    """
    url = hidden(url)
    kind = kind_of(url)
    if kind is None:
        raise WarehouseError(
            "the warehouse URL names no known engine; it must name a DuckDB file, as duckdb:///relative.duckdb "
            f"or duckdb:////absolute.duckdb, or begin with {', '.join(f'{known}://' for known in KINDS)}"
        )
    module, name, extra = _ENGINES[kind]
    try:
        engine = import_module(module)
    except ImportError as error:
        if extra is None:
            raise
        raise WarehouseError(
            f"{kind}:// needs the package {error.name}; install it with: pip install 'cr-pipelines[{extra}]'"
        ) from error
    warehouse: Warehouse = getattr(engine, name)(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
    return warehouse
