from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from cr_pipelines.sync.contract import InvalidRow, Outgoing, Problem, RowReader
from cr_pipelines.sync.model import Options, Sync
from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.report import RejectedRow, Report
from cr_pipelines.sync.state.outbox import Outbox

_SHOWN_REJECTED = 20


class Item(NamedTuple):
    """A row that passed, and what is to be sent for it."""

    row: PlannedRow
    outgoing: Outgoing


Batch = list[Item]
"""Rows that share a request."""


def halves(batch: Batch) -> tuple[Batch, Batch]:
    """The two halves of a batch of several rows."""
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]


class Validator:
    """Checks rows before they are sent, takes down why some are not, and puts the others into batches."""

    def __init__(self, sync: Sync, reader: RowReader, outbox: Outbox, report: Report, options: Options):
        self._reader = reader
        self._outbox = outbox
        self._report = report
        self._options = options
        batching = sync.contract.batching
        self._most = 1 if batching is None else sync.batch_size or batching.most

    def batches(self, rows: Iterable[PlannedRow]) -> Iterator[Batch]:
        """Parcels of consecutive rows that can share a request, and an empty one for each row that is not sent."""
        waiting: Batch = []
        for row in rows:
            outgoing = self._check(row)
            if outgoing is None:
                yield []
            elif self._most == 1:
                yield [Item(row, outgoing)]
            else:
                if waiting and (len(waiting) == self._most or outgoing.group != waiting[0].outgoing.group):
                    yield waiting
                    waiting = []
                waiting.append(Item(row, outgoing))
        if waiting:
            yield waiting

    def without_withheld(self, batch: Batch, email_hash: str, attempts: int) -> list[Batch]:
        """What may still be sent of a batch that was stopped at the door, in new batches.

        Args:
            batch: what was stopped, as somebody in it asked to be forgotten while it waited.
            email_hash: on whose account.
            attempts: how often it had been let go before: the room may have got it then.
        """
        if len(batch) == 1:
            self._withhold_at_door(batch[0], email_hash, attempts)
            return []
        wanted = []
        for item in batch:
            withheld_for = self._withheld_for(*item)
            if withheld_for is None:
                wanted.append(item)
            else:
                self._withhold_at_door(item, withheld_for, attempts)
        if len(wanted) == len(batch):
            # Only the body as a whole gave somebody away: the halves tell who it was.
            return list(halves(batch))
        return [wanted] if wanted else []

    def _check(self, row: PlannedRow) -> Outgoing | None:
        """What is to be sent for a row, or None when it is not to be; the reason is taken down."""
        withheld_for = self._outbox.suppressed.address_of(row.key)
        if withheld_for is not None:
            self._withhold(row, withheld_for)
            return None
        try:
            outgoing = self._reader.read(row.values)
        except InvalidRow as fault:
            self._refuse(row, fault.problems[0], "; ".join(found.message for found in fault.problems))
            return None
        except Exception as fault:
            # No row may hold up the others; the text is left out, since it may quote the row.
            problem = Problem("", "unreadable", f"the row cannot be read ({type(fault).__name__}); look for odd values")
            self._refuse(row, problem, problem.message)
            return None
        withheld_for = self._withheld_for(row, outgoing)
        if withheld_for is not None:
            self._withhold(row, withheld_for)
            return None
        mended = row.why == "recheck" and row.was_status == "invalid" and row.was_delivered == row.fingerprint
        if mended and self._options.resync != "all":
            self._report.unchanged += 1
            self._add(row, "delivered", email_hash=outgoing.email_hash)
            return None
        return outgoing

    def _withheld_for(self, row: PlannedRow, outgoing: Outgoing) -> str | None:
        return self._outbox.suppressed.address_of(row.key, outgoing.person, outgoing.address_hashes)

    def _withhold(self, row: PlannedRow, withheld_for: str) -> None:
        if row.was_status == "suppressed" and row.was_fingerprint == row.fingerprint:
            self._report.suppressed += 1
        else:
            self._take_down_withheld(row, withheld_for)

    def _withhold_at_door(self, item: Item, withheld_for: str, attempts: int) -> None:
        email_hash = item.outgoing.email_hash if attempts else None
        self._take_down_withheld(item.row, withheld_for, attempts=attempts, email_hash=email_hash)

    def _take_down_withheld(self, row: PlannedRow, withheld_for: str, **details: Any) -> None:
        self._report.suppressed += 1
        message = "the person asked to be forgotten"
        self._add(row, "suppressed", reason_code="suppressed", message=message, withheld_for=withheld_for, **details)

    def _refuse(self, row: PlannedRow, problem: Problem, message: str) -> None:
        self._report.invalid += 1
        self._report.add_problem(row.key, problem.field, problem.reason_code, message)
        if len(self._report.rejected_rows) < _SHOWN_REJECTED:
            self._report.rejected_rows.append(
                RejectedRow(row.key, "invalid", problem.field, problem.reason_code, message)
            )
        known = (row.was_status, row.was_fingerprint, row.was_message) == (
            "invalid",
            row.fingerprint,
            message,
        )
        if not known:
            self._add(row, "invalid", reason_code=problem.reason_code, field=problem.field, message=message)

    def _add(self, row: PlannedRow, status: str, **details: Any) -> None:
        if not self._options.dry_run:
            self._outbox.add(row, status, **details)
