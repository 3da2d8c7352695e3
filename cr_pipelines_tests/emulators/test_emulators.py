"""What every source must hold to, on emulators: Snowflake and BigQuery by the real clients, Databricks by its SQL.

A test that an emulator cannot pass is expected to fail, with the reason.
"""

import base64
import json
import os
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from typing_extensions import override

from cr_pipelines.warehouse import Relation, Source, SourceMissing, SourceSession, WarehouseError, open_warehouse
from cr_pipelines.warehouse.databricks_dialect import DatabricksDialect
from cr_pipelines.warehouse.databricks_errors import unreadable, without_values
from cr_pipelines.warehouse.session import BatchSink
from cr_pipelines.warehouse.source_conformance import SourceConformance
from cr_pipelines_tests.emulators.conftest import HERE, python_of
from cr_pipelines_tests.warehouse import test_snowflake

_HASH = "fakesnow's HASH is unsigned, and its server cannot send a number beyond 63 bits"
_OCTETS = "fakesnow's OCTET_LENGTH takes no text"


def assert_a_view_without_its_table_is_broken(url: str, *views: str) -> None:
    """Only a source that is itself absent may be taken for one that nobody has set up yet."""
    warehouse = open_warehouse(url)
    with warehouse.session() as session:
        session.execute("CREATE TABLE cr_base AS SELECT 1 AS id")
        session.execute("CREATE VIEW cr_view AS SELECT id FROM cr_base")
        session.execute("DROP TABLE cr_base")
        try:
            for view in (*views, "SELECT id FROM cr_view"):
                with pytest.raises(WarehouseError, match="cannot be read") as caught:
                    session.columns(Relation(view))
                assert not isinstance(caught.value, SourceMissing), view
            with pytest.raises(SourceMissing):
                session.columns(Relation("SELECT id FROM cr_base"))
        finally:
            session.execute("DROP VIEW cr_view")


class TestSnowflake(SourceConformance):
    """fakesnow's server, through Snowflake's own connector."""

    samples: ClassVar = test_snowflake.TestFakeSnowflake.samples

    @pytest.fixture
    def source(self, snowflake_url: str) -> Source:
        return open_warehouse(snowflake_url)

    def test_a_view_whose_table_is_gone_is_not_a_missing_source(self, snowflake_url: str) -> None:
        assert_a_view_without_its_table_is_broken(snowflake_url, "cr_view", "public.cr_view", "demo.public.cr_view")

    @pytest.mark.skip(reason="fakesnow's server makes a million rows in minutes")
    def test_a_million_rows_stream_in_bounded_memory(self, source: Source) -> None: ...

    @pytest.mark.xfail(reason=_HASH)
    def test_texts_nulls_and_separators_never_collide(self, source: Source) -> None:
        super().test_texts_nulls_and_separators_never_collide(source)

    @pytest.mark.xfail(reason=_HASH)
    def test_equal_rows_are_equal_in_every_session(self, source: Source) -> None:
        super().test_equal_rows_are_equal_in_every_session(source)

    @pytest.mark.xfail(reason="fakesnow's server describes neither arrays nor objects")
    @pytest.mark.parametrize("kind", ["list", "struct"])
    def test_nested_values_differ_by_what_is_within(self, source: Source, kind: str) -> None:
        super().test_nested_values_differ_by_what_is_within(source, kind)

    @pytest.mark.xfail(reason=_OCTETS)
    def test_a_composite_key_is_a_json_array_of_texts(self, source: Source) -> None:
        super().test_a_composite_key_is_a_json_array_of_texts(source)

    @pytest.mark.xfail(reason=_OCTETS)
    def test_a_key_that_may_be_an_address_is_hashed(self, source: Source) -> None:
        super().test_a_key_that_may_be_an_address_is_hashed(source)

    @pytest.mark.xfail(reason="fakesnow's server describes neither arrays nor objects")
    def test_values_arrive_as_python_knows_them(self, source: Source) -> None:
        super().test_values_arrive_as_python_knows_them(source)

    @pytest.mark.xfail(reason="fakesnow's TO_VARCHAR keeps quotation marks, which Snowflake's does not")
    def test_a_json_scalar_is_read_as_its_value(self, source: Source) -> None:
        super().test_a_json_scalar_is_read_as_its_value(source)

    @pytest.mark.xfail(reason=_OCTETS)
    def test_a_json_scalar_is_a_key_like_its_value(self, source: Source) -> None:
        super().test_a_json_scalar_is_a_key_like_its_value(source)


