import asyncio
from typing import Any

import pytest

from cr_pipelines.api import CommonRoomError, NotTheApi, SegmentNote
from cr_pipelines.sync import Timing, WorkerPool
from cr_pipelines.sync.contract import Outgoing
from cr_pipelines.sync.deliver.batches import Batch, Item, Skipped, batched
from cr_pipelines.sync.deliver.circuit_breaker import CircuitBreaker
from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.plan.spool import PlannedRow
from cr_pipelines.sync.privacy.in_flight import RequestsInFlight
from cr_pipelines.sync.privacy.send_guard import Identity, LeaseExpired, SendGuard
from cr_pipelines.sync.privacy.suppression import Suppressed
from cr_pipelines.sync.privacy.watch import SuppressionWatch

ADA = Suppressed(1, frozenset({"ada"}))


def row(key: str) -> PlannedRow:
    return PlannedRow(key, "new", f"fingerprint {key}", 1, None, None, None, None, None, ())


def item(key: str, group: str = "") -> Item:
    return Item(row(key), Outgoing(SegmentNote(segment_id=1, note=key), (), None, group=(group,)))


def keys(steps: Any) -> list[Any]:
    return [step.keys if isinstance(step, Batch) else step.row.key for step in steps]


def test_consecutive_rows_of_a_group_share_a_batch_up_to_its_size():
    rows = [item("a", "x"), item("b", "x"), item("c", "x"), item("d", "y"), item("e", "x")]
    assert keys(batched(rows, 2)) == [["a", "b"], ["c"], ["d"], ["e"]]


def test_a_skipped_row_neither_waits_for_a_batch_nor_ends_one():
    rows = [item("a"), Skipped(row("b"), "invalid"), item("c")]
    assert keys(batched(rows, 10)) == ["b", ["a", "c"]]


def test_with_one_row_per_request_each_row_is_a_batch_at_once():
    source = iter([item("a"), item("b")])
    assert next(batched(source, 1)).keys == ["a"]
    assert next(source).row.key == "b"


def test_the_halves_of_a_batch_have_all_its_rows():
    batch = Batch([item(key) for key in "abcde"])
    assert keys(batch.split()) == [["a", "b"], ["c", "d", "e"]]


def test_a_batch_without_its_only_rows_is_none():
    batch = Batch([item("a"), item("b")])
    assert batch.without({"a"}) == Batch([batch.items[1]])
    assert batch.without({"a", "b"}) is None


def error() -> CommonRoomError:
    return CommonRoomError("refused", attempts=1)


def test_the_breaker_opens_when_every_one_of_the_first_rows_is_rejected():
    breaker = CircuitBreaker()
    for _ in range(49):
        breaker.count_rejected(error())
    assert not breaker.is_open
    breaker.count_rejected(error())
    assert breaker.is_open
    assert breaker.rejects_everything


def test_the_breaker_stays_closed_on_rejections_once_a_row_was_accepted():
    breaker = CircuitBreaker()
    breaker.count_accepted()
    for _ in range(500):
        breaker.count_rejected(error())
    assert not breaker.is_open


def test_the_breaker_opens_on_failures_in_a_row_only():
    breaker = CircuitBreaker()
    for _ in range(99):
        breaker.count_failed(error())
    breaker.count_not_found()
    for _ in range(99):
        breaker.count_failed(error())
    assert not breaker.is_open
    breaker.count_failed(error())
    assert breaker.reason is not None
    assert breaker.reason.startswith("the last 100 requests failed")


def test_the_breaker_opens_soon_when_the_first_responses_say_nothing_about_a_row():
    breaker = CircuitBreaker()
    for _ in range(19):
        breaker.count_failed(NotTheApi("add_or_edit_user", 1, 403, None, "content type text/html"))
    assert not breaker.is_open
    breaker.count_failed(NotTheApi("add_or_edit_user", 1, 403, None, "content type text/html"))
    assert "content type text/html" in str(breaker.reason)
    assert breaker.unreachable is not None


def test_the_breaker_keeps_its_first_reason():
    breaker = CircuitBreaker()
    breaker.stop("first")
    breaker.stop("second")
    assert breaker.reason == "first"


class Request:
    def __init__(self, *addresses: str):
        self._addresses = addresses

    def address_in(self, suppressed: Suppressed) -> str | None:
        return next((address for address in self._addresses if address in suppressed.addresses), None)


def test_a_request_in_flight_concerns_the_people_in_it_until_its_response():
    in_flight, request = RequestsInFlight(linger_seconds=60), Request("ada")
    in_flight.add(request)
    in_flight.add(Request("bob"))
    assert in_flight.concern(ADA)
    in_flight.remove(request, responded=True)
    assert not in_flight.concern(ADA)


@pytest.mark.parametrize(("linger_seconds", "concerned"), [(60.0, True), (0.0, False)])
def test_a_request_without_a_response_may_arrive_for_a_while(linger_seconds: float, concerned: bool):
    in_flight, request = RequestsInFlight(linger_seconds), Request("ada")
    in_flight.add(request)
    in_flight.remove(request, responded=False)
    assert in_flight.concern(ADA) is concerned


def test_nothing_is_sent_before_the_first_look_at_the_suppression_list():
    watch = SuppressionWatch(RunKey("run", "contacts"), "common_room", None, Timing())
    hook = SendGuard(watch).hook([Identity("key", None, ())])
    with pytest.raises(LeaseExpired):
        hook.enter(b"{}")
    assert hook.attempts == 0


def test_an_error_beside_the_work_ends_the_workers_at_once():
    ended = []

    async def worker() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("worker")

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("the ledger cannot be written")

    async def run() -> None:
        pool = WorkerPool()
        await pool.run(pool.start(worker, 3), fail())

    with pytest.raises(ValueError, match="cannot be written"):
        asyncio.run(run())
    assert ended == ["worker"] * 3


def test_what_runs_beside_the_work_ends_with_it():
    async def beside() -> None:
        await asyncio.sleep(60)

    async def worker() -> None:
        await asyncio.sleep(0)

    async def run() -> None:
        pool = WorkerPool()
        await asyncio.wait_for(pool.run(pool.start(worker, 3), beside()), 5)

    asyncio.run(run())
