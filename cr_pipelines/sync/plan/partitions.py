"""Rows that belong to no partition.

Goes in: a sync, and its first and last partition. Comes out: how many rows of the source are outside all partitions,
and why.
"""

from typing import NamedTuple

from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan.partition_statements import check_moment, in_no_year
from cr_pipelines.warehouse import Warehouse, find_column


class RowsOutside(NamedTuple):
    """How many rows of a source are in none of its partitions.

    Attributes:
        too_old: rows from before the first one.
        too_new: rows from after the last one, such as with a date in the future.
        without_moment: rows whose timestamp is null, no timestamp, infinite, or outside the years 1 to 9999. Every
            partition shows them as invalid.
    """

    too_old: int
    too_new: int
    without_moment: int


def rows_outside(sync: Sync, warehouse: Warehouse, first: Partition, last: Partition) -> RowsOutside:
    """Count the rows of the source that are in no partition from the first to the last one.

    Raises SourceMissing, WarehouseError, and SourceUnusable if there is no such column, or if it has no timestamps.
    """
    with warehouse.source_session() as session:
        dialect = session.dialect
        columns = session.columns(sync.relation)
        name = find_column(columns, first.column)
        if name is None:
            raise SourceUnusable(
                f"{sync.name}: {sync.relation} has no column {first.column}, whose days are the partitions; add it to "
                "the view"
            )
        kind = columns[name]
        check_moment(session, sync, name, kind)
        column = dialect.column_moment(name, kind)
        no_moment = in_no_year(dialect, name, kind)
        before = f"{column} < {dialect.moment(first.start, kind)} AND NOT {no_moment}"
        after = f"{column} >= {dialect.moment(last.end, kind)} AND NOT {no_moment}"
        [counts] = session.fetch_all(
            f"SELECT {', '.join(map(dialect.count_if, (before, after, no_moment)))} "
            f"FROM {dialect.relation(sync.relation)} AS source"
        )
    return RowsOutside(*map(int, counts))
