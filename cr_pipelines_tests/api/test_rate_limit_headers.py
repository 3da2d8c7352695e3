import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cr_pipelines.api.rate_limit_headers import limit_and_left, parse_429, retry_after
from cr_pipelines.api.window_model import RateLimitHit

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


@given(moments, zones, st.integers(-3600, 3600))
def test_an_iso_8601_retry_after_is_understood_in_any_zone(moment: datetime, zone: timezone, ahead: int) -> None:
    aware = moment.replace(tzinfo=zone)
    now = aware.timestamp() - ahead
    assert retry_after(aware.isoformat(), now) == pytest.approx(ahead, abs=1e-3)


@given(moments, st.integers(-3600, 3600))
def test_an_iso_8601_retry_after_in_utc_is_understood_however_it_says_so(moment: datetime, ahead: int) -> None:
    now = moment.replace(tzinfo=UTC).timestamp() - ahead
    for text in (f"{moment.isoformat()}Z", moment.isoformat(), moment.isoformat(timespec="milliseconds") + "Z"):
        assert retry_after(text, now) == pytest.approx(ahead, abs=2e-3)


@given(moments, st.integers(-3600, 3600))
def test_an_http_date_as_retry_after_is_understood(moment: datetime, ahead: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    assert retry_after(format_datetime(aware, usegmt=True), aware.timestamp() - ahead) == pytest.approx(ahead)


@given(st.integers(0, 10**6))
def test_seconds_as_retry_after_are_understood(seconds: int) -> None:
    assert retry_after(str(seconds), NOW) == seconds


@given(st.text(max_size=40))
def test_any_other_retry_after_is_no_accident(text: str) -> None:
    result = retry_after(text, NOW)
    assert result is None or isinstance(result, float)


def parsed(body: Any = None, **headers: str) -> RateLimitHit:
    content = json.dumps(body).encode() if body is not None else b""
    return parse_429(httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), content, NOW)


def test_the_bodys_wait_comes_before_the_reset_and_the_reset_before_retry_after() -> None:
    iso = datetime.fromtimestamp(NOW + 30, UTC).isoformat()
    headers = {"x_ratelimit_reset": str(int(NOW) + 20), "retry_after": iso, "x_ratelimit_limit": "50"}
    body = {"rateLimit": {"waitMs": 1500, "intervalResetSeconds": 60, "intervalLimit": 40}}
    assert parsed(body, **headers) == RateLimitHit(wait=1.5, interval=60, limit=50)
    assert parsed(**headers) == RateLimitHit(wait=20, limit=50)
    assert parsed(retry_after=iso) == RateLimitHit(wait=30)
    assert parsed() == RateLimitHit()


@pytest.mark.parametrize("nonsense", [-60_000, 10**15])
def test_a_wait_that_cannot_be_meant_is_passed_over(nonsense: int) -> None:
    assert parsed({"rateLimit": {"waitMs": nonsense}}, retry_after="7").wait == 7


def test_a_reset_that_has_just_passed_means_at_once() -> None:
    assert parsed(x_ratelimit_reset=str(int(NOW) - 1)).wait == 0


@given(skew=st.integers(-86_400, 86_400), ahead=st.integers(1, 600))
def test_a_wrong_clock_on_this_machine_does_not_change_the_wait(skew: int, ahead: int) -> None:
    assume(abs(skew) > 2)
    server_now = NOW + skew
    date = format_datetime(datetime.fromtimestamp(server_now, UTC), usegmt=True)
    assert parsed(x_ratelimit_reset=str(int(server_now) + ahead), date=date).wait == pytest.approx(ahead)


@given(st.binary(max_size=60))
def test_any_body_of_a_429_is_borne(body: bytes) -> None:
    assert isinstance(parse_429(httpx.Headers(), body, NOW), RateLimitHit)


def test_headers_that_are_no_numbers_say_nothing() -> None:
    assert limit_and_left(httpx.Headers({"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "3"})) == (20, 3)
    assert limit_and_left(httpx.Headers({"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": ""})) == (None, None)
