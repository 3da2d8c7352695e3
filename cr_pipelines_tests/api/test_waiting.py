import asyncio
import time
from typing import Any

import pytest

from cr_pipelines.api import Backoff, CommonRoomClient, RateLimited, User, careful
from cr_pipelines_tests.support.scripted_server import Asked, Reply, in_turn, scripted

TOKEN = "header.payload.signature"  # noqa: S105


def too_many(wait_ms: float, interval: float = 60) -> Reply:
    details = {"intervalLimit": 2, "intervalRemaining": 0, "intervalResetSeconds": interval, "waitMs": wait_ms}
    headers = {"X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "0"}
    return Reply(429, {"reason": "rate-limited", "rateLimit": details}, headers)


def accepted(left: int, after: float = 0.0) -> Reply:
    return Reply(202, "", {"X-RateLimit-Limit": "2", "X-RateLimit-Remaining": str(left)}, after)


def test_a_429_is_waited_out_and_costs_no_attempt() -> None:
    async def run() -> None:
        async with (
            scripted(in_turn(too_many(80), too_many(80), accepted(1))) as server,
            CommonRoomClient(TOKEN, server.base_url, retry=careful(Backoff(attempts=1))) as room,
        ):
            assert (await room.add_or_edit_user(1, User(id="1"))).attempts == 1
            stats = room.stats
            assert (stats.requests, stats.rate_limited, stats.retries) == (3, 2, 0)
            assert (stats.limit, stats.interval_seconds) == (2, 60)
            assert stats.rate_used is None

    asyncio.run(run())


def test_a_429_stops_all_callers_and_not_only_the_one_who_got_it() -> None:
    times: list[float] = []

    def script(asked: Asked) -> Reply:
        times.append(time.monotonic())
        return too_many(300) if len(times) == 1 else accepted(1)

    async def run() -> None:
        async with scripted(script) as server, CommonRoomClient(TOKEN, server.base_url) as room:
            await asyncio.gather(*(room.add_or_edit_user(1, User(id=str(n))) for n in range(5)))

    asyncio.run(run())
    assert times[1] - times[0] >= 0.3


@pytest.mark.parametrize("wait_ms", [3_600_000, 200])
def test_waiting_ends_with_an_error_when_it_would_take_longer_than_allowed(wait_ms: float) -> None:
    async def run() -> None:
        async with (
            scripted(in_turn(too_many(wait_ms, interval=3600))) as server,
            CommonRoomClient(TOKEN, server.base_url, max_limit_wait=0.5) as room,
        ):
            results = await asyncio.gather(
                *(room.add_or_edit_user(1, User(id=str(n))) for n in range(20)), return_exceptions=True
            )
            assert all(isinstance(result, RateLimited) for result in results)
            error: Any = results[0]
            assert (error.http_status, error.reason_code, error.operation) == (429, "rate_limited", "add_or_edit_user")
            assert "max_limit_wait" in str(error)

    asyncio.run(asyncio.wait_for(run(), 5))


def test_after_waiting_too_long_the_client_can_be_used_again() -> None:
    async def run() -> None:
        async with (
            scripted(in_turn(too_many(300), accepted(1))) as server,
            CommonRoomClient(TOKEN, server.base_url, max_limit_wait=0.1) as room,
        ):
            with pytest.raises(RateLimited):
                await room.add_or_edit_user(1, User(id="1"))
            await asyncio.sleep(0.4)
            assert (await room.add_or_edit_user(1, User(id="1"))).status == 202

    asyncio.run(run())


def test_a_cancelled_call_gives_its_place_to_the_next() -> None:
    async def run() -> None:
        slow_first = in_turn(accepted(1), accepted(0, after=20), accepted(1))
        async with scripted(slow_first) as server, CommonRoomClient(TOKEN, server.base_url, max_concurrency=1) as room:
            await room.add_or_edit_user(1, User(id="1"))
            hanging = asyncio.create_task(room.add_or_edit_user(1, User(id="2")))
            queued = asyncio.create_task(room.add_or_edit_user(1, User(id="3")))
            last = asyncio.create_task(room.add_or_edit_user(1, User(id="4")))
            await asyncio.sleep(0.1)
            queued.cancel()
            hanging.cancel()
            assert (await asyncio.wait_for(last, 5)).status == 202
            assert [asked.json["id"] for asked in server.asked] == ["1", "2", "4"]

    asyncio.run(run())


def test_calls_cancelled_at_any_moment_leave_no_place_taken() -> None:
    async def run() -> None:
        async with scripted(in_turn(Reply(202))) as server, CommonRoomClient(TOKEN, server.base_url) as room:
            for round_ in range(20):
                calls = [asyncio.create_task(room.add_or_edit_user(1, User(id=str(n)))) for n in range(60)]
                await asyncio.sleep(0.0005 * round_)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            done = asyncio.gather(*(room.add_or_edit_user(1, User(id=str(n))) for n in range(200)))
            assert len(await asyncio.wait_for(done, 20)) == 200

    asyncio.run(run())


def test_calls_are_let_through_in_the_order_they_came() -> None:
    async def run() -> None:
        async with (
            scripted(in_turn(Reply(202))) as server,
            CommonRoomClient(TOKEN, server.base_url, max_concurrency=1) as room,
        ):
            await asyncio.gather(*(room.add_or_edit_user(1, User(id=str(n))) for n in range(100)))
            assert [asked.json["id"] for asked in server.asked] == [str(n) for n in range(100)]

    asyncio.run(run())


def deliver(limit: int, interval: float, shares: list[int]) -> tuple[int, int, float]:
    """Users stored, answers of 429 and seconds, when clients share the sandbox's limit."""
    sandbox_package = pytest.importorskip("cr_pipelines.sandbox")

    async def client(sandbox: Any, name: str, count: int) -> int:
        async with CommonRoomClient(sandbox.token, sandbox.base_url) as room:
            await asyncio.gather(
                *(room.add_or_edit_user(sandbox.source_id, User(id=f"{name}{n}")) for n in range(count))
            )
            return room.stats.rate_limited

    async def run(sandbox: Any) -> tuple[int, float]:
        began = time.monotonic()
        refused = await asyncio.gather(*(client(sandbox, f"client{n}-", count) for n, count in enumerate(shares)))
        return sum(refused), time.monotonic() - began

    with sandbox_package.SandboxServer() as sandbox:
        sandbox.control.set_limit(limit, interval)
        refused, seconds = asyncio.run(run(sandbox))
        return len(sandbox.control.users(sandbox.source_id)), refused, seconds


@pytest.mark.serial
def test_a_limit_is_used_up_without_running_into_it() -> None:
    stored, refused, seconds = deliver(20, 1.0, [100])
    assert stored == 100
    assert refused <= 3
    assert 4.0 <= seconds <= 5.5


def test_two_clients_on_one_token_both_finish() -> None:
    stored, refused, _ = deliver(20, 1.0, [40, 40])
    assert stored == 80
    assert refused <= 30
