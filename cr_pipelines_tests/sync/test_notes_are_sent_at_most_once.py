"""Operations that append: a note is never doubled, and none is lost without a row that says `unknown`."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Report, Sync, SyncStopped, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.room import introduce
from cr_pipelines_tests.support.warehouses import empty_warehouse, urls_of

NOTING = "addNoteToSegment"
RUN = Path(__file__).with_name("run_a_sync.py")


def with_notes(flow: Flow, rows: int) -> Flow:
    """A sync of a number of notes on a segment, each with its number as its text."""
    flow.sql(
        "CREATE TABLE notes AS SELECT i AS id, 'Champions' AS segment, 'note ' || i AS note "
        f"FROM generate_series(0, {rows - 1}) AS numbers(i)"
    )
    return Flow(flow.data, flow.sandbox, Sync("notes", "segment_note", "notes"))


def written(sandbox: SandboxServer) -> Counter[str]:
    """How often each note stands in the room."""
    return Counter(note["note"].removeprefix("note ") for note in sandbox.control.notes())


def standing(flow: Flow, status: str) -> set[str]:
    return {key for key, found in flow.statuses().items() if found == status}


def sent(sandbox: SandboxServer) -> int:
    return len(sandbox.control.requests(operation=NOTING))


def places(report: Report) -> int:
    return sum(
        getattr(report, place)
        for place in ("unchanged", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent")
    )


def test_lost_answers_leave_unknown_rows_and_no_note_twice(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 200)
    sandbox.control.set_faults(drop_after_rate=0.15, drop_before_rate=0.1, error_after_rate=0.05, seed=3)
    report = notes.run()
    assert (report.delivered + report.unknown, places(report)) == (200, 200)
    assert report.unknown >= 30
    sandbox.control.set_faults()
    again = notes.run()
    assert (again.unknown, again.unchanged, again.requests) == (report.unknown, report.delivered, 0)
    assert max(written(sandbox).values()) == 1
    missing = {str(number) for number in range(200)} - set(written(sandbox))
    assert missing <= standing(notes, "unknown")


@pytest.fixture
def own_sandbox() -> Iterator[SandboxServer]:
    """A sandbox for one test: what a killed run had in flight may still land after it."""
    with SandboxServer() as server:
        yield server


@pytest.mark.long
@pytest.mark.process
def test_ten_kills_under_faults_double_no_note_and_lose_none_without_a_word(flow: Flow, own_sandbox: SandboxServer):
    sandbox = own_sandbox
    notes = with_notes(Flow(flow.data, sandbox), 1_500)
    sandbox.control.set_faults(drop_after_rate=0.01, latency_seconds=0.01, seed=5)
    moments = random.Random(23)
    for _ in range(10):
        process = subprocess.Popen(
            [
                sys.executable,
                str(RUN),
                urls_of(flow.data),
                sandbox.base_url,
                sandbox.token,
                "notes",
                "notes",
                "segment_note",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.7, 1.4))
        process.kill()
        process.wait()
    time.sleep(0.1)
    sandbox.control.set_faults()
    report = notes.run()
    assert (report.delivered + report.unchanged + report.unknown, places(report)) == (1_500, 1_500)
    assert max(written(sandbox).values()) == 1
    everything = {str(number) for number in range(1_500)}
    assert everything - set(written(sandbox)) <= standing(notes, "unknown")
    assert standing(notes, "delivered") <= set(written(sandbox))
    assert standing(notes, "delivered") | standing(notes, "unknown") == everything
    # A kill leaves in doubt what was announced and had no answer on record yet: few rows, not the plan.
    assert report.unknown <= 10 * 150


def test_an_unknown_row_is_sent_again_only_by_naming_its_key(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 6)
    sandbox.control.set_faults(drop_before_rate=1.0, max_faults=2, operations=[NOTING])
    assert notes.run().unknown == 2
    sandbox.control.set_faults()
    unknown = sorted(standing(notes, "unknown"))
    for options in ({}, {"resync": "failed"}, {"resync": "all"}, {"resync": "all", "limit": 3}):
        assert (notes.run(**options).unknown, sent(sandbox)) == (2, 6)
    named = notes.run(keys=unknown[:1])
    assert (named.delivered, named.unknown, sent(sandbox)) == (1, 0, 7)
    assert notes.run(keys=unknown[1:], resync="failed").delivered == 1
    assert written(sandbox) == Counter(map(str, range(6)))
    assert standing(notes, "unknown") == set()


def test_a_delivered_note_that_changes_is_counted_and_sent_only_by_naming_its_key(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 5)
    notes.run()
    flow.sql("UPDATE notes SET note = 'note again' WHERE id = 2")
    for options in ({}, {"resync": "all"}, {"resync": "failed"}):
        report = notes.run(**options)
        assert (report.changed_after_delivery, report.unchanged, report.not_sent, sent(sandbox)) == (1, 4, 1, 5)
    assert "1 of them changed after delivery" in report.summary()
    assert notes.run(keys=["2"]).delivered == 1
    assert written(sandbox)["again"] == 1
    assert notes.run().changed_after_delivery == 0


def test_a_second_row_of_its_key_does_not_make_a_sent_note_new(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 4)
    sandbox.control.set_faults(drop_before_rate=1.0, max_faults=1, operations=[NOTING])
    notes.run()
    sandbox.control.set_faults()
    flow.sql("INSERT INTO notes SELECT id, segment, 'note twin' FROM notes")
    assert notes.run().invalid == 8
    flow.sql("DELETE FROM notes WHERE note = 'note twin'")
    report = notes.run()
    assert (report.unchanged, report.unknown, sent(sandbox)) == (3, 1, 4)


def test_a_note_that_left_the_source_and_came_back_is_not_new(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 4)
    notes.run()
    assert notes.reading("SELECT * FROM notes WHERE id > 1").run().absent_from_source == 2
    assert (notes.run().unchanged, sent(sandbox)) == (4, 4)


def test_a_refused_note_is_known_not_to_be_written_and_may_be_sent_again(flow: Flow, sandbox: SandboxServer):
    flow.sql("CREATE TABLE late AS SELECT 'n' AS id, 'email' AS social_type, 'late@example.com' AS value, 'Hi' AS note")
    notes = Flow(flow.data, sandbox, Sync("contact_notes", "contact_note", "late"))
    assert (notes.run().failed, notes.run().failed) == (1, 1)
    assert notes.statuses() == {"n": "failed"}


def test_what_a_stopped_run_announced_and_never_sent_is_offered_again(flow: Flow, sandbox: SandboxServer):
    introduce(sandbox, [("c0", "Ada", "ada@example.com")])
    flow.sql(
        "CREATE TABLE letters AS SELECT i AS id, 'email' AS social_type, 'ada@example.com' AS value, "
        "'note ' || i AS note FROM generate_series(0, 299) AS numbers(i)"
    )
    notes = Flow(flow.data, sandbox, Sync("contact_notes", "contact_note", "letters"))
    # The token is refused after the room is known, when the first notes are announced already.
    sandbox.control.set_scripts({"operation": "addNoteToContact", "preset": "revoked_token"})
    with pytest.raises(SyncStopped) as stopped:
        run_sync(notes.sync, notes.warehouse, notes.destination())
    report = stopped.value.report
    assert (report.not_sent + report.failed, report.unknown) == (300, 0)
    assert set(notes.statuses().values()) == {"failed"}
    sandbox.control.set_scripts()
    assert notes.run().delivered == 300
    assert written(sandbox) == Counter(map(str, range(300)))


def test_a_server_that_only_loses_answers_is_not_fed_every_note(flow: Flow, sandbox: SandboxServer):
    notes = with_notes(flow, 300)
    sandbox.control.set_faults(drop_after_rate=1.0, operations=[NOTING])
    with pytest.raises(SyncStopped, match="requests failed"):
        notes.run()
    assert 50 <= len(standing(notes, "unknown")) <= 120
    sandbox.control.set_faults()
    report = notes.run()
    assert report.delivered + report.unknown == 300
    assert written(sandbox) == Counter(map(str, range(300)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path


@pytest.mark.long
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    histories=st.lists(
        st.tuples(
            st.fixed_dictionaries(
                {
                    "drop_after_rate": st.sampled_from([0.0, 0.3]),
                    "drop_before_rate": st.sampled_from([0.0, 0.3]),
                    "error_after_rate": st.sampled_from([0.0, 0.2]),
                    "seed": st.integers(0, 1000),
                }
            ),
            st.fixed_dictionaries(
                {"resync": st.sampled_from(["changed", "failed", "all"]), "limit": st.sampled_from([None, 2, 5])}
            ),
            st.sets(st.integers(0, 7)),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_happens_no_key_is_written_twice_and_each_row_has_its_place(
    histories: list[tuple[dict, dict, set[int]]], path: Path, sandbox: SandboxServer
):
    sandbox.control.reset()
    with empty_warehouse(path) as data:
        notes = with_notes(Flow(data, sandbox), 8)
        for faults, options, changed in histories:
            # The room only shows which row a note is from as long as its text begins with the number.
            for number in changed:
                data.sql(f"UPDATE notes SET note = note || ' changed' WHERE id = {number}")
            sandbox.control.set_faults(operations=[NOTING], **faults)
            report = notes.run(**options)
            assert places(report) == 8
        sandbox.control.set_faults()
        notes.run()
        times = Counter(text.split()[0] for text in written(sandbox).elements())
        assert max(times.values(), default=1) == 1
        assert {str(number) for number in range(8)} - set(times) <= standing(notes, "unknown")
        assert standing(notes, "delivered") <= set(times)
