"""What every source must guarantee, as tests that anyone can run on their own database. They only read.

    from cr_pipelines.warehouse.source_conformance import SourceConformance

    class TestMySource(SourceConformance):
        samples = {**SourceConformance.samples, "list": "ARRAY['a', 'b']"}

        @pytest.fixture
        def source(self):
            yield MySource("mine://…")

No table is made, so a role that may only read is enough. It needs pytest.
"""

# ruff: noqa: S101, D102

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest

from cr_pipelines.warehouse.conformance_sinks import Collected, Measured, resident_bytes
from cr_pipelines.warehouse.dialect import SourceDialect
from cr_pipelines.warehouse.errors import SourceMissing, WarehouseError
from cr_pipelines.warehouse.relation import Relation
from cr_pipelines.warehouse.session import Source, SourceSession

_TEXTS = [
    "", " ", "a", "A", "a ", ",", "a,b", "a=", '"', '""', "'", "''", "\\", "\\\\", "\\n", "a\nb", "\t", "null", "NULL",
    "[]", "{}", "true", "1", "1.0", "é", "e\u0301", "ß", "İ", "王小明", "שרה", "👩‍💻", "\u200b", "x" * 5_000,
]  # fmt: skip
"""Texts that must stay apart and arrive as they are."""


_JSON_SCALARS = {'"Ada Lovelace"': "Ada Lovelace", "7": "7", "true": "true", "null": None, '""': ""}


