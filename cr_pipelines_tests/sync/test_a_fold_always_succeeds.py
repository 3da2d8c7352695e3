"""Whatever a crash or two runs at once leave in the outbox, each key becomes one entry of the ledger."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cr_pipelines.sync import Ledger, StateSchema
from cr_pipelines.sync.state import ledger as ledger_module
from cr_pipelines.sync.state.ledger import SYNC_INTENTS, SYNC_LEDGER, SYNC_OUTCOMES
from cr_pipelines.warehouse import Session, WarehouseError
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES

pytestmark = pytest.mark.parametrize("engine", CORE_ENGINES)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def session(flow: Flow) -> Iterator[Session]:
    with flow.warehouse.session() as session:
        StateSchema(session, "common_room").prepare()
        yield session


def outcome(key: str, status: str, order: int, sequence: int, **more: Any) -> Mapping[str, Any]:
    row = dict.fromkeys(SYNC_OUTCOMES.columns) | {
        "sync": "acts",
        "key": key,
        "partition": "",
        "fingerprint": f"{status} {order}",
        "status": status,
        "attempts": 1,
        "sent_at": NOW,
        "recorded_at": NOW,
        "run_id": f"run {order}",
        "run_order": order,
        "sequence": sequence,
    }
    return row | more


def fold(session: Session, *outcomes: Mapping[str, Any], intents: tuple[tuple[str, str], ...] = ()) -> None:
    state = StateSchema(session, "common_room")
    state.append(SYNC_OUTCOMES, outcomes)
    if intents:
        rows = [{"sync": "acts", "partition": "", "key": key, "run_id": run} for key, run in intents]
        state.append(SYNC_INTENTS, rows)
    Ledger(session, "common_room").fold("acts")


def ledger(session: Session, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(StateSchema(session, "common_room").fetch(SYNC_LEDGER, columns or ("key", "status")))


def test_a_key_that_three_runs_may_have_been_sending_becomes_one_entry(session: Session):
    intents = (("a", "run 1"), ("a", "run 2"), ("a", "run 3"), ("b", "run 2"))
    for _ in range(2):
        fold(session, outcome("a", "delivered", 2, 1), outcome("b", "invalid", 2, 2), intents=intents)
        assert ledger(session) == [("a", "delivered"), ("b", "invalid")]
    assert session.fetch_all("SELECT count(*) FROM common_room.sync_intents") == [(0,)]
    assert session.fetch_all("SELECT count(*) FROM common_room.sync_outcomes") == [(0,)]


def test_what_a_killed_run_may_have_sent_does_not_count_as_delivered(session: Session):
    fold(session, outcome("a", "delivered", 1, 1))
    fold(session, outcome("a", "invalid", 3, 1), intents=(("a", "run 2"),))
    assert ledger(session, "status", "delivered_fingerprint") == [("invalid", None)]


def test_the_last_outcome_counts_although_the_clock_went_back(session: Session):
    before = NOW - timedelta(hours=1)
    fold(session, outcome("a", "unknown", 1, 1), outcome("a", "delivered", 1, 2, recorded_at=before))
    assert ledger(session) == [("a", "delivered")]


def test_the_later_run_counts_although_its_clock_is_behind(session: Session):
    before = NOW - timedelta(days=1)
    fold(session, outcome("a", "failed", 1, 9), outcome("a", "delivered", 2, 1, recorded_at=before))
    assert ledger(session) == [("a", "delivered")]


@pytest.mark.parametrize("status", ["failed", "unknown", "suppressed", "invalid", "rejected"])
def test_a_run_that_was_taken_over_overwrites_nothing_of_the_run_that_did(session: Session, status: str):
    fold(session, outcome("a", "delivered", 2, 1))
    fold(session, outcome("a", status, 1, 5))
    assert ledger(session) == [("a", "delivered")]


def test_a_run_that_was_taken_over_may_say_that_a_row_arrived(session: Session):
    fold(session, outcome("a", "unknown", 2, 1))
    fold(session, outcome("a", "delivered", 1, 5))
    fold(session, outcome("a", "failed", 1, 6))
    assert ledger(session, "status", "run_order") == [("delivered", 2)]


def test_outcomes_of_an_earlier_version_fold_by_their_moment(session: Session):
    unnumbered = {"run_order": None, "sequence": None}
    fold(
        session,
        {**outcome("a", "delivered", 0, 0, recorded_at=NOW + timedelta(seconds=1)), **unnumbered},
        {**outcome("a", "unknown", 0, 0), **unnumbered},
        {**outcome("b", "failed", 0, 0), **unnumbered},
        outcome("b", "delivered", 1, 1),
    )
    assert ledger(session) == [("a", "delivered"), ("b", "delivered")]


def test_a_fold_in_small_portions_gives_the_same(session: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(type(session.dialect), "folded_at_once", 3)
    monkeypatch.setattr(ledger_module, "_RUNS_AT_ONCE", 2)
    outcomes = [
        outcome(f"k{number % 7}", "failed", run, number, partition=f"day {run}")
        for run in (1, 2, 3)
        for number in range(10)
    ]
    last = [outcome(f"k{number}", "delivered", 4, number - 3) for number in range(7)]
    fold(session, *outcomes, *last)
    assert ledger(session) == [(f"k{number}", "delivered") for number in range(7)]
    assert session.fetch_all("SELECT count(*) FROM common_room.sync_outcomes") == [(0,)]


def test_only_what_was_folded_is_deleted(session: Session):
    """A run of another day appends meanwhile, with an earlier moment."""
    state = StateSchema(session, "common_room")
    state.append(SYNC_OUTCOMES, [outcome("a", "delivered", 1, 1)])
    folding = Ledger(session, "common_room")
    execute = session.execute

    def append_meanwhile(statement: str) -> None:
        execute(statement)
        if statement.startswith("MERGE"):
            session.execute = execute  # type: ignore[method-assign]
            late = outcome("b", "unknown", 2, 1, partition="day 2", recorded_at=NOW - timedelta(days=1))
            state.append(SYNC_OUTCOMES, [late])

    session.execute = append_meanwhile  # type: ignore[method-assign]
    folding.fold("acts")
    assert state.fetch(SYNC_OUTCOMES, ("key",)) == [("b",)]
    folding.fold("acts")
    assert ledger(session) == [("a", "delivered"), ("b", "unknown")]


def test_the_engine_refuses_a_second_entry_where_it_can(session: Session, engine: str):
    state = StateSchema(session, "common_room")
    state.append(SYNC_LEDGER, [{"sync": "acts", "key": "a"}])
    if engine.endswith("postgresql"):
        with pytest.raises(WarehouseError, match="duplicate key"):
            state.append(SYNC_LEDGER, [{"sync": "acts", "key": "a"}])


def test_a_ledger_that_an_earlier_version_broke_is_repaired(session: Session, engine: str):
    """A key with several rows, and an outcome whose key no index takes."""
    state = StateSchema(session, "common_room")
    if engine.endswith("postgresql"):
        session.execute("DROP INDEX common_room.sync_ledger_sync_key_idx")
    kept = [
        {"sync": "acts", "key": "sent", "status": "delivered", "fingerprint": "last", "last_sent_at": NOW},
        {"sync": "acts", "key": "in doubt", "status": "unknown", "fingerprint": "last", "last_sent_at": NOW},
        {"sync": "acts", "key": "bad", "status": "invalid", "fingerprint": "last", "last_sent_at": None},
        {"sync": "other", "key": "sent", "status": "failed", "fingerprint": "last", "last_sent_at": NOW},
    ]
    earlier, later = NOW - timedelta(days=1), NOW + timedelta(days=1)
    broken = [
        {"sync": "acts", "key": "sent", "status": "delivered", "fingerprint": "first", "last_sent_at": earlier},
        {"sync": "acts", "key": "sent", "status": "failed", "fingerprint": "failed", "last_sent_at": later},
        {"sync": "acts", "key": "in doubt", "status": "failed", "fingerprint": "failed", "last_sent_at": later},
    ]
    state.append(SYNC_LEDGER, [*broken, *kept])
    state.append(SYNC_OUTCOMES, [outcome("long" * 1_000, "invalid", 1, 1)])
    session.execute("DELETE FROM common_room.state_version")
    session.execute("ALTER TABLE common_room.sync_runs DROP COLUMN process_started")
    state.prepare()
    columns = ("sync", "key", "status", "fingerprint")
    assert ledger(session, *columns) == sorted(tuple(row[name] for name in columns) for row in kept)
    Ledger(session, "common_room").fold("acts")
    assert [key for key, _ in ledger(session) if key.startswith("sha256:")]


def test_rows_whose_run_was_killed_have_no_intent_left_after_the_next_run(flow: Flow):
    """Rows that are invalid as before, and that need no outcome of their own, included."""
    flow.sql("UPDATE common_room_contacts SET email = 'bad' WHERE seats < 5")
    flow.run()
    flow.sql(
        "INSERT INTO common_room.sync_intents (sync, partition, key, run_id) "
        "SELECT 'contacts', '', 'c' || i, 'killed' FROM generate_series(0, 9) AS numbers(i)"
    )
    flow.run()
    assert flow.sql("SELECT count(*) FROM common_room.sync_intents") == [(0,)]
    assert flow.run().delivered == 0


def test_a_key_longer_than_an_index_takes_holds_up_nothing(flow: Flow):
    flow.run()
    # Random, so that it cannot be compressed.
    long = "".join(f"{number * 7919 % 99991:05}" for number in range(2_000))
    flow.sql(f"INSERT INTO common_room_contacts SELECT '{long}', 'Long', NULL, 1")
    flow.sql("INSERT INTO common_room_contacts SELECT 'new', 'New', NULL, 1")
    for delivered in (1, 0):
        report = flow.run()
        assert (report.delivered, report.invalid) == (delivered, 1)
    [key] = flow.rejected()
    assert key.startswith("sha256:")
    flow.sql("DELETE FROM common_room_contacts WHERE full_name = 'Long'")
    assert flow.run().absent_from_source == 1


def test_a_key_of_several_columns_is_bounded_as_a_whole(flow: Flow):
    source = "SELECT repeat('é', 400) AS id, repeat('x', 400) AS activity_type, now() AS timestamp, 'u' AS user_id"
    report = flow.reading(source, name="activities", kind="activity").run()
    assert report.source_rows == report.invalid + report.delivered == 1
    [(key,)] = flow.sql("SELECT key FROM common_room.sync_ledger")
    assert key.startswith("sha256:")


@pytest.mark.long
def test_a_hundred_thousand_outcomes_fold_in_seconds(session: Session):
    dialect = session.dialect
    session.execute(
        "INSERT INTO common_room.sync_outcomes (sync, key, partition, status, attempts, fingerprint, recorded_at, "
        f"run_id, run_order, sequence) SELECT 'acts', 'k' || i, '', 'delivered', 1, md5({dialect.text('i')}), now(), "
        "'r', 1, i FROM generate_series(1, 100000) AS numbers(i)"
    )
    session.execute(
        "INSERT INTO common_room.sync_intents (sync, partition, key, run_id) "
        "SELECT 'acts', '', 'k' || i, 'r' FROM generate_series(1, 100000) AS numbers(i)"
    )
    begun = time.monotonic()
    Ledger(session, "common_room").fold("acts")
    assert time.monotonic() - begun < 30
    assert session.fetch_all("SELECT count(*) FROM common_room.sync_ledger") == [(100_000,)]
