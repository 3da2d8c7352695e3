"""Steps of a delivery whose rows are noted before they are handed out.

Goes in: the batches and skipped rows of a plan. Comes out: the same steps, each as soon as the warehouse has recorded
the addresses and ids under which its rows are about to be sent. The next steps are prepared while the workers send, so
sending does not wait for the warehouse.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import islice

from cr_pipelines.sync.deliver.batches import Batch, Skipped

_FIRST = 64
_AT_ONCE = 1_000
_SECONDS_WITHOUT_PAUSE = 0.005
"""How long steps are prepared before other tasks get their turn. A row full of addresses takes a multiple of others."""


class NotedSteps:
    """The steps of one delivery.

    Args:
        steps: yields them.
        note: notes the rows of a batch.
        write: returns once the warehouse has what was noted; if it raises, no step is handed out.
    """

    def __init__(
        self,
        steps: Iterator[Batch | Skipped],
        note: Callable[[Batch], None],
        write: Callable[[], Awaitable[None]],
    ):
        self._steps = steps
        self._note = note
        self._write = write
        self._ready: deque[Batch | Skipped] = deque()
        self._next: asyncio.Task[list[Batch | Skipped]] | None = None
        self._at_once = _FIRST
        self._lock = asyncio.Lock()

    async def next(self) -> Batch | Skipped | None:
        """Return the next step; None after the last."""
        async with self._lock:
            if not self._ready:
                if self._next is None:
                    self._next = asyncio.create_task(self._prepare())
                self._ready.extend(await self._next)
                self._next = asyncio.create_task(self._prepare()) if self._ready else None
            return self._ready.popleft() if self._ready else None

    async def close(self) -> None:
        """Stop preparing steps."""
        if self._next is not None:
            self._next.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._next

    async def _prepare(self) -> list[Batch | Skipped]:
        steps: list[Batch | Skipped] = []
        begun = time.monotonic()
        for step in islice(self._steps, self._at_once):
            steps.append(step)
            if isinstance(step, Batch):
                self._note(step)
            if time.monotonic() - begun > _SECONDS_WITHOUT_PAUSE:
                await asyncio.sleep(0)
                begun = time.monotonic()
        self._at_once = _AT_ONCE
        await self._write()
        return steps
