"""Validation: whether a planned row is sent, and what is sent for it.

Goes in: a row as the plan spooled it. Comes out: an item for a batch, or the row as skipped with the reason.
"""

from cr_pipelines.sync.contract import InvalidRow, Problem, RowReader
from cr_pipelines.sync.deliver.batches import Item, Skipped
from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.privacy.watch import SuppressionWatch


class Validator:
    """Checks rows against their contract and the suppression list.

    Args:
        reader: turns rows into requests.
        watch: who is suppressed.
        resend_delivered: whether a row is sent although it is what was delivered before.
    """

    def __init__(self, reader: RowReader, watch: SuppressionWatch, *, resend_delivered: bool):
        self._reader = reader
        self._watch = watch
        self._resend_delivered = resend_delivered

    def check(self, row: PlannedRow) -> Item | Skipped:
        """Return what is sent for a row, or why nothing is."""
        suppressed_for = self._watch.suppressed.address_of(row.key)
        if suppressed_for is not None:
            return _suppressed(row, suppressed_for)
        try:
            item = Item(row, self._reader.read(row.values))
        except InvalidRow as fault:
            return _invalid(row, fault.problems[0], "; ".join(problem.message for problem in fault.problems))
        except Exception as fault:
            # No row may stop the others. The error's text is left out, as it may quote the row.
            message = f"the row cannot be read ({type(fault).__name__}); look for unusual values"
            return _invalid(row, Problem("", "unreadable", message), message)
        suppressed_for = self._watch.suppressed.address_of(*item.identity)
        if suppressed_for is not None:
            return _suppressed(row, suppressed_for)
        suppressed_for = self._suppressed_by_dropped(item)
        if suppressed_for is not None:
            return _suppressed(row, suppressed_for)
        if _is_as_delivered(item) and not self._resend_delivered:
            return Skipped(row, "delivered", recorded=True)
        was_fixed = row.why == "recheck" and row.was_status == "invalid" and row.was_delivered == row.fingerprint
        if was_fixed and not self._resend_delivered:
            return Skipped(row, "delivered", email_hash=item.outgoing.email_hash)
        return item

    def _suppressed_by_dropped(self, item: Item) -> str | None:
        """Return the suppressed address in a value that was left out; the send guard does not see such a value."""
        found = (self._watch.suppressed.address_in(text.encode()) for text in item.outgoing.dropped_texts)
        return next((hashed for hashed in found if hashed is not None), None)


def _is_as_delivered(item: Item) -> bool:
    """Return whether a row was delivered as it is, without the same bad values.

    It was looked at again, as a bad value may have become a good one, such as the name of a custom field that is new.
    """
    row, dropped = item.row, item.dropped
    if row.why != "recheck" or row.was_status != "delivered" or row.was_fingerprint != row.fingerprint:
        return False
    return dropped is not None and dropped.message == row.was_message


def _suppressed(row: PlannedRow, suppressed_for: str) -> Skipped:
    recorded = _is_settled(row) and row.was_status == "suppressed" and row.was_fingerprint == row.fingerprint
    return Skipped(row, "suppressed", recorded, suppressed_for=suppressed_for)


def _invalid(row: PlannedRow, problem: Problem, message: str) -> Skipped:
    known = (row.was_status, row.was_fingerprint, row.was_message) == ("invalid", row.fingerprint, message)
    recorded = _is_settled(row) and known
    return Skipped(row, "invalid", recorded, problem.reason_code, problem.field, message)


def _is_settled(row: PlannedRow) -> bool:
    """Return whether no run that died may have been sending the row; only an outcome ends that doubt."""
    return row.why != "interrupted"
