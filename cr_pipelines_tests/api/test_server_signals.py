"""What a server asks for is kept, and numbers without sense change nothing."""

import asyncio
import math
import time

import httpx
import pytest

from cr_pipelines.api import CommonRoomClient, RateLimited, SegmentNote, ServerFault, User
from cr_pipelines.api.rate_limit_headers import LARGEST_SANE_COUNT, limit_and_left, parse_429
from cr_pipelines.api.window_model import RateLimitHit, WindowModel
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.scripted_server import Asked, Reply, in_turn, scripted

HUGE_OFFSET = {"date": "Mon, 01 Jan 2024 00:00:00 +9999999999999999"}


@pytest.mark.parametrize("value", ["NaN", "1e999", "-1e999", "-5", "0", "1e300", "true", "null", '"x"', "[]"])
@pytest.mark.parametrize("name", ["intervalLimit", "intervalResetSeconds", "waitMs"])
@pytest.mark.parametrize("headers", [{}, HUGE_OFFSET])
def test_nonsense_in_a_429_gives_numbers_that_can_be_used(name: str, value: str, headers: dict[str, str]):
    hit = parse_429(httpx.Headers(headers), f'{{"rateLimit":{{"{name}":{value}}}}}'.encode())
    assert hit.limit is None or 1 <= hit.limit <= LARGEST_SANE_COUNT
    assert hit.interval is None or 0.01 <= hit.interval <= 86_400
    assert hit.wait is None or 0 <= hit.wait <= 86_400


@pytest.mark.parametrize("value", ["9" * 23, "9" * 4_000, "9" * 5_000, "-7", "0", "1e9", "x"])
def test_nonsense_in_headers_is_bounded(value: str):
    limit, left = limit_and_left(httpx.Headers({"x-ratelimit-limit": value, "x-ratelimit-remaining": value}))
    assert limit is None or 1 <= limit <= LARGEST_SANE_COUNT
    assert left is None or 0 <= left <= LARGEST_SANE_COUNT


def test_a_wait_that_is_longer_than_the_interval_is_kept():
    model = WindowModel()
    model.on_429(model.acquire(0.0), 0.0, RateLimitHit(wait=20.0, interval=1.0, limit=10))
    assert model.wait(19.0) >= 1.0
    assert model.wait(20.1) == 0.0


def test_nobody_asks_during_a_block_that_is_longer_than_the_interval():
    limit = {"intervalLimit": 10, "intervalResetSeconds": 1}
    arrived: list[float] = []

    def script(asked: Asked) -> Reply:
        arrived.append(time.monotonic())
        blocked_for = 3 - (arrived[-1] - arrived[39]) if len(arrived) >= 40 else 0
        if blocked_for > 0:
            return Reply(429, {"rateLimit": limit}, {"Retry-After": str(math.ceil(blocked_for))})
        if len(arrived) == 20:
            return Reply(429, {"rateLimit": {**limit, "waitMs": 200}})
        return Reply(202, {"status": "ok"})

    async def run() -> None:
        async with scripted(script) as server, CommonRoomClient("t", server.base_url) as room:
            await asyncio.gather(*(room.add_or_edit_user(1, User(id=str(number))) for number in range(80)))

    asyncio.run(asyncio.wait_for(run(), 30))
    during_block = [at for at in arrived if 0.3 < at - arrived[39] < 2.9]
    assert during_block == []


def test_a_block_for_longer_than_the_client_may_wait_ends_at_once():
    async def run() -> None:
        limited = Reply(429, {"rateLimit": {"intervalLimit": 10, "intervalResetSeconds": 1}}, {"Retry-After": "7200"})
        async with scripted(in_turn(limited)) as server, CommonRoomClient("t", server.base_url) as room:
            with pytest.raises(RateLimited):
                await room.add_or_edit_user(1, User(id="a"))
            assert len(server.asked) == 1

    asyncio.run(asyncio.wait_for(run(), 20))


@pytest.mark.parametrize("status", [408, 425])
def test_a_status_that_says_nothing_about_the_request_is_retried(status: int):
    async def run() -> None:
        replies = in_turn(Reply(status), Reply(202, {"status": "ok"}))
        async with scripted(replies) as server, CommonRoomClient("t", server.base_url) as room:
            assert (await room.add_or_edit_user(1, User(id="a"))).attempts == 2

    asyncio.run(asyncio.wait_for(run(), 20))


