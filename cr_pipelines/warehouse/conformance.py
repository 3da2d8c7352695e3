"""What every warehouse must guarantee, as tests that anyone can run on their own warehouse.

    from cr_pipelines.warehouse.conformance import WarehouseConformance

    class TestMyWarehouse(WarehouseConformance):
        samples = {**WarehouseConformance.samples, "list": "ARRAY['a', 'b']"}

        @pytest.fixture
        def warehouse(self):
            yield MyWarehouse("mine://…")

The suite makes a schema `cr_conformance` and does not remove it, so use a disposable warehouse. It needs pytest.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from cr_pipelines.warehouse.errors import SourceMissing
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import Session, Source, Warehouse
from cr_pipelines.warehouse.source_conformance import SourceConformance

_SCHEMA = "cr_conformance"


class WarehouseConformance(SourceConformance):
    """Subclass it in a test module, give it a `warehouse` fixture and the engine's own literals (`samples`)."""

    @pytest.fixture
    def warehouse(self) -> Warehouse:
        """The warehouse under test."""
        raise NotImplementedError("override the fixture `warehouse`")

    @pytest.fixture
    def source(self, warehouse: Warehouse) -> Source:
        """The same, as a source."""
        return warehouse

    def test_the_columns_of_a_table_come_in_their_order(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(session, "described", {"id": "text", "full_name": "text", "seats": "bigint"})
            assert list(session.columns(Relation(f"{_SCHEMA}.described"))) == ["id", "full_name", "seats"]
            with pytest.raises(SourceMissing):
                session.columns(Relation(f"{_SCHEMA}.cr_nowhere"))

    def test_merge_updates_what_is_there_inserts_what_is_not_and_leaves_the_rest(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(
                session, "merged", {"sync": "text", "key": "text", "partition": "text", "attempts": "bigint"}
            )
            table, partition = self.table(session, "merged"), session.dialect.identifier("partition")
            columns = f"sync, key, {partition}, attempts"
            session.execute(
                f"INSERT INTO {table} ({columns}) VALUES ('s', 'kept', 'p', 1), ('s', 'changed', 'p', 1), "
                "('other', 'changed', 'p', 1)"
            )
            source = (
                f"(SELECT 's' AS sync, 'changed' AS key, 'q' AS {partition}, 2 AS attempts "
                "UNION ALL SELECT 's', 'new', CAST(NULL AS " + session.dialect.types["text"] + "), 3)"
            )
            session.execute(
                session.dialect.merge(table, source, ("sync", "key"), ("sync", "key", "partition", "attempts"))
            )
            assert sorted(session.fetch_all(f"SELECT {columns} FROM {table}"), key=str) == sorted(
                [("s", "kept", "p", 1), ("s", "changed", "q", 2), ("other", "changed", "p", 1), ("s", "new", None, 3)],
                key=str,
            )

    def test_a_table_can_be_updated_from_another(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(session, "updated", {"key": "text", "attempts": "bigint"})
            table, name = self.table(session, "updated"), session.dialect.identifier("updated")
            session.execute(f"INSERT INTO {table} (key, attempts) VALUES ('a', 1), ('b', 1)")
            session.execute("CREATE TEMPORARY TABLE cr_news AS SELECT 'a' AS key, 5 AS attempts")
            session.execute(f"UPDATE {table} SET attempts = n.attempts FROM cr_news AS n WHERE {name}.key = n.key")
            assert sorted(session.fetch_all(f"SELECT key, attempts FROM {table}")) == [("a", 5), ("b", 1)]

    # Sessions.

    def table(self, session: Session, name: str) -> str:
        """A table of the suite's schema, for a FROM clause."""
        return f"{session.dialect.identifier(_SCHEMA)}.{session.dialect.identifier(name)}"

    def make_table(self, session: Session, name: str, columns: Mapping[str, str]) -> None:
        """Make an empty table, replacing an existing one."""
        session.create_schema(_SCHEMA)
        session.execute(f"DROP TABLE IF EXISTS {self.table(session, name)}")
        described = ", ".join(
            f"{session.dialect.identifier(column)} {session.dialect.types[kind]}" for column, kind in columns.items()
        )
        session.execute(f"CREATE TABLE {self.table(session, name)} ({described})")

    def test_a_schema_tells_its_tables(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            assert session.tables("cr_no_such_schema") == set()
            self.make_table(session, "listed", {"id": "text"})
            assert "listed" in session.tables(_SCHEMA)
            assert session.schema_columns("cr_no_such_schema") == {}
            assert session.schema_columns(_SCHEMA)["listed"] == {"id"}

    def test_appended_rows_stand_under_their_names(self, warehouse: Warehouse) -> None:
        kinds = {"text": "text", "integer": "integer", "bigint": "bigint", "double": "double", "moment": "timestamp"}
        now = datetime.now(UTC)
        rows = pa.table(
            {
                "moment": pa.array([now, None], pa.timestamp("us", tz="UTC")),
                "double": pa.array([0.1, None], pa.float64()),
                "text": pa.array(["O'Brien \\ 王", None], pa.string()),
                "bigint": pa.array([2**62, None], pa.int64()),
            }
        )
        with warehouse.session() as session:
            self.make_table(session, "appended", kinds)
            session.append(_SCHEMA, "appended", rows)
            columns = ", ".join(map(session.dialect.identifier, kinds))
            found = session.fetch_all(f"SELECT {columns} FROM {self.table(session, 'appended')}")
        assert sorted(found, key=str) == sorted([("O'Brien \\ 王", None, 2**62, 0.1, now), (None,) * 5], key=str)
        [moment] = [row[4] for row in found if row[4] is not None]
        assert moment.utcoffset() == timedelta(0)

    def test_a_transaction_holds_or_leaves_no_trace(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(session, "held", {"id": "text"})
            table = self.table(session, "held")

            def fail() -> None:
                session.execute(f"INSERT INTO {table} (id) VALUES ('lost')")
                raise KeyError

            with session.lock("conformance"):
                session.transaction(lambda: session.execute(f"INSERT INTO {table} (id) VALUES ('kept')"))
            with pytest.raises(KeyError):
                session.transaction(fail)
            assert session.fetch_all(f"SELECT id FROM {table}") == [("kept",)]

    def test_temporary_tables_end_with_their_session(self, warehouse: Warehouse) -> None:
        for _ in range(2):
            with warehouse.session() as session, session.snapshot():
                session.make_temporary("cr_fleeting", "SELECT 1 AS a", "SELECT 2 AS a")
                session.make_selection("cr_chosen", "SELECT a FROM cr_fleeting WHERE a > 1")
                assert session.fetch_all("SELECT a FROM cr_fleeting ORDER BY a") == [(1,), (2,)]
                assert session.fetch_all("SELECT a FROM cr_chosen") == [(2,)]

    def test_every_row_is_in_one_part(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            text = session.dialect.types["text"]
            keys = " UNION ALL ".join(f"SELECT CAST({key} AS {text}) AS key" for key in ("'a'", "'b'", "'ä'", "NULL"))
            for rows in (0, 1_000_000, 1_000_000_000):
                parts = session.dialect.parts(rows)
                found = [
                    session.fetch_all(f"SELECT count(*) FROM ({keys}) AS k{f' WHERE {part}' if part else ''}")
                    for part in parts
                ]
                assert sum(count for [(count,)] in found) == 4
