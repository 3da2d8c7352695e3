"""Connections and SQL dialects: Arrow in, Arrow out.

A warehouse is named by a URL (`duckdb:///relative.duckdb`) and used in short sessions, because some
engines let only one process at a time have the data:

    warehouse = open_warehouse("duckdb:///warehouse.duckdb")
    with warehouse.session() as session:
        session.fetch_all("SELECT count(*) FROM common_room_contacts")
"""

from cr_pipelines.warehouse.dialect import LONGEST_KEY, Dialect, SourceDialect, SqlDialect, StateDialect
from cr_pipelines.warehouse.engines import open_state, open_warehouse
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseBusy, WarehouseError
from cr_pipelines.warehouse.relation import Relation, find_column
from cr_pipelines.warehouse.row_file import RowFile
from cr_pipelines.warehouse.session import (
    BatchSink,
    Session,
    Source,
    SourceSession,
    SplitWarehouse,
    StateSession,
    Warehouse,
)
from cr_pipelines.warehouse.staging import Restoring, Storage, TemporaryTable, scratch_session
from cr_pipelines.warehouse.urls import host_of, kind_of, shown_url

__all__ = [
    "LONGEST_KEY",
    "BatchSink",
    "Dialect",
    "Relation",
    "Restoring",
    "RowFile",
    "Session",
    "Source",
    "SourceDialect",
    "SourceMissing",
    "SourceSession",
    "SplitWarehouse",
    "SqlDialect",
    "StateDialect",
    "StateSession",
    "Storage",
    "TemporaryTable",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseError",
    "find_column",
    "host_of",
    "kind_of",
    "open_state",
    "open_warehouse",
    "scratch_session",
    "shown_url",
]
