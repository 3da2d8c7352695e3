"""The room's time.

Goes in: real time, and how far to move it forward. Comes out: the room's time, as epoch seconds or ISO 8601; and the
epoch seconds of a date in any form that the API was seen to take.
"""

import re
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from cr_pipelines.sandbox.workspace.behavior import ACCEPTED_DATES

LARGEST_MOVE = 100 * 365.25 * 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"[Tt]\d\d:\d\d:\d\d(?:\.\d+)?"
_FORMS = {
    "date_time": re.compile(rf"\d{{4}}-\d\d-\d\d{_TIME}(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII),
    "without_offset": re.compile(rf"\d{{4}}-\d\d-\d\d{_TIME}", re.ASCII),
    "date": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "rfc_1123": re.compile(
        r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})", re.ASCII
    ),
    "month_day_year": re.compile(r"([A-Z][a-z]{2})[a-z]* (\d{1,2}), (\d{4})", re.ASCII),
}


class Clock:
    """Real time plus whatever it was moved forward by.

    It never goes back, even when somebody sets the machine's clock.
    """

    def __init__(self, moved_seconds: float = 0.0):
        self._origin = time.time() - time.monotonic()
        self.moved_seconds = moved_seconds

    def now(self) -> float:
        """Return the room's time as epoch seconds."""
        return self._origin + time.monotonic() + self.moved_seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError for a negative number of seconds, and beyond a hundred years."""
        if not seconds >= 0:
            raise ValueError("the clock only moves forward: send advance_seconds of 0 or more")
        if self.moved_seconds + seconds > LARGEST_MOVE:
            raise ValueError("the clock moves forward by 100 years at most, all moves together")
        self.moved_seconds += seconds


def iso(epoch: float) -> str:
    """Format epoch seconds as the API writes a date-time: ISO 8601, UTC, milliseconds.

    Raises OverflowError for a moment outside the years 1 to 9999.
    """
    return (_EPOCH + timedelta(seconds=epoch)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_of(text: str, forms: Collection[str] = ACCEPTED_DATES) -> float:
    """Parse a date into epoch seconds; one without an offset is UTC.

    Raises ValueError for a form that is not among `forms`, and for a moment outside the years 1 to 9999 in UTC.
    """
    form = next((name for name, pattern in _FORMS.items() if pattern.fullmatch(text)), None)
    if form is None or form not in forms:
        raise ValueError("not a date in a form that is accepted")
    if form == "rfc_1123":
        moment = parsedate_to_datetime(text)
    elif form == "month_day_year":
        moment = _month_day_year(text)
    else:
        moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(timedelta(0)))
    epoch = (moment - _EPOCH).total_seconds()
    try:
        iso(epoch)
    except OverflowError:
        raise ValueError("a moment outside the years 1 to 9999 in UTC") from None
    return epoch


def _month_day_year(text: str) -> datetime:
    found = _FORMS["month_day_year"].fullmatch(text)
    assert found is not None  # noqa: S101 - the form was matched before
    month, day, year = found[1].lower(), int(found[2]), int(found[3])
    if month not in _MONTHS:
        raise ValueError("not the name of a month")
    return datetime(year, _MONTHS.index(month) + 1, day, tzinfo=UTC)
