"""What a run will do, and why nothing is sent for the other rows.

Goes in: what the planner found. Comes out: counts for the report, and the spool with the offered rows.
"""

from dataclasses import dataclass, field

from cr_pipelines.sync.contract import Match
from cr_pipelines.sync.plan.offers import Comparison
from cr_pipelines.sync.plan.spool import Spool
from cr_pipelines.sync.report import MOST_KEYS, Report


@dataclass
class Plan:
    """The plan of one run.

    Attributes:
        match: how the source's columns match the contract.
        columns: the source's columns in the order of the spooled values.
        row_hash_version: identifies what the row hashes depend on; hashes of different versions are never compared.
        also_offered: which rows are offered although nothing needs to be sent for them.
        source_rows: rows in the source, or in its partition.
        null_keys: rows without a key, which are `invalid`.
        duplicate_rows: rows that share a key with another row, all of which are `invalid`.
        duplicate_keys: how many keys are shared by several rows.
        compared: source rows with a unique key, counted by how they compare with the ledger.
        deleted_remotely: unchanged keys that somebody deleted in the room.
        deletable: delivered keys that are absent from the source and whose things can be deleted in the room.
        delivered_before: how many such things the ledger has in all.
        absent: keys that the ledger has and the source no longer does.
        emptied: whether the source is empty and was not before. In that case, nothing is changed.
        offered_new: offered rows whose key is not in the ledger.
        unread: offered rows that the source did not return when it was read again to send them.
        changed_while_read: those rows, and offered rows that came back with other values or more than once.
        unknown_keys: keys that the run was asked for and the source does not have.
    """

    match: Match
    columns: tuple[str, ...]
    row_hash_version: str
    also_offered: frozenset[Comparison] = frozenset()
    spool: Spool = field(default_factory=Spool)
    source_rows: int = 0
    null_keys: int = 0
    duplicate_rows: int = 0
    duplicate_keys: int = 0
    compared: dict[str, int] = field(default_factory=dict)
    deleted_remotely: tuple[str, ...] = ()
    deletable: tuple[str, ...] = ()
    delivered_before: int = 0
    absent: int = 0
    emptied: bool = False
    offered_new: int = 0
    unread: int = 0
    changed_while_read: int = 0
    unknown_keys: tuple[str, ...] = ()

    @property
    def offered(self) -> int:
        """How many rows are offered for sending; `spool` holds them."""
        return self.spool.rows

    @property
    def kept(self) -> dict[str, int]:
        """The comparisons that are not offered, each with its count."""
        return {why: count for why, count in self.compared.items() if why not in self.also_offered}


def describe(plan: Plan, report: Report) -> None:
    """Report what a plan found."""
    report.source_rows = plan.source_rows
    report.offered = plan.offered
    report.offered_new = plan.offered_new
    report.changed = plan.compared.get("changed", 0)
    report.unread = plan.unread
    report.changed_while_read = plan.changed_while_read
    report.unknown_keys = plan.unknown_keys
    report.null_keys = plan.null_keys
    report.duplicate_rows = plan.duplicate_rows
    report.invalid = plan.null_keys + plan.duplicate_rows
    report.absent_from_source = plan.absent
    report.emptied = plan.emptied
    report.columns = plan.columns
    report.ignored_columns = plan.match.ignored
    report.deleted_remotely = len(plan.deleted_remotely)
    report.deleted_remotely_keys = list(plan.deleted_remotely[:MOST_KEYS])
    kept = plan.kept
    report.unchanged = kept.get("unchanged", 0) + kept.get("deleted_remotely", 0)
    report.rejected = kept.get("rejected", 0)
    report.unknown = kept.get("unknown", 0)
    report.changed_after_delivery = kept.get("changed_after_delivery", 0)