@pytest.mark.parametrize("status", [408, 425])
def test_an_append_is_left_to_the_next_run_after_such_a_status(status: int):
    async def run() -> None:
        async with scripted(in_turn(Reply(status))) as server, CommonRoomClient("t", server.base_url) as room:
            with pytest.raises(ServerFault):
                await room.add_segment_note(SegmentNote(segment_id=1, note="n"))
            assert len(server.asked) == 1

    asyncio.run(asyncio.wait_for(run(), 20))


def test_the_retry_after_of_a_failure_is_kept():
    async def run() -> None:
        replies = in_turn(Reply(503, headers={"Retry-After": "2"}), Reply(202, {"status": "ok"}))
        async with scripted(replies) as server, CommonRoomClient("t", server.base_url) as room:
            begun = time.monotonic()
            await room.add_or_edit_user(1, User(id="a"))
            assert time.monotonic() - begun >= 2

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_failure_that_asks_for_too_long_a_wait_is_final():
    async def run() -> None:
        reply = Reply(503, headers={"Retry-After": "7200"})
        async with scripted(in_turn(reply)) as server, CommonRoomClient("t", server.base_url) as room:
            with pytest.raises(ServerFault):
                await room.add_or_edit_user(1, User(id="a"))
            assert len(server.asked) == 1

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_share_of_the_limit_is_used_evenly():
    model, now, sent = WindowModel(rate_share=0.5), 0.0, []
    model.on_429(model.acquire(now), now, RateLimitHit(wait=0.0, interval=1.0, limit=10))
    while now < 5.0:
        wait = model.wait(now)
        if wait == 0:
            model.on_response(model.acquire(now), now, 10, max(0, 9 - sum(1 for t in sent if t >= int(now))))
            sent.append(now)
        else:
            now += min(wait, 0.05)
    assert 20 <= len(sent) <= 26
    assert max(sum(1 for t in sent if second <= t < second + 1) for second in range(5)) <= 6


def test_a_share_of_the_limit_leaves_room_for_another_client(sandbox: SandboxServer):
    sandbox.control.set_limit(20, 1)
    refused: list[bool] = []

    async def ask_steadily() -> None:
        headers = {"authorization": f"Bearer {sandbox.token}"}
        async with httpx.AsyncClient(base_url=sandbox.base_url, headers=headers, trust_env=False) as other:
            for _ in range(32):
                refused.append((await other.get("/activityTypes")).status_code == 429)
                await asyncio.sleep(0.125)

    async def run() -> float:
        begun = time.monotonic()
        async with CommonRoomClient(sandbox.token, sandbox.base_url, rate_share=0.5) as room:
            ours = [room.add_or_edit_user(1, User(id=str(number))) for number in range(50)]
            await asyncio.gather(ask_steadily(), *ours)
        return time.monotonic() - begun

    # The first window is used up: only then does the client know how long it is.
    assert 3 <= asyncio.run(asyncio.wait_for(run(), 30)) <= 10
    assert not any(refused[12:])


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_a_share_outside_of_0_to_1_is_refused(share: float):
    with pytest.raises(ValueError, match="rate_share"):
        CommonRoomClient("t", rate_share=share)


BLOCK = {"intervalLimit": 10, "intervalResetSeconds": 1}


def blocked_model(**headers: int | None) -> tuple[WindowModel, float]:
    """A model that knows the limit and is in the middle of a window."""
    model = WindowModel()
    model.on_429(model.acquire(0.0), 0.0, RateLimitHit(wait=0.1, interval=1.0, limit=10))
    now = model.wait(0.0)
    assert model.wait(now) == 0
    model.on_response(model.acquire(now), now, headers.get("limit"), headers.get("left"))
    return model, now


def test_a_late_success_does_not_end_an_announced_block():
    model, now = blocked_model(limit=10, left=5)
    late, refused = model.acquire(now), model.acquire(now)
    model.on_429(refused, now, RateLimitHit(wait=15.0, interval=1.0, limit=10))
    model.on_response(late, now + 0.1, 10, 9)
    assert model.wait(now + 14.9) > 0
    assert model.wait(now + 15.1) == 0


