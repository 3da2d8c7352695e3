"""What an alert is, and what a sensor remembers of alerts from tick to tick.

Goes in: conditions that a tick found, and the cursor. Comes out: due alerts, and the next cursor. They contain no
personal data and no secrets.
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
    """A problem that a person should look at, or that is over.

    Attributes:
        subject: what it is about, unchanged as long as it lasts, such as `run common_room/contacts`.
        kind: the kind of problem.
        severity: `error` or `warning`; `info` for what is over.
        text: one readable message that says what to do.
        asset: key of the asset, its parts separated by slashes.
        check: name of the check.
        partition: the day that it is about.
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
    """A sensor's memory of its earlier ticks: its cursor.

    Attributes:
        runs_since: time of the latest failed run that was looked at; None before the first tick.
        runs_seen: ids of the failed runs around that time.
        checks: id of the latest evaluation of each check that was looked at.
        lasting: the known subjects, each with the time of its last alert.
        pending: alerts that some channels have not accepted yet, each with the names of these channels.
    """

    runs_since: float | None = None
    runs_seen: list[str] = field(default_factory=list)
    checks: dict[str, int] = field(default_factory=dict)
    lasting: dict[str, float] = field(default_factory=dict)
    pending: list[tuple[Alert, list[str]]] = field(default_factory=list)

    @classmethod
    def read(cls, cursor: str | None) -> "Memory":
        """Return the content of a cursor. An unreadable cursor counts as none."""
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
        """Queue the alerts whose subject is new, or whose last alert was long ago."""
        for alert in alerts:
            last = self.lasting.get(alert.subject)
            if last is None or now - last >= repeat_seconds:
                self.lasting[alert.subject] = now
                self._queue(alert, channels)

    def end(self, alerts: Iterable[Alert], channels: Iterable[str]) -> None:
        """Queue an alert that a subject is over, if an alert said that it began."""
        for alert in alerts:
            if self.lasting.pop(alert.subject, None) is not None:
                self._queue(alert, channels)

    def _queue(self, alert: Alert, channels: Iterable[str]) -> None:
        self.pending = [*self.pending, (alert, list(channels))][-_MOST_PENDING:]
