"""Which columns of changed rows differ from what was delivered.

Goes in: rows that are offered, and rows that were accepted. Comes out: counts by column in the report, and hashes to
keep for the next run.
"""

from collections.abc import Mapping, Sequence

from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.report import Report
from cr_pipelines.sync.state.column_hashes import MOST_ROWS, HashedColumns, hash_columns


class ChangedColumns:
    """Compares rows with what was delivered.

    Args:
        columns: the plan's columns, in the order of a row's values.
        delivered: the hashes of rows as they were delivered, by key.
        report: takes the counts.

    Attributes:
        accepted: the hashes of the rows that this run delivered, by key.
    """

    def __init__(self, columns: Sequence[str], delivered: Mapping[str, HashedColumns], report: Report):
        self._columns = columns
        self._delivered = delivered
        self._report = report
        self._room = MOST_ROWS - len(delivered)
        self.accepted: dict[str, HashedColumns] = {}

    def compare(self, row: PlannedRow) -> None:
        """Count the columns that changed."""
        before = self._delivered.get(row.key) if row.why == "changed" else None
        if before is None or before.fingerprint != row.was_delivered:
            return
        now = hash_columns(before.fingerprint, self._values(row)).hashes
        changed = [name for name in {**before.hashes, **now} if before.hashes.get(name) != now.get(name)]
        self._report.changed_compared += 1
        for name in changed:
            self._report.changed_columns[name] = self._report.changed_columns.get(name, 0) + 1

    def accept(self, row: PlannedRow) -> None:
        """Keep the hashes of a row that was delivered, if there is room for them."""
        if row.key not in self._delivered and row.key not in self.accepted:
            if self._room <= 0:
                return
            self._room -= 1
        self.accepted[row.key] = hash_columns(row.fingerprint, self._values(row))

    def _values(self, row: PlannedRow) -> dict[str, object]:
        return dict(zip(self._columns, row.values, strict=True))