def test_a_block_that_a_request_of_an_earlier_window_met_is_kept():
    model, now = blocked_model(limit=10, left=5)
    late, refused = model.acquire(now), model.acquire(now)
    model.on_429(refused, now, RateLimitHit(wait=0.1, interval=1.0, limit=10))
    now += model.wait(now)
    assert model.wait(now) == 0
    model.on_response(model.acquire(now), now, 10, 9)
    model.on_429(late, now, RateLimitHit(wait=15.0, interval=1.0, limit=10))
    assert model.wait(now + 14.9) > 0


@pytest.mark.parametrize("headers", [{}, {"limit": 100_000, "left": 99_999}, {"left": 99_999}])
def test_no_more_than_the_limit_leaves_in_a_window_whatever_the_headers_of_successes_say(headers: dict[str, int]):
    limit, left = headers.get("limit"), headers.get("left")
    model = WindowModel()
    model.on_response(model.acquire(0.0), 0.0, limit, left)
    model.on_429(model.acquire(0.0), 0.0, RateLimitHit(wait=0.5, interval=1.0, limit=10))
    now, sent = 0.0, []
    while now < 6.0:
        wait = model.wait(now)
        if wait == 0:
            sent.append(now)
            model.on_response(model.acquire(now), now + 0.001, limit, left)
        now += max(0.001, min(wait, 0.05))
    windows = [sum(0.5 <= at - start < 1.5 for at in sent) for start in range(5)]
    assert windows == [10] * 5


def test_a_limit_that_was_raised_is_used():
    model, now = blocked_model(limit=10, left=9)
    model.on_response(model.acquire(now), now, 1_000, 950)
    assert model.limit == 1_000


def test_few_are_in_flight_when_the_limit_is_small():
    model, now = blocked_model(limit=10, left=9)
    given = 0
    for _ in range(20):
        if model.wait(now) == 0:
            model.acquire(now)
            given += 1
    assert given == 2
    assert 0 < model.wait(now) <= 0.05


def test_a_retry_after_beyond_the_wait_of_the_body_is_kept():
    body = b'{"rateLimit": {"waitMs": 200}}'
    assert parse_429(httpx.Headers({"retry-after": "15"}), body).wait == 15
    assert parse_429(httpx.Headers({"retry-after": "1"}), body).wait == 0.2


@pytest.mark.parametrize("shown", [{}, {"X-RateLimit-Limit": "100000", "X-RateLimit-Remaining": "99999"}])
@pytest.mark.parametrize("wait", [{"Retry-After": "3"}, {}])
def test_at_most_two_requests_meet_a_block_that_nobody_announced(shown: dict[str, str], wait: dict[str, str]):
    arrived: list[float] = []

    def script(asked: Asked) -> Reply:
        arrived.append(time.monotonic())
        if len(arrived) % 11 == 0:
            return Reply(429, {"rateLimit": {**BLOCK, "waitMs": 200}})
        left = arrived[29] + 2.5 - arrived[-1] if len(arrived) >= 30 else 0
        if left > 0:
            return Reply(429, {"rateLimit": BLOCK if wait else {**BLOCK, "waitMs": 1000 * left}}, wait)
        return Reply(202, {"status": "ok"}, shown)

    async def run() -> None:
        async with scripted(script) as server, CommonRoomClient("t", server.base_url) as room:
            await asyncio.gather(*(room.add_or_edit_user(1, User(id=str(number))) for number in range(40)))

    asyncio.run(asyncio.wait_for(run(), 30))
    assert sum(0 <= at - arrived[29] < 2.5 for at in arrived) <= 2


def test_a_failure_that_asks_for_a_wait_stops_everyone():
    arrived: list[float] = []

    def script(asked: Asked) -> Reply:
        arrived.append(time.monotonic())
        if len(arrived) == 1:
            return Reply(503, headers={"Retry-After": "1"})
        return Reply(202, {"status": "ok"})

    async def run() -> None:
        async with scripted(script) as server, CommonRoomClient("t", server.base_url) as room:
            first = asyncio.create_task(room.add_or_edit_user(1, User(id="first")))
            await asyncio.sleep(0.3)
            await asyncio.gather(first, *(room.add_or_edit_user(1, User(id=str(number))) for number in range(20)))

    asyncio.run(asyncio.wait_for(run(), 20))
    assert arrived[1] - arrived[0] >= 1
