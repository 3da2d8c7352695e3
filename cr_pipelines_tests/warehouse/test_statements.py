"""Every statement of a run, as each dialect writes it: kept in `statements/`, and parsed in that dialect.

Renew the files after a wanted change, and read their diff:
    CR_RENEW_STATEMENTS=1 .venv/bin/pytest cr_pipelines_tests/warehouse/test_statements.py
"""

import os
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from typing_extensions import override

from cr_pipelines.sync import CompactedPartition, Ledger, Options, Partition, Report, RunRegistry, StateSchema, Sync
from cr_pipelines.sync.catalog import _SEGMENTS
from cr_pipelines.sync.contract import ACTIVITY, SEGMENT_MEMBER, SEGMENT_NOTE, TAG
from cr_pipelines.sync.plan.planner import Planner
from cr_pipelines.sync.state.compaction import Compaction
from cr_pipelines.sync.state.ledger import OUTCOME_SCHEMA
from cr_pipelines.sync.state.runs import this_host
from cr_pipelines.warehouse import BatchSink, Dialect, Relation, Session
from cr_pipelines.warehouse.bigquery import BigQueryDialect, BigQuerySession
from cr_pipelines.warehouse.duckdb import DuckDBDialect
from cr_pipelines.warehouse.postgresql import PostgreSQLDialect
from cr_pipelines.warehouse.snowflake import SnowflakeDialect

KEPT = Path(__file__).with_name("statements")
DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (DuckDBDialect(), PostgreSQLDialect(), SnowflakeDialect(), BigQueryDialect())
}
SQLGLOT_NAMES = {"postgresql": "postgres"}

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=1)

ANSWERS: list[tuple[str, list[tuple[Any, ...]]]] = [
    (r"SELECT count\(\*\), count\(CASE", [(9, 1)]),
    (r"SELECT count\(\*\), CAST\(coalesce", [(1, 2)]),
    (r"SELECT why, count", [("changed", 1), ("gone", 1)]),
    (r"SELECT key, copies", [("twin", 2)]),
    (r"SELECT count\(CASE", [(1,)]),
    (r"SELECT run_id, host", [("dead", "elsewhere", 1, LONG_AGO, LONG_AGO)]),
    (r"SELECT \* FROM \(SELECT email_hash", [("0" * 64,)]),
    (r"SELECT 1 FROM .* heartbeat_at >=", []),
    (r"SELECT 1 FROM", [(1,)]),
    (r"SELECT count\(\*\) FROM .* WHERE there IS NOT NULL", [(3,)]),
    (r"SELECT key FROM cr_compared WHERE why = 'unchanged'", [("deleted by hand",)]),
]
"""What makes the engine walk every branch: something is changed, gone, rehashed, twofold, erased."""


CONTACT_COLUMNS = ("id", "full_name", "email", "tags", "custom_fields")


class Recorder(Session):
    """A session that writes statements down. Nothing runs."""

    def __init__(self, dialect: Dialect):
        self.dialect = dialect
        self.statements: list[str] = []
        self.folded = False

    @override
    def execute(self, statement: str) -> None:
        self.statements.append(statement)

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        if "SELECT max(recorded_at)" in query:
            # One portion to fold, and then no more.
            self.folded = not self.folded
            self.statements.append(query)
            return [(LONG_AGO if self.folded else None,)]
        self.statements.append(query)
        return next((answer for pattern, answer in ANSWERS if re.match(pattern, query, re.DOTALL)), [])

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        self.statements.append(query)

    @override
    def append(self, schema: str, table: str, rows: pa.Table) -> None:
        if isinstance(self.dialect, BigQueryDialect):
            self.statements.append(BigQuerySession.insertion(self, schema, table, rows.schema))  # type: ignore[arg-type]

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        names = {
            "crm.activities": ACTIVITY,
            "crm.segment_members": SEGMENT_MEMBER,
            "crm.notes": SEGMENT_NOTE,
            "crm.tags": TAG,
        }
        contract = names.get(relation.text)
        known = [column.name for column in contract.columns] if contract else CONTACT_COLUMNS
        zoneless = {"timestamp": next(reversed(self.dialect.zoneless_types))}
        return {name: zoneless.get(name, self.dialect.types["text"]) for name in known}


