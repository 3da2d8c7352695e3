import math
import random
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cr_pipelines.api.window_model import FOREVER, Permit, RateLimitHit, WindowModel
from cr_pipelines_tests.support.simulated_rate_limit import FixedWindows, Sender, Simulation

LEARNING = 1  # the 429 that tells how long a window is and when it ends
MODEL = 1  # the 429 that tells that windows begin with the first request after a gap
JITTER = 2  # the 429s that tell how far the way to the server can shorten


def steady(around: float) -> Callable[[random.Random], float]:
    return lambda rng: around * rng.uniform(0.9, 1.1)


def jittery(around: float) -> Callable[[random.Random], float]:
    return lambda rng: around * rng.uniform(0.3, 3.0)


def crossing(phase: float, width: int, limit: int) -> int:
    """The 429s that a start just before a window's end may cost: those in flight are counted in either window."""
    return min(width, limit) if phase > 0.8 else 0


@settings(deadline=None, max_examples=60)
@given(
    limit=st.integers(1, 150),
    interval=st.floats(2, 120),
    gapless=st.booleans(),
    phase=st.floats(0, 1),
    width=st.integers(1, 64),
    requests=st.integers(1, 600),
    latency=st.floats(0.0005, 0.1),
    jitter=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_alone_on_a_token_everything_is_sent_with_a_handful_of_429s(
    limit: int,
    interval: float,
    gapless: bool,
    phase: float,
    width: int,
    requests: int,
    latency: float,
    jitter: bool,
    seed: int,
) -> None:
    server = FixedWindows(limit, interval, gapless, began=-phase * interval)
    sender = Sender(requests, width)
    Simulation(server, [sender], (jittery if jitter else steady)(latency), seed).run()
    assert sender.accepted == requests
    assert sender.window.in_flight == 0
    assert sender.refused <= LEARNING + MODEL + JITTER + crossing(phase, width, limit)


@settings(deadline=None, max_examples=25)
@given(
    limit=st.sampled_from([10, 20, 100, 1000]),
    interval=st.sampled_from([1.0, 6.0, 60.0]),
    gapless=st.booleans(),
    phase=st.floats(0, 1),
    seed=st.integers(0, 2**16),
)
def test_at_least_97_percent_of_the_limit_is_used(
    limit: int, interval: float, gapless: bool, phase: float, seed: int
) -> None:
    windows = 12
    server = FixedWindows(limit, interval, gapless, began=-phase * interval)
    sender = Sender(limit * windows, 64)
    Simulation(server, [sender], steady(0.004), seed).run()
    assert sender.finished <= windows * interval / 0.97
    assert sender.refused <= LEARNING + MODEL + 1 + crossing(phase, 64, limit)
    used = sender.window.rate_used()
    assert used is not None
    assert used >= 0.9


def test_a_hundred_requests_at_twenty_per_six_seconds_take_24_seconds() -> None:
    for gapless in (True, False):
        sender = Sender(100, 64)
        Simulation(FixedWindows(20, 6, gapless), [sender], steady(0.01), 1).run()
        assert sender.accepted == 100
        assert sender.refused <= 3
        assert sender.finished <= 1.1 * 24


@settings(deadline=None, max_examples=25)
@given(
    limit=st.integers(10, 200),
    interval=st.floats(2, 60),
    gapless=st.booleans(),
    phase=st.floats(0, 1),
    latency=st.floats(0.001, 0.05),
    late=st.floats(0, 1),
    seed=st.integers(0, 2**16),
)
def test_two_processes_on_one_token_both_finish_and_leave_the_limit_in_peace(
    limit: int, interval: float, gapless: bool, phase: float, latency: float, late: float, seed: int
) -> None:
    windows, width = 12, 16
    server = FixedWindows(limit, interval, gapless, began=-phase * interval)
    senders = [Sender(limit * windows // 2, width), Sender(limit * windows // 2, width, starts=late * interval)]
    simulation = Simulation(server, senders, steady(latency), seed)
    simulation.run()
    assert [sender.accepted for sender in senders] == [limit * windows // 2] * 2
    assert max(sender.finished for sender in senders) <= (windows + 2) * (interval * 1.03 + 8 * latency)
    met = 2 * width
    assert sum(sender.refused for sender in senders) <= met + 4 * windows


@settings(deadline=None, max_examples=25)
@given(limit=st.integers(2, 100), others=st.floats(0.05, 0.9), seed=st.integers(0, 2**16))
def test_a_stranger_who_ignores_the_limit_cannot_stop_us(limit: int, others: float, seed: int) -> None:
    server = FixedWindows(limit, 10, gapless=True)
    sender = Sender(limit * 4, 16)
    simulation = Simulation(server, [sender], steady(0.01), seed)
    for n in range(200 * limit):
        simulation.at(n * 10 / (limit * others), lambda: server.left(simulation.now))
    simulation.run()
    assert sender.accepted == limit * 4


def test_the_first_request_goes_alone_and_shows_what_is_left() -> None:
    window = WindowModel()
    permit = window.acquire(0.0)
    assert 0 < window.wait(0.0) < math.inf
    window.on_response(permit, 0.1, limit=20, left=3)
    for _ in range(3):
        assert window.wait(0.1) == 0
        window.acquire(0.1)
    assert window.wait(0.1) == FOREVER


def test_a_first_request_that_hangs_does_not_keep_the_others_for_long() -> None:
    window = WindowModel(probe_timeout=2.0)
    window.acquire(0.0)
    assert window.wait(0.0) == 2.0
    assert window.wait(2.0) == 0


def test_without_rate_headers_nothing_is_held_back() -> None:
    window = WindowModel()
    window.on_response(window.acquire(0.0), 0.1, None, None)
    for _ in range(1000):
        assert window.wait(0.1) == 0
        window.acquire(0.1)


def hit_once(hit: RateLimitHit) -> WindowModel:
    window = WindowModel()
    window.on_429(window.acquire(0.0), 0.0, hit)
    return window


def test_a_429_stops_everyone_until_the_window_ends() -> None:
    window = hit_once(RateLimitHit(wait=4.0, interval=6.0, limit=20))
    assert 4.0 <= window.wait(0.0) <= 4.1
    assert window.wait(4.1) == 0
    assert (window.limit, window.interval) == (20, 6.0)


def test_a_429_that_does_not_say_how_long_is_taken_for_a_whole_window() -> None:
    assert 6.0 <= hit_once(RateLimitHit(interval=6.0)).wait(0.0) <= 6.1


def test_refusals_in_a_row_are_met_with_longer_waits() -> None:
    window, now, waits = WindowModel(), 0.0, []
    for _ in range(12):
        window.on_429(window.acquire(now), now, RateLimitHit(wait=0.0))
        waits.append(window.wait(now))
        now += waits[-1]
        assert window.wait(now) == 0
    assert all(later >= sooner - 1e-9 for sooner, later in pairwise(waits))
    assert 5.0 <= waits[-1] <= 5.1


def test_a_permit_that_was_not_used_is_given_again() -> None:
    window = WindowModel()
    window.on_response(window.acquire(0.0), 0.0, 20, 1)
    permit = window.acquire(0.0)
    assert window.wait(0.0) == FOREVER
    window.release(permit)
    assert window.wait(0.0) == 0


def test_the_share_used_is_unknown_until_the_limit_was_met_twice() -> None:
    window = hit_once(RateLimitHit(wait=1.0, interval=6.0, limit=20))
    assert window.rate_used() is None


def test_an_old_windows_late_answer_does_not_empty_the_new_window() -> None:
    window = WindowModel()
    window.on_response(window.acquire(0.0), 0.0, 10, 9)
    late: Permit = window.acquire(0.0)
    window.on_429(window.acquire(0.0), 0.1, RateLimitHit(wait=1.0, interval=2.0, limit=10))
    assert window.wait(1.2) == 0
    window.on_response(window.acquire(1.2), 1.3, 10, 9)
    window.on_response(late, 1.4, 10, 0)
    assert window.wait(1.4) == 0
