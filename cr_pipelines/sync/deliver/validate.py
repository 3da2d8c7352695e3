"""Validation: decide whether a planned row is sent, and what is sent for it.

Goes in: a row as the plan spooled it. Comes out: an item for a batch, or the row as skipped with the reason.
"""

from collections.abc import Callable

from cr_pipelines.sync.contract import InvalidRow, Outgoing, Problem, RowReader
from cr_pipelines.sync.deliver.batches import Item, Skipped
from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.privacy.suppression import SHARED_ADDRESS, SUPPRESSED
from cr_pipelines.sync.privacy.watch import SuppressionWatch


class Validator:
    """Checks rows against their contract and the suppression list.

    Args:
        reader: turns rows into requests.
        watch: who is suppressed.
        resend_delivered: whether a row is sent even if it is the same as when it was delivered.
        repeatable: whether a delivered row may ever be sent again.
        on_suppressed: called with each row that is about a suppressed person, and what would be sent for it.
    """

    def __init__(
        self,
        reader: RowReader,
        watch: SuppressionWatch,
        *,
        resend_delivered: bool,
        repeatable: bool = True,
        on_suppressed: Callable[[PlannedRow, Outgoing], None] | None = None,
    ):
        self._reader = reader
        self._watch = watch
        self._resend_delivered = resend_delivered
        self._repeatable = repeatable
        self._on_suppressed = on_suppressed

    def check(self, row: PlannedRow) -> Item | Skipped:
        """Return what is sent for a row, or why nothing is."""
        suppressed_for = self._watch.suppressed.address_of(row.key)
        try:
            item = Item(row, self._reader.read(row.values))
        except InvalidRow as fault:
            if suppressed_for is not None:
                return self._suppressed(row, suppressed_for)
            return _invalid(row, fault.problems[0], "; ".join(problem.message for problem in fault.problems))
        except Exception as fault:
            # No row may stop the others. The error's text is omitted because it may quote the row.
            if suppressed_for is not None:
                return self._suppressed(row, suppressed_for)
            message = f"the row cannot be read ({type(fault).__name__}); look for unusual values"
            return _invalid(row, Problem("", "unreadable", message), message)
        suppressed_for = self._watch.suppressed.address_of(*item.identity) or self._suppressed_by_dropped(item)
        if suppressed_for is not None:
            return self._suppressed(row, suppressed_for, item.outgoing)
        if not self._repeatable and row.was_status == "suppressed" and row.was_delivered is not None:
            return Skipped(row, "delivered", email_hash=item.outgoing.email_hash)
        if _is_as_delivered(item) and not self._resend_delivered:
            return Skipped(row, "delivered", recorded=True)
        was_fixed = row.why == "recheck" and row.was_status == "invalid" and row.was_delivered == row.fingerprint
        if was_fixed and not self._resend_delivered:
            return Skipped(row, "delivered", email_hash=item.outgoing.email_hash)
        return item

    def _suppressed(self, row: PlannedRow, suppressed_for: str, outgoing: Outgoing | None = None) -> Skipped:
        reason_code = self._watch.suppressed.reason_code(suppressed_for)
        if outgoing is not None and self._on_suppressed is not None and reason_code != "shared_address":
            self._on_suppressed(row, outgoing)
        message = SHARED_ADDRESS if reason_code == "shared_address" else SUPPRESSED
        known = (row.was_status, row.was_fingerprint, row.was_message) == ("suppressed", row.fingerprint, message)
        return Skipped(row, "suppressed", _is_settled(row) and known, reason_code, suppressed_for=suppressed_for)

    def _suppressed_by_dropped(self, item: Item) -> str | None:
        """Return the suppressed address in a value that was left out; the send guard does not see such a value."""
        found = (self._watch.suppressed.address_in(text.encode()) for text in item.outgoing.dropped_texts)
        return next((hashed for hashed in found if hashed is not None), None)


def _is_as_delivered(item: Item) -> bool:
    """Return whether the row was delivered in its present form, without the same bad values.

    The row is validated again because a bad value may have become valid, such as the name of a new custom field.
    """
    row, dropped = item.row, item.dropped
    if row.why != "recheck" or row.was_status != "delivered" or row.was_fingerprint != row.fingerprint:
        return False
    return dropped is not None and dropped.message == row.was_message


def _invalid(row: PlannedRow, problem: Problem, message: str) -> Skipped:
    known = (row.was_status, row.was_fingerprint, row.was_message) == ("invalid", row.fingerprint, message)
    recorded = _is_settled(row) and known
    return Skipped(row, "invalid", recorded, problem.reason_code, problem.field, message)


def _is_settled(row: PlannedRow) -> bool:
    """Return whether it is certain that no run died while sending the row. Only an outcome ends that doubt."""
    return row.why != "interrupted"
