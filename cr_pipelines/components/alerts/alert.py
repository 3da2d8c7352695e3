"""What an alert is, and what a sensor remembers of alerts from tick to tick.

Goes in: conditions that a tick found, and the cursor. Comes out: alerts that are due, and the next cursor. Nothing in
them is personal data or a secret.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

AlertKind = Literal["run_failed", "check_failed", "removal_overdue", "no_success", "recovered"]

_MOST_PENDING = 100
"""Alerts that wait for a channel that does not work. Beyond it, the oldest give way: the newest describe the
present."""


@dataclass(frozen=True)
class Alert:
    """Something that a person should look at, or that is over.

    Attributes:
        subject: what it is about, the same as long as it lasts; such as `run common_room/contacts`.
        kind: what happened.
        severity: `error` or `warning`; `info` for what is over.
        text: one message for people, with what to do.
        asset: key of the asset, its parts separated by slashes.
        check: name of the check.
        partition: the day.
        run_id: a run that shows it.
        count: how many runs it is about.
    """

    subject: str
    kind: AlertKind
    severity: Literal["error", "warning", "info"]
    text: str
    asset: str | None = None
    check: str | None = None
    partition: str | None = None
    run_id: str | None = None
    count: int = 1


@dataclass
class Memory:
    """What a sensor knows from its earlier ticks: its cursor.

    Attributes:
        runs_since: time of the latest failed run that was looked at; None before the first tick.
        runs_seen: ids of the failed runs about that time.
        checks: id of the latest evaluation of each check that was looked at.
        lasting: since when each subject is known, by the time of its last alert.
        pending: alerts that a channel has not taken yet, each with the names of these channels.
    """

    runs_since: float | None = None
    runs_seen: list[str] = field(default_factory=list)
    checks: dict[str, int] = field(default_factory=dict)
    lasting: dict[str, float] = field(default_factory=dict)
    pending: list[tuple[Alert, list[str]]] = field(default_factory=list)

    @classmethod
    def read(cls, cursor: str | None) -> "Memory":
        """Return what a cursor holds. A cursor that cannot be read is as good as none."""
        try:
            stored = json.loads(cursor or "{}")
            known = {name.name: stored[name.name] for name in fields(cls) if name.name in stored}
            known["pending"] = [(Alert(**alert), channels) for alert, channels in known.get("pending", [])]
            return cls(**known)
        except (ValueError, TypeError, AttributeError):
            return cls()

    def cursor(self) -> str:
        """Return the cursor of the next tick."""
        stored: dict[str, Any] = {name.name: getattr(self, name.name) for name in fields(self)}
        stored["pending"] = [(asdict(alert), channels) for alert, channels in self.pending]
        return json.dumps(stored)

    def begin(self, alerts: Iterable[Alert], channels: Iterable[str], now: float, repeat_seconds: float) -> None:
        """Queue the alerts whose subject is new, or was last alerted long ago."""
        for alert in alerts:
            last = self.lasting.get(alert.subject)
            if last is None or now - last >= repeat_seconds:
                self.lasting[alert.subject] = now
                self._queue(alert, channels)

    def end(self, alerts: Iterable[Alert], channels: Iterable[str]) -> None:
        """Queue the news that a subject is over, if an alert said that it began."""
        for alert in alerts:
            if self.lasting.pop(alert.subject, None) is not None:
                self._queue(alert, channels)

    def _queue(self, alert: Alert, channels: Iterable[str]) -> None:
        self.pending = [*self.pending, (alert, list(channels))][-_MOST_PENDING:]