class TestBigQuery(SourceConformance):
    """local-bigquery, through Google's own client."""

    samples: ClassVar = {
        **SourceConformance.samples,
        "other lists": ("['b', 'a']", "['a,b']", "['a', 'b', '']", "['a']"),
        "struct": "STRUCT(1 AS x, 'a' AS y)",
        "other structs": ("STRUCT(1 AS x, 'b' AS y)", "STRUCT(2 AS x, 'a' AS y)", "STRUCT(1 AS x, '' AS y)"),
        "json": "JSON '{text}'",
        "decimal": "NUMERIC '{text}'",
        "numbers": "UNNEST(GENERATE_ARRAY(1, {n})) AS i",
        "moment": "TIMESTAMP '2026-03-01 12:00:00.123456+00:00'",
        "same moment": "TIMESTAMP '2026-03-01 21:00:00.123456+09:00'",
        "local moment": "DATETIME '2026-03-01 12:00:00.123456'",
    }

    @pytest.fixture
    def source(self, bigquery_url: str) -> Source:
        return open_warehouse(bigquery_url)

    def test_a_view_whose_table_is_gone_is_not_a_missing_source(self, bigquery_url: str) -> None:
        assert_a_view_without_its_table_is_broken(bigquery_url, "cr_view", "crm.cr_view", "people.crm.cr_view")

    @pytest.mark.skip(reason="local-bigquery makes a million rows in minutes")
    def test_a_million_rows_stream_in_bounded_memory(self, source: Source) -> None: ...

    @pytest.mark.xfail(reason="local-bigquery's OCTET_LENGTH takes no text that comes out of a CASE")
    def test_a_json_scalar_is_a_key_like_its_value(self, source: Source) -> None:
        super().test_a_json_scalar_is_a_key_like_its_value(source)


class SailSession(SourceSession):
    """Sail's Spark, in place of a connection to Databricks."""

    dialect = DatabricksDialect()

    def __init__(self, sail: "subprocess.Popen[str]"):
        self._sail = sail

    @override
    def columns(self, relation: Relation) -> dict[str, str]:
        try:
            types = self._ask(f"SELECT * FROM {self.dialect.relation(relation)}", types=True)["types"]
        except WarehouseError as error:
            raise unreadable(relation, error) from None
        return {name: kind.upper() for name, kind in types}

    @override
    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._table(query).to_pylist()]

    @override
    def fetch_batches(self, query: str, rows_per_batch: int, sink: BatchSink) -> None:
        for batch in self._table(query).to_batches(rows_per_batch):
            sink.write(batch)

    def _table(self, query: str) -> pa.Table:
        return pa.ipc.open_stream(base64.b64decode(self._ask(query)["rows"])).read_all()

    def _ask(self, query: str, *, types: bool = False) -> dict[str, Any]:
        assert self._sail.stdin is not None
        assert self._sail.stdout is not None
        print(json.dumps({"query": query, "types": types}), file=self._sail.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._sail.stdout.readline())
        if "error" in found:
            raise without_values(Exception(found["error"]))
        return found


class SailSource(Source):
    dialect = DatabricksDialect

    def __init__(self, sail: "subprocess.Popen[str]"):
        super().__init__("databricks://sail")
        self._sail = sail

    @override
    def session(self) -> AbstractContextManager[SailSession]:
        return nullcontext(SailSession(self._sail))


class TestDatabricks(SourceConformance):
    """Databricks' statements on Sail."""

    samples: ClassVar = {
        **SourceConformance.samples,
        "list": "array('a', 'b')",
        "other lists": ("array('b', 'a')", "array('a,b')", "array('a', 'b', '')", "array('a', NULL)", "array('a')"),
        "struct": "named_struct('x', 1, 'y', 'a')",
        "other structs": tuple(f"named_struct({items})" for items in ("'x', 1, 'y', 'b'", "'x', 2, 'y', 'a'")),
        "json": "parse_json('{text}')",
        "numbers": "(SELECT id AS i FROM range(1, {n} + 1)) AS numbers",
        "moment": "TIMESTAMP '2026-03-01 12:00:00.123456+00:00'",
        "same moment": "TIMESTAMP '2026-03-01 21:00:00.123456+09:00'",
        "local moment": "CAST('2026-03-01 12:00:00.123456' AS TIMESTAMP_NTZ)",
    }

    @pytest.fixture
    def source(self, sail: "subprocess.Popen[str]") -> Source:
        return SailSource(sail)

    @pytest.mark.skip(reason="the client of Sail reads a result as a whole")
    def test_a_million_rows_stream_in_bounded_memory(self, source: Source) -> None: ...


def test_a_ducklake_is_read_and_not_written(tmp_path: Path) -> None:
    """DuckDB 1.5 with its extension: the environment of local-bigquery has both."""
    command = [python_of("bigquery"), str(HERE / "read_ducklake.py"), str(tmp_path)]
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert "extension ducklake is not installed" in found["not installed"]
    assert "a sync does not create a DuckLake" in found["no catalog"]
    assert "WarehouseBusy: another process has had the DuckLake's catalog locked" in found["locked"]
    columns = {"id": "VARCHAR", "full_name": "VARCHAR"}
    assert found["columns"] == {"contacts": columns, "lake.main.contacts": columns}
    assert (found["rows"], found["rows after a DELETE"]) == (5000, 5000)
    assert found["errors"] == {"nowhere": "SourceMissing", "no.where": "SourceMissing", "broken": "DuckDBError"}
