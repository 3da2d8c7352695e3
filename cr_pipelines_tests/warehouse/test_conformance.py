"""The public conformance suites, on real engines, and how much a source has to bring."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from cr_pipelines.warehouse import Source, SourceDialect, SourceSession, Warehouse, open_warehouse
from cr_pipelines.warehouse.conformance import WarehouseConformance
from cr_pipelines.warehouse.source_conformance import SourceConformance
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase, empty_warehouse


class TestDuckDB(WarehouseConformance):
    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[Warehouse]:
        with empty_warehouse(tmp_path, "duckdb") as data:
            yield open_warehouse(data.url)


class TestPostgreSQL(WarehouseConformance):
    samples: ClassVar = {
        **WarehouseConformance.samples,
        "list": "ARRAY['a', 'b']",
        "other lists": ("ARRAY['b', 'a']", "ARRAY['a,b']", "ARRAY['a', 'b', '']", "ARRAY['a', NULL]", "ARRAY['a']"),
        "json": "CAST('{text}' AS jsonb)",
        "struct": """CAST('{"x": 1, "y": "a"}' AS jsonb)""",
        "other structs": tuple(
            f"CAST('{text}' AS jsonb)" for text in ('{"x": 1, "y": "b"}', '{"x": 2, "y": "a"}', '{"x": 1, "y": ""}')
        ),
    }

    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[Warehouse]:
        with empty_warehouse(tmp_path, "postgresql") as data:
            yield open_warehouse(data.url)


class TestDuckDBThatIsOnlyRead(SourceConformance):
    @pytest.fixture
    def source(self, tmp_path: Path) -> Iterator[Source]:
        with empty_warehouse(tmp_path, "duckdb") as data:
            yield open_warehouse(data.url, f"duckdb:///{tmp_path / 'state.duckdb'}").source


class TestPostgreSQLWithARoleThatMayOnlyRead(SourceConformance):
    samples: ClassVar = TestPostgreSQL.samples

    @pytest.fixture
    def source(self, tmp_path: Path) -> Iterator[Source]:
        database = PostgreSQLDatabase()
        yield open_warehouse(database.reader_url(), f"duckdb:///{tmp_path / 'state.duckdb'}").source
        database.remove()


def test_a_source_has_to_bring_a_dozen_members_at_most():
    members = [name for part in (SourceDialect, SourceSession, Source) for name in part.__abstractmethods__]
    assert len(members) <= 12, members
