"""A hundred million rows of old days must not slow down the plan of a new one."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cr_pipelines.sync import Options, Partition, StateSchema, Sync
from cr_pipelines.sync.plan.planner import Planner
from cr_pipelines.warehouse import Session
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES

pytestmark = pytest.mark.parametrize("engine", CORE_ENGINES)

DAYS = 100
ROWS_A_DAY = {"duckdb": 10_000, "postgresql": 2_000}
"""DuckDB keeps 122,880 rows together, and reads them together."""


def watched(session: Session, output: Path) -> Callable[[], int]:
    """Count the ledger's rows that DuckDB reads for a session's statements."""
    connection = session._connection  # type: ignore[attr-defined]
    connection.execute("SET enable_profiling = 'json'")
    connection.execute(f"SET profiling_output = '{output}'")
    read = []

    def watch(run: Callable[[str], Any]) -> Callable[[str], Any]:
        def watching(statement: str) -> Any:
            answer = run(statement)
            # Written when the answer has been read to its end.
            if output.exists():
                read.append(rows_read(json.loads(output.read_text())))
                output.unlink()
            return answer

        return watching

    session.execute, session.fetch_all = watch(session.execute), watch(session.fetch_all)  # type: ignore[method-assign]
    return lambda: sum(read)


def rows_read(profile: dict[str, Any]) -> int:
    """The ledger's rows that were read, by the profile of a statement or the part of it for an operator."""
    here = profile.get("rows_scanned", 0) if "sync_ledger" in str(profile.get("extra_info")) else 0
    return int(here) + sum(map(rows_read, profile.get("operator") or profile.get("children") or ()))


def plan_of_a_day(flow: Flow, output: Path) -> tuple[int, int]:
    """How many rows its plan offers, and how many of the ledger it read."""
    part = Partition.of_day("seen_at", date(2026, 3, 1))
    count = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'sync_ledger'"
    state = flow.data.kind.rpartition("-")[2]
    before = flow.sql(count) if state == "postgresql" else []
    with flow.warehouse.session() as session, flow.warehouse.source_session(session) as source:
        counted = watched(session, output) if state == "duckdb" else None
        sync = Sync("seen", "contact", "seen")
        plan = Planner(session, "common_room", sync, Options(), part, source).plan()
        plan.spool.close()
        if counted is not None:
            return plan.offered, counted()
        # A connection that stays open tells its counts when it likes.
        session.fetch_all("SELECT pg_stat_force_next_flush()")
    [(after,)], [(began,)] = flow.sql(count), before
    return plan.offered, after - began


@pytest.mark.long
def test_it_reads_no_more_of_the_ledger_than_its_partition_and_what_stands_beside_it(flow: Flow, tmp_path: Path):
    rows = ROWS_A_DAY[flow.data.kind.rpartition("-")[2]]
    numbers = f"generate_series(0, {DAYS * rows - 1}) AS numbers(i)"
    day = f"CAST((i - i % {rows}) / {rows} AS integer)"
    flow.sql(
        "CREATE TABLE seen AS SELECT i AS id, 'Name ' || i AS full_name, "
        "TIMESTAMP '2026-01-01 00:00:00' + day * INTERVAL '1 day' AS seen_at "
        f"FROM (SELECT i, {day} AS day FROM {numbers}) AS numbered"
    )
    with flow.warehouse.session() as session:
        StateSchema(session, "common_room").prepare()
    flow.sql(
        "INSERT INTO common_room.sync_ledger (sync, key, partition, fingerprint, row_hash, row_hash_version, status) "
        f"SELECT 'seen', CAST(i AS varchar), CAST(DATE '2026-01-01' + {day} AS varchar), '', 1, 'v', 'delivered' "
        f"FROM {numbers}"
    )
    with flow.warehouse.session() as session:
        session.execute("ANALYZE")
    offered, read = plan_of_a_day(flow, tmp_path / "profile.json")
    assert offered == rows
    # The partition is looked through some times over.
    assert 0 < read < DAYS * rows / 2
