import random

from hypothesis import given, settings
from hypothesis import strategies as st

from cr_pipelines.api.concurrency_limit import ConcurrencyLimit


def work(limit: ConcurrencyLimit, seconds: float, rate_at: object, *, busy: bool = True, now: float = 0.0) -> float:
    """Let responses come for `seconds`, as many a second as `rate_at(limit)` says; the time afterwards."""
    ends = now + seconds
    while now < ends:
        now += 1 / rate_at(limit.now)  # type: ignore[operator]
        if busy:
            limit.on_waiting()
        limit.on_response(now)
    return now


def test_it_climbs_to_the_top_while_latency_is_the_bound() -> None:
    limit = ConcurrencyLimit(start=8, most=128)
    work(limit, 10.0, lambda now: now / 0.1)
    assert limit.now == 128


def test_it_stays_low_where_more_at_once_brings_nothing() -> None:
    limit = ConcurrencyLimit(start=8, most=128)
    seen = 8
    now = 0.0
    for _ in range(200):
        now = work(limit, 0.1, lambda _: 5000.0, now=now)
        seen = max(seen, limit.now)
    assert seen <= 16


def test_it_does_not_climb_when_nobody_waits() -> None:
    limit = ConcurrencyLimit(start=8, most=128)
    work(limit, 10.0, lambda now: now / 0.1, busy=False)
    assert limit.now == 8


def test_it_halves_once_a_round_when_the_server_suffers_and_recovers_afterwards() -> None:
    limit = ConcurrencyLimit(start=64, most=64)
    now = work(limit, 0.5, lambda now: now / 0.05)
    for _ in range(60):
        limit.on_fault()
    assert limit.now == 32
    work(limit, 10.0, lambda now: now / 0.05, now=now)
    assert limit.now == 64


def test_a_few_failures_do_not_make_it_shrink() -> None:
    limit, now = ConcurrencyLimit(start=16, most=64), 0.0
    for n in range(5000):
        now += 0.05 / limit.now
        limit.on_waiting()
        if n % 10 == 0:
            limit.on_fault()
        else:
            limit.on_response(now)
    assert limit.now >= 16


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.lists(st.sampled_from("afwi"), max_size=400), st.integers(0, 99))
def test_it_never_leaves_its_bounds(start: int, most: int, events: list[str], seed: int) -> None:
    limit, now, rng = ConcurrencyLimit(start, most), 0.0, random.Random(seed)
    for event in events:
        now += rng.random()
        {
            "a": lambda: limit.on_response(now),  # noqa: B023
            "f": limit.on_fault,
            "w": limit.on_waiting,
            "i": limit.on_interruption,
        }[event]()
        assert 1 <= limit.now <= most
