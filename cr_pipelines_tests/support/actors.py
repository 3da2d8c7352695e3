"""Syncs and removals in processes of their own, as Dagster's workers are, which may die (-9) at an exact request."""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from cr_pipelines.api import Backoff, CommonRoomClient, careful
from cr_pipelines.api.transport import AiohttpTransport
from cr_pipelines.removal import Removals, Timing
from cr_pipelines.sync import AlreadyRunning, Destination, Sync, run_sync
from cr_pipelines.sync import Timing as EngineTiming
from cr_pipelines.warehouse import open_warehouse

_processes = multiprocessing.get_context("forkserver")
# What a run imports only when it gets there, a second and more in all, is imported once for all of them.
_processes.set_forkserver_preload([__name__, "duckdb", "pandas", "uvloop"])


class Mortal(httpx.AsyncBaseTransport):
    """Kills its process at the request of a number, not counting that of the room: before or after its response."""

    def __init__(self, dies_at: int | None, after: bool):
        self._inner = AiohttpTransport(connect_timeout=10, total_timeout=60)
        self._dies_at = dies_at
        self._after = after
        self._requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/api-token-status"):
            self._requests += 1
        dies = self._requests == self._dies_at
        if dies and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        response = await self._inner.handle_async_request(request)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _destination(base_url: str, token: str, dies_at: int | None, after: bool, abreast: int) -> Destination:
    return Destination(
        lambda: CommonRoomClient(
            token,
            base_url,
            transport=Mortal(dies_at, after),
            retry=careful(Backoff(attempts=4, base=0.01)),
            max_concurrency=abreast,
        ),
        1,
    )


CONTACTS = Sync("contacts", "contact", "common_room_contacts")
ACTIVITIES = Sync("activities", "activity", "common_room_activities")


def sync(
    url: str,
    base_url: str,
    token: str,
    what: Sync = CONTACTS,
    dies_at: int | None = None,
    after: bool = False,
    abreast: int = 128,
    timing: EngineTiming | None = None,
    **room: Any,
) -> None:
    with contextlib.suppress(AlreadyRunning):
        run_sync(
            what,
            open_warehouse(*url.split()),
            _destination(base_url, token, dies_at, after, abreast),
            timing=timing,
            **room,
        )


def settle(
    url: str,
    base_url: str,
    token: str,
    ahead: timedelta = timedelta(),
    dies_at: int | None = None,
    after: bool = False,
    timing: EngineTiming | None = None,
    **room: Any,
) -> None:
    removals = Removals(
        open_warehouse(*url.split()),
        **room,
        timing=Timing(engine=timing or EngineTiming()),
        clock=lambda: datetime.now(UTC) + ahead,
    )
    with contextlib.suppress(AlreadyRunning):
        removals.settle(_destination(base_url, token, dies_at, after, 16))


def start(actor: Callable[..., None], *arguments: Any, **options: Any) -> Any:
    process = _processes.Process(target=actor, args=arguments, kwargs=options)
    process.start()
    return process


def run(actor: Callable[..., None], *arguments: Any, **options: Any) -> int:
    """The exit code; -9 for one that died as planned."""
    process = start(actor, *arguments, **options)
    process.join(60)
    assert process.exitcode is not None
    code: int = process.exitcode
    return code
