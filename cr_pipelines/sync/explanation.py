"""One row explained: where it is, when it was sent last, what would be sent now, and why not.

Goes in: what the ledger has of a key, and what a dry run makes of its row. Comes out: `RowExplanation`, whose sentences
have no personal data; only `values` and `request` have, and only of a person who is not suppressed.
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
"""What the next run does, by how a key compares with the ledger."""


@dataclass(frozen=True)
class LedgerEntry:
    """What the ledger has of a key, without anything that is personal data."""

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
    """What a dry run says of one key that it was asked about.

    Attributes:
        key: as the ledger spells it.
        comparison: how its row compares with the ledger.
        entry: what the ledger has of it; None if nothing.
        outcome: what a run would make of it: `delivered`, `invalid`, `suppressed`, or empty for a row that was not
            looked at.
        problem: why it cannot be sent, if so.
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
        """Whether the row is as it was delivered; one without a bad value is looked at again by each run."""
        delivered = self.entry is not None and self.entry.status == "delivered"
        return self.comparison == "unchanged" or (self.comparison == "recheck" and delivered)

    def suppress(self) -> None:
        """Leave out all data: the person asked to be forgotten."""
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
