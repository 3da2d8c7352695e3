"""What responses say about the rate limit.

Goes in: the headers of any response, and the body of a 429. Comes out: the limit and the requests left in the window
and, for a 429, a `RateLimitHit` with the seconds to wait.
"""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from cr_pipelines.api.window_model import RateLimitHit

LONGEST_SANE_WAIT = 86_400.0
SHORTEST_SANE_INTERVAL = 0.01
LARGEST_SANE_COUNT = 10**9
SKEW_TOLERATED = 2.0
LATE_TOLERATED = 5.0
ROUNDING = 1.0


class _RateLimit(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)

    interval_limit: float | None = None
    interval_reset_seconds: float | None = None
    wait_ms: float | None = None


class _Body429(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)

    rate_limit: _RateLimit = _RateLimit()


def limit_and_left(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return the requests that a window allows and the number left; None for what the headers do not say."""
    return _limit(headers), _count(headers.get("x-ratelimit-remaining"))


def parse_429(headers: Mapping[str, str], body: bytes, now: float | None = None) -> RateLimitHit:
    """Read a 429. The wait comes from `waitMs`, X-RateLimit-Reset or Retry-After, in this order.

    Nonsensical numbers are ignored. A Retry-After in seconds comes first if it asks for more than the others, rounded.

    Args:
        headers: the response's headers.
        body: the response's body.
        now: seconds since 1970 by this machine's clock; by default the present time. If the response's `Date` shows
            that the clock is wrong, `Date` is used.
    """
    details = _details(body)
    clock = _server_clock(headers, time.time() if now is None else now)
    candidates = (
        None if details.wait_ms is None else details.wait_ms / 1000,
        _until(_number(headers.get("x-ratelimit-reset")), clock),
        retry_after(headers.get("retry-after"), clock),
    )
    sane = [wait for wait in candidates if wait is not None and -LATE_TOLERATED <= wait <= LONGEST_SANE_WAIT]
    wait = max(0.0, sane[0]) if sane else None
    seconds = _number(headers.get("retry-after"))
    if wait is not None and seconds is not None and wait + ROUNDING < seconds <= LONGEST_SANE_WAIT:
        wait = seconds
    limit, interval = details.interval_limit, details.interval_reset_seconds
    return RateLimitHit(
        wait=wait,
        interval=interval if interval is not None and SHORTEST_SANE_INTERVAL <= interval <= LONGEST_SANE_WAIT else None,
        limit=_limit(headers) or (int(limit) if limit is not None and 1 <= limit <= LARGEST_SANE_COUNT else None),
    )


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds from `now` (since 1970) that a Retry-After asks for; None if it cannot be read.

    Common Room sends an ISO 8601 date-time; HTTP's own forms are seconds and an HTTP date. All of them are read. A
    date-time without a zone is assumed to be UTC.
    """
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    moment = _iso_8601(value.strip()) or _http_date(value)
    if moment is None:
        return None
    return _until((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), now)


def _details(body: bytes) -> _RateLimit:
    try:
        return _Body429.model_validate_json(body).rate_limit
    except ValidationError:
        return _RateLimit()


def _server_clock(headers: Mapping[str, str], now: float) -> float:
    date = _http_date(headers.get("date", ""))
    if date is None or date.tzinfo is None or abs(date.timestamp() - now) <= SKEW_TOLERATED:
        return now
    return date.timestamp()


def _until(moment: float | None, now: float) -> float | None:
    return None if moment is None else moment - now


def _iso_8601(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _http_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _count(value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return min(max(0, int(value)), LARGEST_SANE_COUNT)
    except ValueError:
        return None


def _limit(headers: Mapping[str, str]) -> int | None:
    return _count(headers.get("x-ratelimit-limit")) or None
