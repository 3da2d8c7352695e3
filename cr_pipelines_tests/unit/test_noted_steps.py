"""Steps are handed out only once the warehouse has what they are about."""

import asyncio
import time
from collections.abc import Coroutine, Iterator
from typing import Any, cast

import pytest

from cr_pipelines.sync.deliver.batches import Batch, Skipped
from cr_pipelines.sync.deliver.noted_steps import NotedSteps

pytestmark = pytest.mark.unit


class Warehouse:
    """What was noted, and what of it was written."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.noted: list[Batch] = []
        self.written = 0
        self.writes = 0
        self._fails_at = fails_at

    async def write(self) -> None:
        self.writes += 1
        if self.writes == self._fails_at:
            raise RuntimeError("the warehouse cannot be reached")
        count = len(self.noted)
        await asyncio.sleep(0.001)
        self.written = count


def batches(count: int) -> list[Batch]:
    """Steps that nothing looks into."""
    return [cast(Batch, object.__new__(Batch)) for _ in range(count)]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1_064, 5_000])
def test_every_step_is_handed_out_once_in_order_and_never_before_it_is_written(count: int) -> None:
    async def test() -> None:
        warehouse, all_steps = Warehouse(), batches(count)
        order = {id(step): number for number, step in enumerate(all_steps)}
        steps = NotedSteps(iter(all_steps), warehouse.noted.append, warehouse.write)
        taken: list[int] = []

        async def work() -> None:
            while (step := await steps.next()) is not None:
                assert order[id(step)] < warehouse.written
                taken.append(order[id(step)])
                await asyncio.sleep(0)

        await asyncio.gather(*(work() for _ in range(16)))
        await steps.close()
        assert taken == list(range(count))

    run(test())


def test_skipped_rows_are_handed_out_and_not_noted() -> None:
    async def test() -> None:
        warehouse, skipped = Warehouse(), cast(Skipped, object.__new__(Skipped))
        [batch] = batches(1)
        given: list[Batch | Skipped] = [skipped, batch, skipped]
        steps = NotedSteps(iter(given), warehouse.noted.append, warehouse.write)
        assert [await steps.next() for _ in range(4)] == [*given, None]
        assert warehouse.noted == [batch]
        await steps.close()

    run(test())


def test_nothing_is_handed_out_that_could_not_be_written() -> None:
    async def test() -> None:
        warehouse = Warehouse(fails_at=2)
        steps = NotedSteps(iter(batches(500)), warehouse.noted.append, warehouse.write)
        for _ in range(64):
            assert await steps.next() is not None
        with pytest.raises(RuntimeError, match="cannot be reached"):
            await steps.next()
        await steps.close()

    run(test())


def test_closing_ends_the_preparation() -> None:
    async def test() -> None:
        taken: list[Batch] = []

        def endless() -> Iterator[Batch]:
            while True:
                taken.extend(batches(1))
                yield taken[-1]

        warehouse = Warehouse()
        steps = NotedSteps(endless(), warehouse.noted.append, warehouse.write)
        assert await steps.next() is not None
        await steps.close()
        count = len(taken)
        await asyncio.sleep(0.01)
        assert len(taken) == count

    run(test())


def test_other_tasks_get_their_turn_between_steps_that_take_long() -> None:
    async def test() -> None:
        warehouse, longest = Warehouse(), 0
        prepared = 0

        def note(step: Batch) -> None:
            nonlocal prepared
            prepared += 1
            warehouse.noted.append(step)
            time.sleep(0.01)

        async def take_turns() -> None:
            nonlocal longest
            while prepared < 40:
                before = prepared
                await asyncio.sleep(0)
                longest = max(longest, prepared - before)

        steps = NotedSteps(iter(batches(40)), note, warehouse.write)
        await asyncio.gather(steps.next(), take_turns())
        await steps.close()
        assert longest == 1

    run(test())
