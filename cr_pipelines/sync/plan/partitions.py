"""Rows that no partition takes.

Goes in: a sync and its first partition. Comes out: how many rows of the source are earlier.
"""

from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.warehouse import Warehouse, find_column


def rows_before(sync: Sync, warehouse: Warehouse, first: Partition) -> int:
    """Return how many rows of the source are earlier than the start of a partition.

    Raises SourceMissing and WarehouseError.
    """
    with warehouse.session() as session:
        dialect = session.dialect
        columns = session.columns(sync.relation)
        column = find_column(columns, first.column) or first.column
        start = dialect.moment(first.start, columns.get(column, ""))
        [(count,)] = session.fetch_all(
            f"SELECT count(*) FROM {dialect.relation(sync.relation)} AS source "
            f"WHERE {dialect.identifier(column)} < {start}"
        )
    return int(count)
