"""The public conformance suite, on real engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from cr_pipelines.warehouse import Warehouse, open_warehouse
from cr_pipelines.warehouse.conformance import WarehouseConformance
from cr_pipelines_tests.support.warehouses import empty_warehouse


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
        "struct": """CAST('{"x": 1, "y": "a"}' AS jsonb)""",
        "other structs": tuple(
            f"CAST('{text}' AS jsonb)" for text in ('{"x": 1, "y": "b"}', '{"x": 2, "y": "a"}', '{"x": 1, "y": ""}')
        ),
    }

    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[Warehouse]:
        with empty_warehouse(tmp_path, "postgresql") as data:
            yield open_warehouse(data.url)
