"""A run of the probe.

Goes in: a room, and what the user consents to. Comes out: a report with a result for each assumption, after the
throwaway records were removed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from cr_pipelines.probe.assumptions import ASSUMPTIONS, Assumption
from cr_pipelines.probe.room import ProbedRoom, Unclear
from cr_pipelines.sandbox.workspace.behavior import Behavior

_SOON = 60.0


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user allows.

    Attributes:
        room_name: the name of the room that may be written to; None to write nothing.
        rate_limit: whether to send requests until the room refuses them.
        segment: a segment to put a throwaway person in; None to leave segments alone.
    """

    room_name: str | None = None
    rate_limit: bool = False
    segment: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What was found out about one assumption. `agrees` is None, and `note` says why, when it was not tried."""

    assumption: Assumption
    seen: Any
    sandbox: Any
    agrees: bool | None
    note: str = ""


@dataclass(slots=True)
class Report:
    """The results of a run, and how many throwaway records may be left."""

    results: list[Result] = field(default_factory=list)
    left: int = 0

    @property
    def differences(self) -> list[str]:
        """The names of the assumptions that do not hold in this room."""
        return [result.assumption.name for result in self.results if result.agrees is False]

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON: without the room's name and address, the token, and any value of a record."""
        seen = {result.assumption.name: result.seen for result in self.results if result.agrees is not None}
        visible_after = seen.pop("visible_after", None)
        return {
            "cr_pipelines_probe": 1,
            "behavior": seen,
            "settle_seconds": visible_after,
            "shapes": seen.get("shapes"),
            "results": [
                {
                    "name": result.assumption.name,
                    "assumed": result.assumption.assumed,
                    "how": result.assumption.how,
                    "seen": result.seen,
                    "sandbox": result.sandbox,
                    "agrees": result.agrees,
                    "note": result.note,
                }
                for result in self.results
            ],
            "left": self.left,
        }


def probe(room: ProbedRoom, consent: Consent, on_result: Callable[[Result], None] | None = None) -> Report:
    """Try every assumption that the consent allows, and remove what was written.

    Written records are removed even if something ends the run early. The room's `left` says how many may remain.

    Raises Unclear if the token is unknown, if the consent is for another room, and if there is no destination source to
    write to.
    """
    name = room.name()
    if consent.room_name is not None:
        if consent.room_name != name:
            raise Unclear(f"the token belongs to the room {name!r}, and the consent is for {consent.room_name!r}")
        if room.source_id is None:
            raise Unclear("there is no destination source to write to: set COMMON_ROOM_DESTINATION_SOURCE_ID")
    report = Report()
    try:
        for assumption in ASSUMPTIONS:
            result = _tried(assumption, room, consent)
            report.results.append(result)
            if on_result is not None:
                on_result(result)
    finally:
        room.clean_up()
    report.left = room.left or 0
    return report


def _tried(assumption: Assumption, room: ProbedRoom, consent: Consent) -> Result:
    others: dict[str, Any] = {"visible_after": f"at most {_SOON:g} s"}
    sandbox = (Behavior().plain() | others)[assumption.name]
    read_only = consent.room_name is None
    missing = None
    if read_only and not assumption.read_only:
        missing = "not tried: it writes"
    elif assumption.needs and not getattr(consent, assumption.needs):
        missing = f"not tried without --{assumption.needs.replace('_', '-')}"
    if missing:
        return Result(assumption, None, sandbox, None, missing)
    arguments: dict[str, dict[str, Any]] = {
        "retired": {"read_only": read_only},
        "segment_batch": {"segment": consent.segment},
    }
    try:
        seen = assumption.check(room, **arguments.get(assumption.name, {}))
    except Unclear as error:
        return Result(assumption, None, sandbox, None, f"not known: {error}")
    except httpx.HTTPError as error:
        return Result(assumption, None, sandbox, None, f"not known: no response ({type(error).__name__})")
    agrees = seen <= _SOON if assumption.name == "visible_after" else seen == sandbox
    return Result(assumption, seen, sandbox, agrees)
