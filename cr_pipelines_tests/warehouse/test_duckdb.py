"""What only DuckDB has: memory that grows when it must, and errors that come by way of Arrow."""

from pathlib import Path

import duckdb
import pytest

from cr_pipelines.warehouse import Warehouse, WarehouseError, open_warehouse
from cr_pipelines.warehouse.conformance_sinks import Collected


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    return open_warehouse(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")


def test_an_answer_that_runs_out_of_memory_in_its_middle_is_read_again_with_more(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cr_pipelines.warehouse.duckdb.FIRST_MEMORY", 16_000_000)
    long = "array_to_string(list_transform(range(i - 4990), lambda x: repeat(md5((i + x)::VARCHAR), 400)), '')"
    sink = Collected()
    with warehouse.session() as session:
        session.fetch_batches(
            f"SELECT CASE WHEN i < 5000 THEN 'x' ELSE {long} END AS t FROM range(5100) AS r(i)", 2_000, sink
        )
    assert sum(batch.num_rows for batch in sink.batches) == 5_100


def test_an_error_in_the_middle_of_an_answer_does_not_quote_the_row(warehouse: Warehouse):
    value = "CASE WHEN i = 400000 THEN CAST('ada@example.com' AS INTEGER) ELSE i END"
    with warehouse.session() as session, pytest.raises(WarehouseError, match="ConversionException on a row") as caught:
        session.fetch_batches(f"SELECT {value} AS n FROM range(500000) AS r(i)", 2_000, Collected())
    assert "ada" not in str(caught.value)
