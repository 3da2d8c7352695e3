"""Rows that no partition takes.

Goes in: a sync, its first partition and its last. Comes out: how many rows of the source are in none of them, and why.
"""

from typing import NamedTuple

from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan.partition_statements import in_no_year
from cr_pipelines.warehouse import Warehouse


class RowsOutside(NamedTuple):
    """How many rows of a source are in none of its partitions.

    Attributes:
        too_old: from before the first one.
        too_new: from after the last one, such as a date in the future.
        without_moment: whose timestamp is null, infinite, or in no year from 1 to 9999. Every partition shows them as
            invalid.
    """

    too_old: int
    too_new: int
    without_moment: int


def rows_outside(sync: Sync, warehouse: Warehouse, first: Partition, last: Partition) -> RowsOutside:
    """Count the rows of the source that are in none of the partitions from the first to the last one.

    Raises SourceMissing and WarehouseError.
    """
    with warehouse.session() as session:
        dialect = session.dialect
        kind = session.columns(sync.relation).get(first.column, "")
        column = dialect.identifier(first.column)
        no_moment = in_no_year(dialect, first.column, kind)
        before = f"{column} < {dialect.moment(first.start, kind)} AND NOT {no_moment}"
        after = f"{column} >= {dialect.moment(last.end, kind)} AND NOT {no_moment}"
        [counts] = session.fetch_all(
            f"SELECT {', '.join(map(dialect.count_if, (before, after, no_moment)))} "
            f"FROM {dialect.relation(sync.relation)} AS source"
        )
    return RowsOutside(*map(int, counts))
