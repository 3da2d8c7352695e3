"""Each session costs a connection, or the attaching and the checkpoint of a file."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cr_pipelines.sync import Report, run_sync
from cr_pipelines.sync.deliver.recorder import Recorder
from cr_pipelines.sync.deliver.run_end import RunEnd
from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.privacy.sent_addresses import SentAddresses
from cr_pipelines.sync.privacy.watch import SuppressionWatch
from cr_pipelines.sync.state.heartbeat import Heartbeat
from cr_pipelines.sync.state.outbox import Outbox
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.sync.timing import Timing
from cr_pipelines.warehouse import Warehouse, WarehouseError
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES

SCHEMA = "common_room"


@pytest.fixture(params=CORE_ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


class Sessions:
    """Counts the sessions of a warehouse, each of which takes a while."""

    def __init__(self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, seconds: float = 0):
        self.opened = 0
        self.warehouse = warehouse
        open_session = warehouse.session

        @contextmanager
        def counted() -> Iterator[Any]:
            self.opened += 1
            with open_session() as session:
                time.sleep(seconds)
                yield session

        monkeypatch.setattr(warehouse, "session", counted)


def quiet_run(flow: Flow, warehouse: Warehouse) -> Report:
    report = run_sync(flow.sync, warehouse, flow.destination())
    last = "SELECT state, unchanged FROM common_room.sync_runs ORDER BY started_at DESC LIMIT 1"
    assert flow.sql(last) == [("succeeded", 10)]
    return report


def test_a_run_that_finds_nothing_to_do_has_one_session(flow: Flow, monkeypatch: pytest.MonkeyPatch):
    flow.run()
    sessions = Sessions(flow.warehouse, monkeypatch)
    assert quiet_run(flow, sessions.warehouse).unchanged == 10
    assert sessions.opened == 1


def test_it_ends_in_another_session_if_that_of_its_plan_breaks(flow: Flow, monkeypatch: pytest.MonkeyPatch):
    flow.run()
    sessions, record = Sessions(flow.warehouse, monkeypatch), RunEnd.record_in

    def broken(*arguments: Any) -> None:
        if sessions.opened == 1:
            raise WarehouseError("the connection is lost")
        record(*arguments)

    monkeypatch.setattr(RunEnd, "record_in", broken)
    assert quiet_run(flow, sessions.warehouse).unchanged == 10
    assert sessions.opened == 2


def test_a_write_does_not_follow_another_that_did_what_was_due(flow: Flow, monkeypatch: pytest.MonkeyPatch):
    flow.run()
    run, timing = RunKey("a run", "contacts", ""), Timing()
    watch = SuppressionWatch(run, SCHEMA, None, timing)
    with flow.warehouse.session() as session:
        order = RunRegistry(session, SCHEMA).claim(*run, "changed")
        watch.look(session)
    sessions = Sessions(flow.warehouse, monkeypatch, seconds=0.2)
    outbox, addresses = Outbox(run, order, SCHEMA, "version"), SentAddresses(run, "contact", None, SCHEMA)
    heartbeat = Heartbeat(run, SCHEMA, timing.heartbeat_seconds)
    recorder = Recorder(sessions.warehouse, outbox, addresses, watch, heartbeat, timing)

    async def write() -> None:
        recording = asyncio.create_task(recorder.keep_recording())
        assert watch.can_confirm()
        await recorder.flush()
        assert not watch.can_confirm()
        await asyncio.sleep(0.1)
        recording.cancel()

    asyncio.run(write())
    assert sessions.opened == 1
