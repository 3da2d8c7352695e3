"""Outcomes: what it means for a row that it was skipped, or what the response to its request means.

Goes in: skipped rows, batches and the responses to them. Comes out: an outcome for each row in the outbox, and the
counts of the report.
"""

from collections.abc import Callable
from dataclasses import replace

from cr_pipelines.api import CommonRoomError, WriteResponse
from cr_pipelines.sync.deliver.batches import Batch, Item, Skipped
from cr_pipelines.sync.deliver.circuit_breaker import CircuitBreaker
from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.privacy.suppression import SHARED_ADDRESS, SUPPRESSED
from cr_pipelines.sync.report import MOST_KEYS, RejectedRow, Report
from cr_pipelines.sync.state.outbox import Outbox

_REJECTED = (
    "Common Room refused this row (HTTP {status}) without naming the field; compare it with a delivered row and fix it "
    "in the source, and the next run resends it"
)
_NOT_FOUND = (
    "Common Room did not have this contact or thing in {runs} runs in a row (HTTP 404); the row is resent when it "
    "changes, or with resync: failed"
)
_REFUSED = (
    "this request was refused (HTTP {status}) while another call succeeded, so it is about this row or this operation; "
    "look for a firewall or gateway that refuses it. The next run sends it again. The response: {error}"
)
_ANNOUNCED = "about to be sent, and no response was recorded; whether it was sent is unknown"


