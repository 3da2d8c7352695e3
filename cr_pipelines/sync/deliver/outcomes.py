from cr_pipelines.api import CommonRoomError, WriteResponse
from cr_pipelines.sync.deliver.validate import Batch, Item
from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.report import RejectedRow, Report
from cr_pipelines.sync.state.outbox import Outbox

_FIRST_STRETCH = 50
"""When so many answers came and every one refused the row, the fault is not in the rows."""

_FAILURES_IN_A_ROW = 100
"""When so many requests in a row spent their retries, the server is down."""

_LOST_IN_A_ROW = 50
"""As above, of requests that cannot be repeated: each leaves a row that a person has to look after."""

_SHOWN_REJECTED = 20

_REJECTED_ADVICE = (
    "Common Room refused this row (HTTP {status}) without saying which field; compare it with rows that arrived, "
    "mend it in the source, and it is sent again"
)
_NOT_FOUND_ADVICE = (
    "Common Room answered in {runs} runs in a row that it has no such contact or thing (HTTP 404); the row is offered "
    "again when it changes, or by a resync of what failed"
)
_ANNOUNCED = "announced for sending; whether it was sent is not known, as no answer was recorded"


class Verdicts:
    """Takes down what the API's answers mean for the rows, and notices when going on cannot work."""

    def __init__(self, sync: Sync, outbox: Outbox, report: Report):
        self._sync = sync
        self._outbox = outbox
        self._report = report
        self._accepted = 0
        self._failures_in_a_row = 0
        self._held: list[tuple[Item, CommonRoomError]] = []
        self._all_refused = False
        self.stopped_by: str | None = None

    def stop(self, why: str) -> None:
        """Let nothing more be sent, and remember the first reason for it."""
        self.stopped_by = self.stopped_by or why

    def announce(self, batch: Batch) -> None:
        """Before sending what must not be sent twice: as long as nothing else is known, it may have arrived."""
        for row, outgoing in batch:
            self._outbox.add(
                row, "unknown", attempts=1, reason_code="announced", message=_ANNOUNCED, email_hash=outgoing.email_hash
            )

    def withdraw(self, batch: Batch) -> None:
        """What was announced has not been sent after all; the next run offers it again."""
        for row, outgoing in batch:
            self._outbox.add(
                row, "failed", reason_code="not_sent", message="the run ended first", email_hash=outgoing.email_hash
            )

    def abandon(self, batch: Batch) -> None:
        """The run ended while announced rows were on their way."""
        self._report.unknown += len(batch)

    def accept(self, batch: Batch, answer: WriteResponse) -> None:
        """The API took the rows."""
        self._failures_in_a_row = 0
        self._accepted += len(batch)
        self._report.delivered += len(batch)
        for row, outgoing in batch:
            self._outbox.add(
                row,
                "delivered",
                attempts=answer.attempts,
                http_status=answer.status,
                email_hash=outgoing.email_hash,
            )
        if self._held:
            self.release_held()

    def refuse(self, item: Item, error: CommonRoomError) -> None:
        """The API refused the row itself."""
        self._failures_in_a_row = 0
        self._held.append((item, error))
        if self._accepted:
            self.release_held()
        elif len(self._held) >= _FIRST_STRETCH or self._all_refused:
            self._stop_on_refusals(error)

    def miss(self, item: Item, error: CommonRoomError) -> None:
        """The room lacks what the row is about; it may still be on its way there, but not for ever."""
        self._failures_in_a_row = 0
        runs = (item.row.was_not_found_runs or 0) + 1
        if runs >= self._sync.max_not_found_runs:
            self._reject(item, error, _NOT_FOUND_ADVICE.format(runs=runs))
        else:
            self._report.failed += 1
            self._take_down(item, "failed", error, str(error))

    def lose(self, batch: Batch, error: CommonRoomError) -> None:
        """The rows may have arrived, and must not be sent again on that doubt."""
        self._report.unknown += len(batch)
        for item in batch:
            self._take_down(item, "unknown", error, str(error))
        self._count_failure(error, _LOST_IN_A_ROW)

    def fail(self, batch: Batch, error: CommonRoomError) -> None:
        """The rows did not arrive, through no fault of theirs."""
        self._report.failed += len(batch)
        for item in batch:
            self._take_down(item, "failed", error, str(error))
        self._count_failure(error, _FAILURES_IN_A_ROW)

    def release_held(self) -> None:
        """Refusals count against the rows once the API has taken any row, or when the run ends."""
        for item, error in self._held:
            self._reject(item, error, _REJECTED_ADVICE.format(status=error.http_status))
        self._held.clear()

    def _stop_on_refusals(self, error: CommonRoomError) -> None:
        """Refusals of everything are no fault of the rows: they are offered again when that is mended."""
        self._all_refused = True
        self.stop(
            f"Common Room refused each of the first {len(self._held)} rows ({error.reason_code}); the fault is "
            "one that they share, so nothing more was sent. Compare a payload of `cr-pipelines plan "
            f"{self._sync.name}` with the API's description"
        )
        for item, refusal in self._held:
            self._report.failed += 1
            self._take_down(item, "failed", refusal, "refused like every other row of this run")
        self._held.clear()

    def _count_failure(self, error: CommonRoomError, most: int) -> None:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= most:
            self.stop(f"the last {self._failures_in_a_row} requests failed: {error}")

    def _reject(self, item: Item, error: CommonRoomError, message: str) -> None:
        self._report.rejected += 1
        if len(self._report.rejected_rows) < _SHOWN_REJECTED:
            self._report.rejected_rows.append(RejectedRow(item.row.key, "rejected", None, error.reason_code, message))
        self._take_down(item, "rejected", error, message)

    def _take_down(self, item: Item, status: str, error: CommonRoomError, message: str) -> None:
        self._outbox.add(
            item.row,
            status,
            attempts=error.attempts,
            http_status=error.http_status,
            reason_code=error.reason_code,
            message=message,
            email_hash=item.outgoing.email_hash,
        )
