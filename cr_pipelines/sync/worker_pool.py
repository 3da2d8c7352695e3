"""A pool of workers, and tasks that run alongside them.

Goes in: coroutines. Comes out: all of them have ended, no matter what ended the first one.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

Work = Coroutine[Any, Any, None]


class WorkerPool:
    """Runs workers until there is nothing to do, alongside tasks that never end on their own."""

    def __init__(self) -> None:
        self._workers: list[asyncio.Task[None]] = []

    async def run(self, work: Work, *beside: Work) -> None:
        """Run `work`, which may start workers, and cancel the tasks alongside it when it ends.

        An error in one of these tasks, such as a ledger that cannot be written, ends the work at once. Raises that
        error, or the one that the work raises.
        """
        working = asyncio.create_task(work)
        others = [asyncio.create_task(other) for other in beside]
        try:
            await asyncio.wait({working, *others}, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                if other.done():
                    other.result()
            await working
        finally:
            await _end([*others, working, *self._workers])

    async def start(self, worker: Callable[[], Work], count: int) -> None:
        """Run this many workers until they end. Called by the work that is given to `run`."""
        self._workers = [asyncio.create_task(worker()) for _ in range(count)]
        await asyncio.gather(*self._workers)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    pending: Collection[asyncio.Task[None]] = tasks
    while pending:
        # Repeatedly, because pyreqwest ignores the cancellation of a request that ends at that moment, and keeps
        # waiting.
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=0.1)
        for task in done:
            if not task.cancelled():
                task.exception()