class OutcomeRecorder:
    """Records what became of each row, in the outbox and in the report.

    Until the API has accepted a row, rejections wait. They count against their rows once the API accepts any row, or
    when the run ends, but not if the API rejects everything.
    """

    def __init__(
        self,
        sync: Sync,
        outbox: Outbox | None,
        report: Report,
        breaker: CircuitBreaker,
        on_accepted: Callable[[PlannedRow], None] | None = None,
    ):
        """`outbox` is None in a dry run, which records nothing; `on_accepted` is called with each row delivered."""
        self._max_not_found_runs = sync.max_not_found_runs
        self._outbox = outbox
        self._report = report
        self._breaker = breaker
        self._on_accepted = on_accepted
        self._waiting: list[tuple[Item, CommonRoomError]] = []

    def skip(self, skipped: Skipped) -> None:
        """Record a row that is not sent."""
        if skipped.status == "delivered":
            self._report.unchanged += 1
            if not skipped.recorded:
                self._add(skipped.row, "delivered", email_hash=skipped.email_hash)
        elif skipped.status == "suppressed":
            self._report.suppressed += 1
            if not skipped.recorded:
                self._add_suppressed(skipped.row, skipped.suppressed_for, reason_code=skipped.reason_code)
        else:
            self._report.invalid += 1
            self._report.add_problem(skipped.row.key, skipped.field, skipped.reason_code, skipped.message)
            self._show(RejectedRow(skipped.row.key, "invalid", skipped.field, skipped.reason_code, skipped.message))
            if not skipped.recorded:
                self._add(
                    skipped.row,
                    "invalid",
                    reason_code=skipped.reason_code,
                    field=skipped.field,
                    message=skipped.message,
                )

    def preview(self, batch: Batch) -> None:
        """Count rows that would be sent."""
        self._report.delivered += len(batch)
        for item in batch:
            self._report_dropped(item)

    def suppress(self, item: Item, suppressed_for: str, attempts: int, reason_code: str = "suppressed") -> None:
        """Record a row that the send guard stopped, after `attempts` that may have been sent."""
        self._report.suppressed += 1
        email_hash = item.outgoing.email_hash if attempts else None
        self._add_suppressed(item.row, suppressed_for, attempts, email_hash, reason_code)

    def announce(self, batch: Batch) -> None:
        """Before sending, record rows that must not be sent twice: without a further outcome, they may have arrived."""
        for row, outgoing in batch:
            self._add(
                row, "unknown", attempts=1, reason_code="announced", message=_ANNOUNCED, email_hash=outgoing.email_hash
            )

    def withdraw(self, batch: Batch) -> None:
        """Record that announced rows were not sent after all; the next run offers them again."""
        for row, _ in batch:
            self._add(row, "failed", reason_code="not_sent", message="the run ended first")

    def abandon(self, batch: Batch) -> None:
        """Count announced rows that were in flight when the run ended."""
        self._report.unknown += len(batch)

    def accept(self, batch: Batch, response: WriteResponse) -> None:
        """Record rows that the API accepted."""
        self._breaker.count_accepted()
        self._report.delivered += len(batch)
        for item in batch:
            dropped = item.dropped
            self._report_dropped(item)
            if self._on_accepted is not None:
                self._on_accepted(item.row)
            self._add(
                item.row,
                "delivered",
                attempts=response.attempts,
                http_status=response.status,
                reason_code=dropped and dropped.reason_code,
                field=dropped and dropped.fields,
                message=dropped and dropped.message,
                email_hash=item.outgoing.email_hash,
            )
        self.close()

    def _report_dropped(self, item: Item) -> None:
        """Count a row of which bad values were left out."""
        self._report.without_values += bool(item.outgoing.dropped)
        for problem in item.outgoing.dropped:
            self._report.add_dropped(item.row.key, problem.field, problem.reason_code, problem.message)

    def reject(self, item: Item, error: CommonRoomError) -> None:
        """Record a row that the API rejected."""
        self._breaker.count_rejected(error)
        self._waiting.append((item, error))
        if self._breaker.has_accepted:
            self.close()
        elif self._breaker.rejects_everything:
            for waiting, rejection in self._waiting:
                self._fail(waiting, rejection, "refused like every other row of this run")
            self._waiting.clear()

    def miss(self, item: Item, error: CommonRoomError) -> None:
        """Record a row whose contact or thing the room does not have; it may still appear there."""
        self._breaker.count_not_found()
        runs = (item.row.was_not_found_runs or 0) + 1
        if runs >= self._max_not_found_runs:
            self._reject(item, error, _NOT_FOUND.format(runs=runs))
        else:
            self._fail(item, error, str(error))

    def lose(self, batch: Batch, error: CommonRoomError) -> None:
        """Record rows that may have arrived and must not be sent twice."""
        self._report.unknown += len(batch)
        for item in batch:
            self._add_error(item, "unknown", error, str(error))
        self._breaker.count_lost(error)

    def fail(self, batch: Batch, error: CommonRoomError, message: str | None = None) -> None:
        """Record rows that did not arrive for a reason outside the rows."""
        for item in batch:
            self._fail(item, error, message or str(error))
        self._breaker.count_failed(error)

    def refuse(self, batch: Batch, error: CommonRoomError) -> None:
        """Record rows whose requests are refused although the token, the source and the API are fine."""
        self.fail(batch, error, _REFUSED.format(status=error.http_status, error=error))

    def close(self) -> None:
        """Record the waiting rejections, at the end of a run or once they cannot concern all rows."""
        for item, error in self._waiting:
            self._reject(item, error, _REJECTED.format(status=error.http_status))
        self._waiting.clear()

    def _fail(self, item: Item, error: CommonRoomError, message: str) -> None:
        self._report.failed += 1
        self._add_error(item, "failed", error, message)

    def _reject(self, item: Item, error: CommonRoomError, message: str) -> None:
        self._report.rejected += 1
        self._show(RejectedRow(item.row.key, "rejected", None, error.reason_code, message))
        self._add_error(item, "rejected", error, message)

    def _show(self, row: RejectedRow) -> None:
        if len(self._report.rejected_rows) < MOST_KEYS:
            self._report.rejected_rows.append(replace(row, key=self._report.shown_key(row.key)))

    def _add_suppressed(
        self,
        row: PlannedRow,
        suppressed_for: str | None,
        attempts: int = 0,
        email_hash: str | None = None,
        reason_code: str = "suppressed",
    ) -> None:
        self._add(
            row,
            "suppressed",
            attempts=attempts,
            reason_code=reason_code,
            message=SHARED_ADDRESS if reason_code == "shared_address" else SUPPRESSED,
            email_hash=email_hash,
            suppressed_for=suppressed_for,
        )

    def _add_error(self, item: Item, status: str, error: CommonRoomError, message: str) -> None:
        self._add(
            item.row,
            status,
            attempts=error.attempts,
            http_status=error.http_status,
            reason_code=error.reason_code,
            message=message,
            email_hash=item.outgoing.email_hash,
        )

    def _add(
        self,
        row: PlannedRow,
        status: str,
        *,
        attempts: int = 0,
        http_status: int | None = None,
        reason_code: str | None = None,
        field: str | None = None,
        message: str | None = None,
        email_hash: str | None = None,
        suppressed_for: str | None = None,
    ) -> None:
        if self._outbox is not None:
            self._outbox.add(
                row,
                status,
                attempts=attempts,
                http_status=http_status,
                reason_code=reason_code,
                field=field,
                message=message,
                email_hash=email_hash,
                suppressed_for=suppressed_for,
            )
