import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from cr_pipelines.api import Backoff, careful
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import AlreadyRunning, SyncStopped, Timing, run_sync
from cr_pipelines.warehouse import SourceMissing, WarehouseError
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.outages import prepared_outage
from cr_pipelines_tests.support.warehouses import (
    ONE_AND_APART,
    opened,
    urls_of,
)

pytestmark = [pytest.mark.process, pytest.mark.long]

RUN = Path(__file__).with_name("run_a_sync.py")


apart = pytest.mark.parametrize("engine", ONE_AND_APART)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """A sandbox for one test: what a killed run had in flight may still land after it."""
    with SandboxServer() as server:
        yield server


def fill(flow: Flow, rows: int) -> None:
    flow.sql(
        "DROP TABLE IF EXISTS common_room_contacts;"
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
        f"'person' || i || '@example.com' AS email FROM generate_series(0, {rows - 1}) AS numbers(i)"
    )


def start(flow: Flow) -> subprocess.Popen[bytes]:
    """A run in a process of its own, as Dagster's worker would be."""
    return subprocess.Popen(
        [sys.executable, str(RUN), urls_of(flow.data), flow.sandbox.base_url, flow.sandbox.token],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@apart
def test_ten_kills_under_faults_leave_the_room_equal_to_the_source(flow: Flow):
    fill(flow, 2_000)
    flow.sandbox.control.set_faults(
        error_rate=0.02, drop_before_rate=0.02, drop_after_rate=0.02, latency_seconds=0.005, seed=7
    )
    moments = random.Random(11)
    runs = kills = 0
    while kills < 10:
        runs += 1
        process = start(flow)
        time.sleep(moments.uniform(0.6, 2.2))
        process.kill()
        process.wait()
        kills += 1
    report = flow.run()
    runs += 1
    assert report.source_rows == 2_000
    assert report.unchanged + report.delivered == 2_000
    assert {key: fields["fullName"] for key, fields in flow.room.items()} == {
        f"c{number}": f"Name {number}" for number in range(2_000)
    }
    retried = Counter(
        request["body"]["id"]
        for request in flow.sandbox.control.requests(operation="addUpdateUserToSource")
        if request["status"] != 202
    )
    posts = Counter(flow.posted())
    assert all(count <= runs + retried[key] for key, count in posts.items())
    # A kill costs at most the unrecorded outcomes, so the repeated posts are few against a full resend.
    assert sum(posts.values()) - 2_000 - sum(retried.values()) <= kills * 1_000


@pytest.mark.serial
def test_a_kill_costs_only_what_was_not_yet_recorded(flow: Flow):
    fill(flow, 3_000)
    flow.sandbox.control.set_faults(latency_seconds=0.2)
    process = start(flow)
    while len(flow.posted()) < 1_500:
        time.sleep(0.02)
    process.kill()
    process.wait()
    [(recorded,)] = flow.sql("SELECT count(*) FROM common_room.sync_outcomes")
    flow.sandbox.control.set_faults()
    report = flow.run()
    assert recorded >= 500
    assert (report.unchanged, report.delivered) == (recorded, 3_000 - recorded)


def test_a_first_run_of_any_size_folds_in_little_memory(flow: Flow):
    flow.run()
    flow.sql(
        "INSERT INTO common_room.sync_outcomes (sync, key, partition, status, attempts, fingerprint, message, "
        "recorded_at, run_id) SELECT 'contacts', 'k' || i, '', 'delivered', 1, md5(i::VARCHAR), repeat('x', 200), "
        "now() + INTERVAL '1 microsecond' * i, 'r' FROM generate_series(1, 300000) AS numbers(i)"
    )
    flow.run()
    assert flow.sql("SELECT count(*) FROM common_room.sync_ledger") == [(300_010,)]
    assert flow.sql("SELECT count(*) FROM common_room.sync_outcomes") == [(0,)]


@pytest.mark.parametrize(
    "between",
    [
        lambda flow: flow.run(keys=["c9"]),
        lambda flow: flow.run(limit=1),
        lambda flow: flow.run(resync="failed"),
        lambda flow: flow.reading("SELECT * FROM common_room_contacts WHERE false").run(),
        lambda flow: run_sync(flow.sync, flow.warehouse, flow.destination(token="wrong")),
        lambda flow: flow.reading("nowhere").run(dry_run=True),
    ],
    ids=["keys", "limit", "failed", "emptied", "bad token", "missing source"],
)
def test_no_run_in_between_forgets_what_a_killed_one_may_have_sent(flow: Flow, between: Callable[[Flow], object]):
    flow.run()
    flow.sandbox.control.set_faults(latency_seconds=0.3)
    flow.sql("UPDATE common_room_contacts SET full_name = 'Version two'")
    process = start(flow)
    while json.dumps(flow.room).count("Version two") < 5:
        time.sleep(0.02)
    process.kill()
    process.wait()
    time.sleep(0.4)
    flow.sandbox.control.set_faults()
    flow.sql("UPDATE common_room_contacts SET full_name = 'Name ' || substr(id, 2)")
    with suppress(SyncStopped, SourceMissing):
        between(flow)
    flow.run()
    assert {fields["fullName"] for fields in flow.room.values()} == {f"Name {number}" for number in range(10)}


@apart
def test_a_row_that_was_in_flight_at_a_kill_and_was_reverted_is_sent_again(flow: Flow):
    flow.run()
    flow.sandbox.control.set_faults(latency_seconds=0.3)
    flow.sql("UPDATE common_room_contacts SET full_name = 'Version two'")
    process = start(flow)
    while "Version two" not in json.dumps(flow.room):
        time.sleep(0.02)
    process.kill()
    process.wait()
    # What was in flight lands late.
    time.sleep(0.5)
    flow.sandbox.control.set_faults()
    flow.sql("UPDATE common_room_contacts SET full_name = 'Name ' || substr(id, 2)")
    flow.run()
    flow.sandbox.control.settle()
    assert {fields["fullName"] for fields in flow.room.values()} == {f"Name {number}" for number in range(10)}


@pytest.mark.serial
def test_a_limit_is_used_to_the_full_and_hardly_ever_met(flow: Flow):
    # With the question which room it is, that is five windows in full.
    fill(flow, 99)
    flow.sandbox.control.set_limit(20, 6)
    began = time.monotonic()
    report = flow.run()
    took = time.monotonic() - began
    assert (report.delivered, report.failed) == (99, 0)
    assert took <= 1.1 * 24
    assert report.rate_limited <= 3
    assert len(flow.room) == 99


def test_two_runs_of_one_sync_do_not_send_the_same_rows(flow: Flow):
    fill(flow, 200)
    flow.sandbox.control.set_faults(latency_seconds=0.2)
    first = threading.Thread(target=flow.run)
    first.start()
    while not flow.posted():
        time.sleep(0.01)
    with pytest.raises(AlreadyRunning, match="has not ended"):
        flow.run()
    first.join()
    assert max(Counter(flow.posted()).values()) == 1


def test_two_syncs_and_a_reader_share_one_warehouse(flow: Flow, sandbox: SandboxServer):
    fill(flow, 400)
    sandbox.control.set_faults(latency_seconds=0.02)
    other = flow.reading("SELECT 'other' || id AS id, full_name FROM common_room_contacts")
    processes = [
        start(flow),
        subprocess.Popen(
            [sys.executable, str(RUN), urls_of(flow.data), sandbox.base_url, sandbox.token, "others", other.sync.source]
        ),
    ]
    looked = 0
    while any(process.poll() is None for process in processes):
        with flow.warehouse.session() as session, flow.warehouse.source_session(session) as source:
            source.columns(flow.sync.relation)
            source.fetch_all(f"SELECT count(*) FROM {source.dialect.relation(flow.sync.relation)}")
        looked += 1
        time.sleep(0.05)
    assert [process.returncode for process in processes] == [0, 0]
    assert looked
    assert len(flow.room) == 800


def test_a_run_that_everything_refuses_stops_early_and_loses_nothing(flow: Flow):
    oversized = flow.reading(
        "SELECT CAST(i AS VARCHAR) AS id, "
        "(SELECT array_agg(repeat('x', 900) || j) FROM generate_series(1, 700) AS t(j)) AS tags "
        "FROM generate_series(1, 60) AS numbers(i)"
    )
    with pytest.raises(SyncStopped, match="refused each of the first 50 rows"):
        oversized.run()
    assert set(flow.statuses().values()) == {"failed"}
    [(state, failed, not_sent, source_rows)] = flow.sql(
        "SELECT state, failed, not_sent, source_rows FROM common_room.sync_runs"
    )
    assert (state, failed + not_sent, source_rows) == ("stopped", 60, 60)


def test_a_server_that_is_down_leaves_the_rows_for_the_next_run(flow: Flow):
    flow.sandbox.control.set_faults(error_rate=1.0)
    destination = flow.destination(retry=careful(Backoff(attempts=2, base=0.01)))
    report = run_sync(flow.sync, flow.warehouse, destination)
    # The question which room it is was repeated too.
    assert (report.failed, report.retries) == (10, 11)
    assert set(flow.statuses().values()) == {"failed"}
    flow.sandbox.control.set_faults()
    assert flow.run().delivered == 10


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_end_does_so_and_keeps_what_was_done(flow: Flow, ending: signal.Signals):
    fill(flow, 6_000)
    flow.sandbox.control.set_faults(latency_seconds=0.5)
    process = start(flow)
    while len(flow.posted()) < 300:
        time.sleep(0.02)
    process.send_signal(ending)
    assert process.wait(timeout=20) != 0
    [(state, delivered)] = flow.sql("SELECT state, delivered FROM common_room.sync_runs")
    assert (state, delivered >= 200) == ("interrupted", True)
    flow.sandbox.control.set_faults()
    report = flow.run()
    assert report.unchanged == delivered
    assert len(flow.room) == 6_000


def test_someone_who_asked_to_be_removed_is_suppressed(flow: Flow):
    flow.run()
    hashed = flow.dialect.sha256("'person4@example.com'")
    flow.sql(
        f"INSERT INTO common_room.pii_removals (request_id, email_hash, status) VALUES ('r1', {hashed}, 'submitted')"
    )
    flow.sandbox.control.clear_requests()
    flow.sql("UPDATE common_room_contacts SET full_name = 'Again', email = NULL WHERE id = 'c4'")
    flow.sql("INSERT INTO common_room_contacts VALUES ('other-id', 'Again', ' PERSON4@example.com', 1)")
    report = flow.run()
    assert (report.suppressed, report.delivered, flow.posted()) == (2, 0, [])
    assert {flow.statuses()["c4"], flow.statuses()["other-id"]} == {"suppressed"}
    assert flow.run(resync="all").suppressed == 2


def test_a_run_says_how_far_it_has_come(flow: Flow):
    flow.sandbox.control.set_faults(latency_seconds=0.3)
    seen = []
    run_sync(
        flow.sync, flow.warehouse, flow.destination(), on_progress=seen.append, timing=Timing(progress_seconds=0.1)
    )
    assert seen
    assert (seen[0].sync, seen[0].total) == ("contacts", 10)


def test_a_warehouse_that_cannot_record_ends_the_sending(flow: Flow):
    fill(flow, 3_000)
    flow.sandbox.control.set_limit(50, 1)
    with prepared_outage(flow.data) as outage, ThreadPoolExecutor() as pool:
        timing = Timing(outage_seconds=2)
        running = pool.submit(run_sync, flow.sync, opened(flow.data, 1), flow.destination(), timing=timing)
        while not flow.posted():
            time.sleep(0.01)
        with outage(), pytest.raises(WarehouseError, match=r"another process .*has had|cannot be reached"):
            running.result(timeout=240)
    assert len(flow.posted()) < 3_000
    flow.sandbox.control.set_limit(None)
    flow.run()
    assert len(flow.room) == 3_000
