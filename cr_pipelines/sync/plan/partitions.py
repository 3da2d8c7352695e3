"""Rows that no partition takes.

Goes in: a sync and its first partition. Comes out: how many rows of the source are earlier.
"""

from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.warehouse import Warehouse


def rows_before(sync: Sync, warehouse: Warehouse, first: Partition) -> int:
    """Return how many rows of the source are earlier than the start of a partition.

    Raises SourceMissing and WarehouseError.
    """
    with warehouse.session() as session:
        dialect = session.dialect
        start = dialect.moment(first.start, session.columns(sync.relation).get(first.column, ""))
        [(count,)] = session.fetch_all(
            f"SELECT count(*) FROM {dialect.relation(sync.relation)} AS source "
            f"WHERE {dialect.identifier(first.column)} < {start}"
        )
    return int(count)
