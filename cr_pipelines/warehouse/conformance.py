"""What every warehouse must hold to, as tests that anyone can run on a warehouse of their own.

    from cr_pipelines.warehouse.conformance import WarehouseConformance

    class TestMyWarehouse(WarehouseConformance):
        samples = {**WarehouseConformance.samples, "list": "ARRAY['a', 'b']"}

        @pytest.fixture
        def warehouse(self):
            yield MyWarehouse("mine://…")

The suite makes a schema `cr_conformance` and leaves it; give it a warehouse to throw away. It needs pytest.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from cr_pipelines.warehouse.conformance_sinks import Collected, Measured, resident_bytes
from cr_pipelines.warehouse.dialect import Dialect
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseError
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import Session, Warehouse

_SCHEMA = "cr_conformance"

_TEXTS = [
    "", " ", "a", "A", "a ", ",", "a,b", "a=", '"', '""', "'", "''", "\\", "\\\\", "\\n", "a\nb", "\t", "null", "NULL",
    "[]", "{}", "true", "1", "1.0", "é", "e\u0301", "ß", "İ", "王小明", "שרה", "👩‍💻", "\u200b", "x" * 5_000,
]  # fmt: skip
"""Texts that must stay apart and arrive as they are."""


class WarehouseConformance:
    """Subclass it in a test module, give it a `warehouse` fixture and the engine's own literals.

    Attributes:
        samples: SQL by name. `list` and `other lists` are lists of strings, `struct` and `other structs` structs,
            maps or JSON objects; `numbers` is a table expression for the integers i from 1 to `{n}`; `moment`
            and `same moment` are one moment with a time zone, spelled in two zones, `local moment` one
            without a zone.
    """

    samples: ClassVar[Mapping[str, Any]] = {
        "list": "['a', 'b']",
        "other lists": ("['b', 'a']", "['a,b']", "['a', 'b', '']", "['a', NULL]", "['a']"),
        "struct": "{'x': 1, 'y': 'a'}",
        "other structs": ("{'x': 1, 'y': 'b'}", "{'x': 2, 'y': 'a'}", "{'x': 1, 'y': ''}"),
        "numbers": "generate_series(1, {n}) AS numbers(i)",
        "moment": "CAST('2026-03-01 12:00:00.123456+00:00' AS TIMESTAMP WITH TIME ZONE)",
        "same moment": "CAST('2026-03-01 21:00:00.123456+09:00' AS TIMESTAMP WITH TIME ZONE)",
        "local moment": "CAST('2026-03-01 12:00:00.123456' AS TIMESTAMP)",
    }

    @pytest.fixture
    def warehouse(self) -> Warehouse:
        """The warehouse under test."""
        raise NotImplementedError("override the fixture `warehouse`")

    def fingerprints(self, session: Session, *selects: str) -> list[str]:
        """The fingerprint of each one-row SELECT."""
        return [self._of_row(session, select, session.dialect.fingerprint) for select in selects]

    def hashes(self, session: Session, *selects: str) -> list[int]:
        """The row hash of each one-row SELECT."""
        found = []
        for select in selects:
            types = session.columns(Relation(select))
            found.append(self._of_row(session, select, lambda _, types=types: session.dialect.row_hash(types)))
        return found

    @staticmethod
    def _of_row(session: Session, select: str, expression: Any) -> Any:
        columns = session.columns(Relation(select))
        [(value,)] = session.fetch_all(f"SELECT {expression(columns)} FROM ({select}) AS one")
        return value

    @staticmethod
    def texts(dialect: Dialect, values: Sequence[str | None]) -> str:
        """A SELECT of one row with the texts as columns c0, c1 and so on."""
        kind = dialect.types["text"]
        return "SELECT " + ", ".join(
            f"CAST({dialect.literal(value)} AS {kind}) AS c{n}" for n, value in enumerate(values)
        )

    # What tells rows apart.

    def test_texts_nulls_and_separators_never_collide(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            rows: list[list[str | None]] = [[text, None] for text in _TEXTS] + [[None, text] for text in _TEXTS]
            rows += [[None, None], ["a", "b"], ["ab", ""], ["", "ab"], ["a,c1=b", None], ['a","b', None], ["b", "a"]]
            values = ", ".join(
                "(" + ", ".join([str(n), *(session.dialect.literal(value) for value in row)]) + ")"
                for n, row in enumerate(rows)
            )
            self.make_table(session, "texts", {"n": "integer", "c0": "text", "c1": "text"})
            session.execute(f"INSERT INTO {self.table(session, 'texts')} (n, c0, c1) VALUES {values}")
            found = session.fetch_all(
                f"SELECT n, {session.dialect.fingerprint({'c0': '', 'c1': ''})}, {self.text_hash(session)} "
                f"FROM {self.table(session, 'texts')}"
            )
        assert len(found) == len({fingerprint for _, fingerprint, _ in found}) == len(rows)
        assert len({hashed for _, _, hashed in found}) == len(rows)

    def text_hash(self, session: Session) -> str:
        """The row hash over the columns c0 and c1, both text."""
        types = session.columns(Relation(self.texts(session.dialect, ["", ""])))
        return session.dialect.row_hash(types)

    def test_equal_rows_are_equal_in_every_session(self, warehouse: Warehouse) -> None:
        select = "SELECT 1 AS a, 'x' AS b, 0.5 AS c"
        seen = []
        for _ in range(2):
            with warehouse.session() as session:
                seen.append((self.fingerprints(session, select), self.hashes(session, select)))
        assert seen[0] == seen[1]
        assert -(2**63) <= seen[0][1][0] < 2**63

    def test_the_order_of_columns_changes_nothing(self, warehouse: Warehouse) -> None:
        selects = ("SELECT 1 AS a, 'x' AS b, 'y' AS c", "SELECT 'y' AS c, 1 AS a, 'x' AS b")
        with warehouse.session() as session:
            assert len(set(self.fingerprints(session, *selects))) == 1
            assert len(set(self.hashes(session, *selects))) == 1

    def test_a_column_of_nulls_changes_no_fingerprint_and_any_value_does(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            kinds = session.dialect.types
            added = [f"SELECT 'x' AS a, CAST(NULL AS {kinds[kind]}) AS b" for kind in kinds]
            assert len(set(self.fingerprints(session, "SELECT 'x' AS a", *added))) == 1
            assert len(set(self.fingerprints(session, "SELECT 'x' AS a", "SELECT 'x' AS a, 'y' AS b"))) == 2
            assert len(set(self.fingerprints(session, "SELECT 'x' AS a", "SELECT 'x' AS b"))) == 2

    def test_numbers_differ_by_their_last_digit(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            double = session.dialect.types["double"]
            floats = [0.1, math.nextafter(0.1, 1), 1e-300, 1e300, 123456789.123456789, -0.5, 0.0]
            selects = [f"SELECT CAST('{number!r}' AS {double}) AS a" for number in floats]
            selects += [f"SELECT CAST('{text}' AS DECIMAL(30, 6)) AS a" for text in ("7.000001", "7.000002")]
            selects += [f"SELECT {whole} AS a" for whole in (7, 8, 2**53, 2**53 + 1)]
            assert len(set(self.fingerprints(session, *selects))) == len(selects)

    def test_a_moment_is_the_same_in_every_zone_and_differs_by_a_microsecond(self, warehouse: Warehouse) -> None:
        moment, same, local = (self.samples[name] for name in ("moment", "same moment", "local moment"))
        with warehouse.session() as session:
            assert len(set(self.fingerprints(session, f"SELECT {moment} AS a", f"SELECT {same} AS a"))) == 1
            assert len(set(self.hashes(session, f"SELECT {moment} AS a", f"SELECT {same} AS a"))) == 1
            later = [name.replace(".123456", ".123457") for name in (moment, local)]
            selects = [f"SELECT {value} AS a" for value in (moment, local, *later)]
            # With and without a zone may read alike: a column does not change its type by the row.
            assert len(set(self.fingerprints(session, *selects))) >= 2
            assert len(set(self.fingerprints(session, selects[0], selects[2]))) == 2
            assert len(set(self.fingerprints(session, selects[1], selects[3]))) == 2

    @pytest.mark.parametrize("kind", ["list", "struct"])
    def test_nested_values_differ_by_what_is_within(self, warehouse: Warehouse, kind: str) -> None:
        values = (self.samples[kind], *self.samples[f"other {kind}s"])
        selects = [f"SELECT {value} AS a" for value in values]
        with warehouse.session() as session:
            assert len(set(self.fingerprints(session, *selects))) == len(selects)
            assert len(set(self.hashes(session, *selects))) == len(selects)
            assert self.fingerprints(session, selects[0]) == self.fingerprints(session, selects[0])

    # Keys.

    def keys(self, session: Session, *selects: str) -> list[str | None]:
        """The key of each one-row SELECT over all its columns."""
        return [
            self._of_row(session, select, lambda types: session.dialect.key(list(types), types)) for select in selects
        ]

    def test_a_single_key_is_its_own_text(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            # A longer one is cut and hashed.
            texts = [text for text in _TEXTS if len(text) < 1_000]
            assert self.keys(session, *(self.texts(session.dialect, [text]) for text in texts)) == texts
            assert self.keys(session, "SELECT 42 AS id", self.texts(session.dialect, [None])) == ["42", None]

    def test_a_composite_key_is_a_json_array_of_texts(self, warehouse: Warehouse) -> None:
        parts = [["a", "b"], ["a,b", ""], ['a","b', "x"], ["王", "\\"], ["", ""]]
        with warehouse.session() as session:
            found = self.keys(session, *(self.texts(session.dialect, part) for part in parts))
            assert [json.loads(key or "") for key in found] == parts
            assert self.keys(session, self.texts(session.dialect, ["a", "b"])) == ['["a","b"]']
            assert self.keys(session, self.texts(session.dialect, ["a", None])) == [None]

    def test_a_key_that_may_be_an_address_is_hashed(self, warehouse: Warehouse) -> None:
        hashed = "sha256:" + hashlib.sha256(b"ada@example.com").hexdigest()
        with warehouse.session() as session:
            assert self.keys(
                session,
                self.texts(session.dialect, ["ada@example.com"]),
                self.texts(session.dialect, ["x", "ada@example.com"]),
            ) == [hashed, f'["x","{hashed}"]']

    def test_equal_keys_and_missing_keys_are_counted(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(session, "keyed", {"id": "text"})
            table = self.table(session, "keyed")
            session.execute(f"INSERT INTO {table} (id) VALUES ('a'), ('a'), ('A'), (NULL), ('')")
            key = session.dialect.key(["id"], {})
            session.execute(f"CREATE TEMPORARY TABLE cr_keys AS SELECT {key} AS key FROM {table}")
            assert session.fetch_all(
                "SELECT key, count(*) FROM cr_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1"
            ) == [("a", 2)]
            assert session.fetch_all(f"SELECT {session.dialect.count_if('key IS NULL')} FROM cr_keys") == [(1,)]

    # Pieces of SQL.

    def test_literals_and_hashes_mean_what_python_means(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            for text in _TEXTS:
                literal = session.dialect.literal(text)
                [(found, hashed)] = session.fetch_all(f"SELECT {literal}, {session.dialect.sha256(literal)}")
                assert (found, hashed) == (text, hashlib.sha256(text.encode()).hexdigest())

    def test_json_text_is_json_and_null_stays_null(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            dialect = session.dialect
            for text in _TEXTS:
                [(found,)] = session.fetch_all(
                    f"SELECT {dialect.json_text('c0')} FROM ({self.texts(dialect, [text])}) AS one"
                )
                assert json.loads(found) == text
            [(none,)] = session.fetch_all(
                f"SELECT {dialect.json_text('c0')} FROM ({self.texts(dialect, [None])}) AS one"
            )
            assert none is None

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
        """A table of the suite's schema, as it is written after FROM."""
        return f"{session.dialect.identifier(_SCHEMA)}.{session.dialect.identifier(name)}"

    def make_table(self, session: Session, name: str, columns: Mapping[str, str]) -> None:
        """Make an empty table, in place of one that is there."""
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

    def test_values_arrive_as_python_knows_them(self, warehouse: Warehouse) -> None:
        samples = self.samples
        select = (
            "SELECT 'text' AS a, 7 AS b, 0.5 AS c, true AS d, CAST('2026-01-02' AS DATE) AS e, "
            f"{samples['moment']} AS f, {samples['list']} AS g, {samples['struct']} AS h, CAST(NULL AS DATE) AS i"
        )
        sink = Collected()
        with warehouse.session() as session:
            types = session.columns(Relation(select))
            values = ", ".join(
                f"{session.dialect.readable(name, kind)} AS {session.dialect.identifier(name)}"
                for name, kind in types.items()
            )
            session.fetch_batches(f"SELECT {values} FROM ({select}) AS one", 100, sink)
        [row] = sink.rows
        nested = {name: json.loads(row[name]) if isinstance(row[name], str) else row[name] for name in "gh"}
        assert (row["a"], row["b"], float(row["c"]), row["d"]) == ("text", 7, 0.5, True)
        assert row["e"] == date(2026, 1, 2)
        assert row["f"] == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
        assert (nested["g"], dict(nested["h"]), row["i"]) == (["a", "b"], {"x": 1, "y": "a"}, None)

    def test_a_million_rows_stream_in_bounded_memory(self, warehouse: Warehouse) -> None:
        sink = Measured()
        numbers = self.samples["numbers"].format(n=1_000_000)
        before = resident_bytes()
        with warehouse.session() as session:
            text = session.dialect.text("i")
            session.fetch_batches(f"SELECT i, repeat({text}, 60) AS filler FROM {numbers}", 2_000, sink)
        assert (sink.rows, sink.largest_batch <= 2_000) == (1_000_000, True)
        # The rows are some 400 MB.
        assert sink.peak - before < 250_000_000

    def test_columns_are_told_in_their_order_and_a_missing_source_says_so(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(session, "described", {"id": "text", "full_name": "text", "seats": "bigint"})
            assert list(session.columns(Relation(f"{_SCHEMA}.described"))) == ["id", "full_name", "seats"]
            assert list(session.columns(Relation("SELECT 1 AS b, 'x' AS a"))) == ["b", "a"]
            for missing in ("cr_nowhere", f"{_SCHEMA}.cr_nowhere", "SELECT nothing FROM cr_nowhere"):
                with pytest.raises(SourceMissing):
                    session.columns(Relation(missing))
            # The session goes on.
            assert session.fetch_all("SELECT 1") == [(1,)]

    def test_an_error_repeats_no_value(self, warehouse: Warehouse) -> None:
        with warehouse.session() as session:
            self.make_table(session, "people", {"email": "text"})
            table = self.table(session, "people")
            session.execute(f"INSERT INTO {table} (email) VALUES ('ada@example.com')")
            with pytest.raises(WarehouseError) as caught:
                session.fetch_all(f"SELECT CAST(email AS {session.dialect.types['bigint']}) FROM {table}")
            assert "ada@example.com" not in f"{caught.value!r} {caught.value.__cause__!r}"

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
                session.execute("CREATE TEMPORARY TABLE cr_fleeting AS SELECT 1 AS a")
                if analyze := session.dialect.analyze("cr_fleeting"):
                    session.execute(analyze)
                assert session.fetch_all("SELECT a FROM cr_fleeting") == [(1,)]