class SourceConformance:
    """Subclass it in a test module, give it a `source` fixture and the engine's own literals.

    Attributes:
        samples: SQL by name. `list` and `other lists` are lists of strings, `struct` and `other structs` structs,
            maps or JSON objects; `json` is the JSON value that `{text}` spells, and `decimal` the number; `numbers` is
            a table expression for the integers i from 1 to `{n}`; `moment` and `same moment` are one moment with a time
            zone, spelled in two zones, `local moment` one without a zone.
    """

    samples: ClassVar[Mapping[str, Any]] = {
        "list": "['a', 'b']",
        "other lists": ("['b', 'a']", "['a,b']", "['a', 'b', '']", "['a', NULL]", "['a']"),
        "struct": "{'x': 1, 'y': 'a'}",
        "other structs": ("{'x': 1, 'y': 'b'}", "{'x': 2, 'y': 'a'}", "{'x': 1, 'y': ''}"),
        "json": "CAST('{text}' AS JSON)",
        "decimal": "CAST('{text}' AS DECIMAL(30, 6))",
        "numbers": "generate_series(1, {n}) AS numbers(i)",
        "moment": "CAST('2026-03-01 12:00:00.123456+00:00' AS TIMESTAMP WITH TIME ZONE)",
        "same moment": "CAST('2026-03-01 21:00:00.123456+09:00' AS TIMESTAMP WITH TIME ZONE)",
        "local moment": "CAST('2026-03-01 12:00:00.123456' AS TIMESTAMP)",
    }

    @pytest.fixture
    def source(self) -> Source:
        """The source under test."""
        raise NotImplementedError("override the fixture `source`")

    def fingerprints(self, session: SourceSession, *selects: str) -> list[str]:
        """The fingerprint of each one-row SELECT."""
        return [self._of_row(session, select, session.dialect.fingerprint) for select in selects]

    def hashes(self, session: SourceSession, *selects: str) -> list[int]:
        """The row hash of each one-row SELECT."""
        found = []
        for select in selects:
            types = session.columns(Relation(select))
            found.append(self._of_row(session, select, lambda _, types=types: session.dialect.row_hash(types)))
        return found

    @staticmethod
    def _of_row(session: SourceSession, select: str, expression: Any) -> Any:
        columns = session.columns(Relation(select))
        [(value,)] = session.fetch_all(f"SELECT {expression(columns)} FROM {_rows(session, select)} AS one")
        return value

    @staticmethod
    def texts(dialect: SourceDialect, values: Sequence[str | None]) -> str:
        """A SELECT of one row with the texts as columns c0, c1 and so on."""
        return "SELECT " + ", ".join(SourceConformance.columns(dialect, values))

    @staticmethod
    def columns(dialect: SourceDialect, values: Sequence[str | None]) -> list[str]:
        """The texts as columns c0, c1 and so on."""
        kind = dialect.types["text"]
        return [f"CAST({dialect.literal(value)} AS {kind}) AS c{n}" for n, value in enumerate(values)]

    # What tells rows apart.

    def test_texts_nulls_and_separators_never_collide(self, source: Source) -> None:
        with source.session() as session:
            rows: list[list[str | None]] = [[text, None] for text in _TEXTS] + [[None, text] for text in _TEXTS]
            rows += [[None, None], ["a", "b"], ["ab", ""], ["", "ab"], ["a,c1=b", None], ['a","b', None], ["b", "a"]]
            select = " UNION ALL ".join(
                f"SELECT {n} AS n, {', '.join(self.columns(session.dialect, row))}" for n, row in enumerate(rows)
            )
            types = session.columns(Relation(select))
            shared = {name: types[name] for name in ("c0", "c1")}
            found = session.fetch_all(
                f"SELECT n, {session.dialect.fingerprint(shared)}, {session.dialect.row_hash(shared)} "
                f"FROM {_rows(session, select)} AS texts"
            )
        assert len(found) == len({fingerprint for _, fingerprint, _ in found}) == len(rows)
        assert len({hashed for _, _, hashed in found}) == len(rows)

    def test_equal_rows_are_equal_in_every_session(self, source: Source) -> None:
        select = "SELECT 1 AS a, 'x' AS b, 0.5 AS c"
        seen = []
        for _ in range(2):
            with source.session() as session:
                seen.append((self.fingerprints(session, select), self.hashes(session, select)))
        assert seen[0] == seen[1]
        assert -(2**63) <= seen[0][1][0] < 2**63

    def test_the_order_of_columns_changes_nothing(self, source: Source) -> None:
        selects = ("SELECT 1 AS a, 'x' AS b, 'y' AS c", "SELECT 'y' AS c, 1 AS a, 'x' AS b")
        with source.session() as session:
            assert len(set(self.fingerprints(session, *selects))) == 1
            assert len(set(self.hashes(session, *selects))) == 1

    def test_a_column_of_nulls_changes_no_fingerprint_and_any_value_does(self, source: Source) -> None:
        with source.session() as session:
            kinds = session.dialect.types
            added = [f"SELECT 'x' AS a, CAST(NULL AS {kinds[kind]}) AS b" for kind in kinds]
            assert len(set(self.fingerprints(session, "SELECT 'x' AS a", *added))) == 1
            assert len(set(self.fingerprints(session, "SELECT 'x' AS a", "SELECT 'x' AS a, 'y' AS b"))) == 2
            assert len(set(self.fingerprints(session, "SELECT 'x' AS a", "SELECT 'x' AS b"))) == 2

    def test_numbers_differ_by_their_last_digit(self, source: Source) -> None:
        with source.session() as session:
            double = session.dialect.types["double"]
            floats = [0.1, math.nextafter(0.1, 1), 1e-300, 1e300, 123456789.123456789, -0.5, 0.0]
            selects = [f"SELECT CAST('{number!r}' AS {double}) AS a" for number in floats]
            selects += [f"SELECT {self.samples['decimal'].format(text=text)} AS a" for text in ("7.000001", "7.000002")]
            selects += [f"SELECT {whole} AS a" for whole in (7, 8, 2**53, 2**53 + 1)]
            assert len(set(self.fingerprints(session, *selects))) == len(selects)

    def test_a_moment_is_the_same_in_every_zone_and_differs_by_a_microsecond(self, source: Source) -> None:
        moment, same, local = (self.samples[name] for name in ("moment", "same moment", "local moment"))
        with source.session() as session:
            assert len(set(self.fingerprints(session, f"SELECT {moment} AS a", f"SELECT {same} AS a"))) == 1
            assert len(set(self.hashes(session, f"SELECT {moment} AS a", f"SELECT {same} AS a"))) == 1
            later = [name.replace(".123456", ".123457") for name in (moment, local)]
            selects = [f"SELECT {value} AS a" for value in (moment, local, *later)]
            # With and without a zone may read alike: a column does not change its type by the row.
            assert len(set(self.fingerprints(session, *selects))) >= 2
            assert len(set(self.fingerprints(session, selects[0], selects[2]))) == 2
            assert len(set(self.fingerprints(session, selects[1], selects[3]))) == 2

    @pytest.mark.parametrize("kind", ["list", "struct"])
    def test_nested_values_differ_by_what_is_within(self, source: Source, kind: str) -> None:
        values = (self.samples[kind], *self.samples[f"other {kind}s"])
        selects = [f"SELECT {value} AS a" for value in values]
        with source.session() as session:
            assert len(set(self.fingerprints(session, *selects))) == len(selects)
            assert len(set(self.hashes(session, *selects))) == len(selects)
            assert self.fingerprints(session, selects[0]) == self.fingerprints(session, selects[0])

    # Keys.

    def keys(self, session: SourceSession, *selects: str) -> list[str | None]:
        """The key of each one-row SELECT over all its columns."""
        return [
            self._of_row(session, select, lambda types: session.dialect.key(list(types), types)) for select in selects
        ]

    def test_a_single_key_is_its_own_text(self, source: Source) -> None:
        with source.session() as session:
            # A longer one is cut and hashed.
            texts = [text for text in _TEXTS if len(text) < 1_000]
            assert self.keys(session, *(self.texts(session.dialect, [text]) for text in texts)) == texts
            assert self.keys(session, "SELECT 42 AS id", self.texts(session.dialect, [None])) == ["42", None]

    def test_a_composite_key_is_a_json_array_of_texts(self, source: Source) -> None:
        parts = [["a", "b"], ["a,b", ""], ['a","b', "x"], ["王", "\\"], ["", ""]]
        with source.session() as session:
            found = self.keys(session, *(self.texts(session.dialect, part) for part in parts))
            assert [json.loads(key or "") for key in found] == parts
            assert self.keys(session, self.texts(session.dialect, ["a", "b"])) == ['["a","b"]']
            assert self.keys(session, self.texts(session.dialect, ["a", None])) == [None]

    def test_a_key_that_may_be_an_address_is_hashed(self, source: Source) -> None:
        hashed = "sha256:" + hashlib.sha256(b"ada@example.com").hexdigest()
        with source.session() as session:
            assert self.keys(
                session,
                self.texts(session.dialect, ["ada@example.com"]),
                self.texts(session.dialect, ["x", "ada@example.com"]),
            ) == [hashed, f'["x","{hashed}"]']

    def test_equal_keys_and_missing_keys_are_counted(self, source: Source) -> None:
        with source.session() as session:
            rows = " UNION ALL ".join(self.texts(session.dialect, [text]) for text in ("a", "a", "A", None, ""))
            key = session.dialect.key(["c0"], session.columns(Relation(rows)))
            keyed = f"(SELECT {key} AS key FROM {_rows(session, rows)} AS source) AS keyed"
            assert session.fetch_all(
                f"SELECT key, count(*) FROM {keyed} WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1"
            ) == [("a", 2)]
            assert session.fetch_all(f"SELECT {session.dialect.count_if('key IS NULL')} FROM {keyed}") == [(1,)]

    # Pieces of SQL.

    def test_literals_and_hashes_mean_what_python_means(self, source: Source) -> None:
        with source.session() as session:
            for text in _TEXTS:
                literal = session.dialect.literal(text)
                [(found, hashed)] = session.fetch_all(f"SELECT {literal}, {session.dialect.sha256(literal)}")
                assert (found, hashed) == (text, hashlib.sha256(text.encode()).hexdigest())

    def test_as_many_texts_can_be_listed_as_the_dialect_says(self, source: Source) -> None:
        with source.session() as session:
            dialect = session.dialect
            rows = " UNION ALL ".join(f"SELECT {dialect.literal(text)} AS t" for text in [*_TEXTS, "absent"])
            others = [f"other {number}" for number in range(dialect.most_listed - len(_TEXTS))]
            for texts, count in ((_TEXTS, len(_TEXTS)), ([*_TEXTS, *others], len(_TEXTS)), ([], 0)):
                listed = f"SELECT count(*) FROM ({rows}) AS r WHERE t IN {dialect.listed(texts)}"
                assert session.fetch_all(listed) == [(count,)]

    def test_json_text_is_json_and_null_stays_null(self, source: Source) -> None:
        with source.session() as session:
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

    def test_values_arrive_as_python_knows_them(self, source: Source) -> None:
        samples = self.samples
        select = (
            "SELECT 'text' AS a, 7 AS b, 0.5 AS c, true AS d, CAST('2026-01-02' AS DATE) AS e, "
            f"{samples['moment']} AS f, {samples['list']} AS g, {samples['struct']} AS h, CAST(NULL AS DATE) AS i"
        )
        sink = Collected()
        with source.session() as session:
            types = session.columns(Relation(select))
            values = ", ".join(
                f"{session.dialect.readable(name, kind)} AS {session.dialect.identifier(name)}"
                for name, kind in types.items()
            )
            session.fetch_batches(f"SELECT {values} FROM {_rows(session, select)} AS one", 100, sink)
        [row] = sink.rows
        nested = {name: json.loads(row[name]) if isinstance(row[name], str) else row[name] for name in "gh"}
        assert (row["a"], row["b"], float(row["c"]), row["d"]) == ("text", 7, 0.5, True)
        assert row["e"] == date(2026, 1, 2)
        assert row["f"] == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
        assert (nested["g"], dict(nested["h"]), row["i"]) == (["a", "b"], {"x": 1, "y": "a"}, None)

    def test_a_json_scalar_is_read_as_its_value(self, source: Source) -> None:
        for text, expected in _JSON_SCALARS.items():
            select = f"SELECT {self.samples['json'].format(text=text)} AS a"
            with source.session() as session:
                read = session.dialect.readable("a", session.columns(Relation(select))["a"])
                assert session.fetch_all(f"SELECT {read} FROM {_rows(session, select)} AS one") == [(expected,)], text

    def test_a_json_scalar_is_a_key_like_its_value(self, source: Source) -> None:
        with source.session() as session:
            for text, expected in _JSON_SCALARS.items():
                assert self.keys(session, f"SELECT {self.samples['json'].format(text=text)} AS a") == [expected], text

    def test_a_million_rows_stream_in_bounded_memory(self, source: Source) -> None:
        sink = Measured()
        numbers = self.samples["numbers"].format(n=1_000_000)
        before = resident_bytes()
        with source.session() as session:
            text = session.dialect.text("i")
            session.fetch_batches(f"SELECT i, repeat({text}, 60) AS filler FROM {numbers}", 2_000, sink)
        assert (sink.rows, sink.largest_batch <= 2_000) == (1_000_000, True)
        # The rows are some 400 MB.
        assert sink.peak - before < 250_000_000

    def test_columns_come_in_their_order_and_a_missing_source_says_so(self, source: Source) -> None:
        with source.session() as session:
            assert list(session.columns(Relation("SELECT 1 AS b, 'x' AS a"))) == ["b", "a"]
            assert list(session.describe(Relation("SELECT 1 AS b, 'x' AS a"))) == ["b", "a"]
            for missing in ("cr_nowhere", "cr_no.where", "SELECT nothing FROM cr_nowhere"):
                with pytest.raises(SourceMissing):
                    session.columns(Relation(missing))
            # The session continues.
            assert session.fetch_all("SELECT 1") == [(1,)]

    def test_an_error_repeats_no_value(self, source: Source) -> None:
        with source.session() as session:
            number = session.dialect.types["bigint"]
            query = f"SELECT CAST(email AS {number}) AS a FROM (SELECT 'ada@example.com' AS email) AS one"
            with pytest.raises(WarehouseError) as caught:
                session.fetch_all(query)
            with pytest.raises(WarehouseError) as caught_streaming:
                session.fetch_batches(query, 100, Collected())
        for error in (caught.value, caught_streaming.value):
            assert "ada@example.com" not in f"{error!r} {error.__cause__!r}"

    def test_a_session_that_has_been_closed_can_be_interrupted(self, source: Source) -> None:
        with source.session() as session:
            session.fetch_all("SELECT 1")
        session.interrupt()

    def test_a_snapshot_ends(self, source: Source) -> None:
        with source.session() as session:
            for _ in range(2):
                with session.snapshot(Relation("SELECT 1 AS a")):
                    assert session.fetch_all("SELECT 1") == [(1,)]


def _rows(session: SourceSession, select: str) -> str:
    """The rows of a SELECT as they are written after FROM, once `columns` has seen it."""
    return session.dialect.relation(Relation(select))
