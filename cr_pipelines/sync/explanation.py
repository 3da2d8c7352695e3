"""An explanation of one row: where it is, when it was last sent, what would be sent now, or why it would not be.

Goes in: the ledger's entry for a key, and the result of a dry run for its row. Comes out: `RowExplanation`. Its
sentences contain no personal data; only `values` and `request` do, and only for a person who is not suppressed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

_NEXT_RUN = {
    "new": "sends it: its key is new",
    "changed": "sends it: it changed since it was last sent",
    "retry": "sends it again: it failed before",
    "recheck": "sends it: it could not be sent before",
    "interrupted": "sends it: an earlier run ended while it may have been sending it",
    "rejected": "does not send it until it changes, or with resync: failed. Common Room rejected it",
    "unknown": "does not send it unless you name its key: an earlier request may have arrived, and another "
    "would add a second one",
    "changed_after_delivery": "does not send it unless you name its key: it changed after delivery, and "
    "Common Room would add a second one",
    "deleted_remotely": "does not send it unless recreate_deleted is set: somebody deleted it in Common Room",
    "unchanged": "does not send it: it has not changed since it was delivered",
    "shared_key": "does not send it: several rows have this key; keep one in the view",
    "not_in_source": "does not send it: the source has no row with this key",
}
"""What the next run does, depending on how a key compares with the ledger."""


@dataclass(frozen=True)
class LedgerEntry:
    """The ledger's entry for a key, without personal data."""

    key: str
    partition: str
    status: str
    attempts: int | None
    http_status: int | None
    reason_code: str | None
    field: str | None
    message: str | None
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    run_id: str | None
    absent_since: datetime | None


@dataclass
class RowExplanation:
    """What a dry run says about one key.

    Attributes:
        key: as the ledger spells it.
        comparison: how its row compares with the ledger.
        entry: the ledger's entry for it, if any.
        outcome: the outcome that a run would record: `delivered`, `invalid` or `suppressed`; empty for a row that was
            not checked.
        problem: why it cannot be sent, if it cannot.
        values: the source's columns that the contract knows. Personal data: for a terminal only.
        request: what would be sent, as JSON. Personal data: for a terminal only.
    """

    key: str
    comparison: str
    entry: LedgerEntry | None
    outcome: str = ""
    problem: str = ""
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    request: str | None = field(default=None, repr=False)

    @property
    def sent_fields(self) -> list[str]:
        """The API's fields that would be sent, without their values."""
        return [] if self.request is None else list(json.loads(self.request))

    @property
    def is_as_delivered(self) -> bool:
        """Whether the row is the same as when it was delivered; every run checks one without its bad values again."""
        delivered = self.entry is not None and self.entry.status == "delivered"
        return self.comparison == "unchanged" or (self.comparison == "recheck" and delivered)

    def suppress(self) -> None:
        """Omit all data, because the person asked to be forgotten."""
        self.outcome, self.values, self.request = "suppressed", {}, None

    @property
    def next_run(self) -> str:
        """What the next run does with the row, and why, without personal data."""
        if self.outcome == "suppressed":
            return "does not send it: the person asked to be forgotten"
        if self.comparison == "recheck" and self.is_as_delivered:
            return (
                f"does not send it until the room accepts what was left out: {self.entry.message if self.entry else ''}"
            )
        if self.outcome == "invalid":
            return f"does not send it: {self.problem}"
        return _NEXT_RUN[self.comparison]
