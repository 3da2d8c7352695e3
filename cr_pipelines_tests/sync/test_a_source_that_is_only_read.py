"""The source in one engine and the state in another: what leaves the source, and that nothing is written there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Options, SourceUnusable, run_sync
from cr_pipelines.warehouse import WarehouseError, open_warehouse
from cr_pipelines.warehouse.postgresql import PostgreSQLDialect, PostgreSQLSession
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import Apart, empty_warehouse


@pytest.fixture
def flow(tmp_path: Path, sandbox: SandboxServer) -> Iterator[Flow]:
    with empty_warehouse(tmp_path, "postgresql-duckdb") as data:
        flow = Flow(data, sandbox)
        flow.sql(
            "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
            "'person' || i || '@example.com' AS email, i * 1.5 AS seats FROM generate_series(0, 9999) AS numbers(i)"
        )
        yield flow


@contextmanager
def statements_sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that a PostgreSQL session of this process sends."""
    sent: list[str] = []
    cursor = PostgreSQLSession._cursor

    def record(send: Any, query: str, *rest: Any, **named: Any) -> Any:
        sent.append(query)
        return send(query, *rest, **named)

    @contextmanager
    def recording(self: PostgreSQLSession, statement: str = "") -> Iterator[Any]:
        with cursor(self, statement) as opened:
            for name in ("execute", "adbc_execute_schema", "adbc_ingest"):
                setattr(opened, name, partial(record, getattr(opened, name)))
            yield opened

    with monkeypatch.context() as patch:
        patch.setattr(PostgreSQLSession, "_cursor", recording)
        yield sent


def dry_run(flow: Flow, **options: Any) -> Any:
    return run_sync(flow.sync, flow.warehouse, flow.destination(), options=Options(dry_run=True, **options))


@pytest.mark.parametrize("asked", [False, True])
def test_a_run_sends_at_most_ten_reads_and_no_write(flow: Flow, monkeypatch: pytest.MonkeyPatch, asked: bool):
    if asked:
        flow.sql("CREATE TABLE common_room_pii_requests AS SELECT 'r1' AS request_id, 'gone@example.com' AS email")
    for expected in (10_000, 10):
        with statements_sent(monkeypatch) as sent:
            report = dry_run(flow, keys=[] if expected == 10_000 else [f"c{i}" for i in range(10)])
        assert report.offered == expected
        queries = [query for query in sent if query.split()[0] not in {"BEGIN", "COMMIT", "ROLLBACK", "LOCK"}]
        assert all(query.split()[0] == "SELECT" for query in queries), queries
        assert len(queries) <= 10, [query[:90] for query in queries]
        # Of the data itself, keys and hashes are read once, and the rows once.
        assert sum("cr_key" in query for query in queries) == 1
        assert sum("row_hash" in query and "cr_key" not in query for query in queries) == 1


def test_the_source_s_session_cannot_write(flow: Flow):
    with flow.warehouse.source_session() as session, pytest.raises(WarehouseError):
        session.execute("CREATE TEMPORARY TABLE cr_written (id text)")  # type: ignore[attr-defined]


def test_rows_keep_their_types_on_the_way(flow: Flow):
    assert isinstance(flow.data, Apart)
    source = (
        "SELECT 'c1' AS id, 'Ada' AS full_name, 1.50 AS title, ARRAY['a', 'b'] AS tags, "
        """CAST('[{"url": "https://example.com/ada", "name": "Home"}]' AS jsonb) AS external_profiles"""
    )
    flow = replace(flow, sync=replace(flow.sync, source=source))
    samples = dry_run(flow).samples
    together = open_warehouse(flow.data.source.url)
    assert samples == run_sync(flow.sync, together, flow.destination(), options=Options(dry_run=True)).samples
    assert len(samples) == 1


@pytest.mark.parametrize("parts", [1, 7])
def test_keys_that_are_compared_in_parts_lose_and_double_nothing(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, parts: int
):
    flow.sql("DELETE FROM common_room_contacts WHERE seats >= 300")
    monkeypatch.setattr("cr_pipelines.warehouse.duckdb_dialect._MOST_JOINED", 200 // parts)
    assert (flow.run().delivered, flow.run().delivered) == (200, 0)
    flow.sql("UPDATE common_room_contacts SET full_name = 'New ' || id WHERE seats < 150")
    flow.sql("DELETE FROM common_room_contacts WHERE id = 'c199'")
    flow.sql("INSERT INTO common_room_contacts SELECT * FROM common_room_contacts WHERE id = 'c0'")
    report = flow.run()
    assert (report.delivered, report.unchanged, report.invalid) == (99, 99, 2)
    monkeypatch.setattr(PostgreSQLDialect, "row_hash_version", "postgresql 99")
    assert flow.run().delivered == 0
    assert sorted(flow.posted()) == sorted([*(f"c{i}" for i in range(200)), *(f"c{i}" for i in range(1, 100))])


def test_a_new_version_of_the_hash_sends_nothing_again(flow: Flow, monkeypatch: pytest.MonkeyPatch):
    flow.sql("DELETE FROM common_room_contacts WHERE seats > 100")
    assert flow.run().delivered == 67
    monkeypatch.setattr(PostgreSQLDialect, "row_hash_version", "postgresql 99")
    assert (flow.run().delivered, flow.run().delivered) == (0, 0)
    assert flow.sql("SELECT DISTINCT row_hash_version LIKE 'postgresql 99%' FROM common_room.sync_ledger") == [(True,)]


def test_a_missing_column_is_named(flow: Flow):
    with pytest.raises(SourceUnusable, match="no column id"):
        flow.reading("SELECT full_name FROM common_room_contacts").run()