def walk(
    session: Recorder, sync: Sync, options: Options, partition: Partition | None, present: Collection[str] | None = None
) -> None:
    """What a run does with the warehouse, from first to last."""
    ledger = Ledger(session, "common_room")
    name = partition.name if partition else ""
    StateSchema(session, "common_room").prepare()
    runs = RunRegistry(session, "common_room")
    ledger.fold(sync.name)
    runs.claim("run", sync.name, name, options.resync)
    planner = Planner(session, ledger, sync, options, partition)
    plan = planner.plan(present)
    planner.count_problems(plan, Report(sync.name, "run", partition=name, dry_run=False))
    planner.begin(plan, "run")
    plan.spool.close()
    ledger.record(OUTCOME_SCHEMA.empty_table())
    runs.heartbeat("run", sync.name, name)
    ledger.suppressed(sync.name, 1)
    ledger.rows_by_status(sync.name, name)
    ledger.rejected_rows(sync.name, name, 20)
    runs.finish("run", sync.name, name, "succeeded", {"delivered": 1, "seconds": 0.5, "stopped_by": None})


def statements(dialect: Dialect) -> Iterator[str]:
    session = Recorder(dialect)
    walk(session, Sync("contacts", "contact", "crm.common_room_contacts"), Options(), None)
    walk(
        session,
        Sync("it's", "contact", "SELECT * FROM crm.people WHERE name <> 'x'"),
        Options(resync="all", keys=["a", 'b"\\'], limit=5),
        Partition("2026-01-01", "seen_at", LONG_AGO, LONG_AGO + timedelta(days=1)),
    )
    day = Partition.of_day("timestamp", LONG_AGO.date())
    walk(session, Sync("activities", "activity", "crm.activities"), Options(), day)
    walk(session, Sync("members", "segment_member", "crm.segment_members"), Options(), None)
    walk(session, Sync("notes", "segment_note", "crm.notes"), Options(keys=["1"]), None)
    walk(
        session,
        Sync("tags", "tag", "crm.tags", recreate_deleted=True, on_source_delete="delete"),
        Options(),
        None,
        {"there"},
    )
    Ledger(session, "common_room").delete_keys("tags", ["absent"])
    StateSchema(session, "common_room").replace(_SEGMENTS, [{"id": 1, "name": "Champions", "read_at": LONG_AGO}])
    compaction = Compaction(session, "common_room", LONG_AGO)
    compaction.find("tags")
    compaction.compact(CompactedPartition("tags", "", 1))
    for statement in dict.fromkeys(session.statements):
        statement = statement.replace(f"'{this_host()}', {os.getpid()}", "'host', 1")
        yield re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", "2026-01-01T00:00:00+00:00", statement).strip()


@pytest.mark.parametrize("name", DIALECTS)
def test_the_statements_are_those_that_were_read(name: str) -> None:
    kept = KEPT / f"{name}.sql"
    now = "".join(f"{statement};\n\n" for statement in dict.fromkeys(statements(DIALECTS[name])))
    now = re.sub(r"duckdb \d[\d.]*", "duckdb 2", now)
    if os.environ.get("CR_RENEW_STATEMENTS"):
        kept.write_text(now)
    assert now == kept.read_text()


@pytest.mark.parametrize("name", DIALECTS)
def test_every_statement_is_one_that_the_dialect_can_parse(name: str) -> None:
    for statement in statements(DIALECTS[name]):
        if "DO $do$" in statement or statement.startswith("ANALYZE"):
            continue
        [parsed] = sqlglot.parse(statement, read=SQLGLOT_NAMES.get(name, name))
        assert parsed is not None
        assert not isinstance(parsed, exp.Command), statement


def test_no_bare_name_is_a_reserved_word_of_bigquery() -> None:
    reserved = BigQuery.Generator.RESERVED_KEYWORDS
    for statement in statements(DIALECTS["bigquery"]):
        parsed = sqlglot.parse_one(statement, read="bigquery")
        bare = {name.name.lower() for name in parsed.find_all(exp.Identifier) if not name.quoted}
        assert not bare & reserved, statement
