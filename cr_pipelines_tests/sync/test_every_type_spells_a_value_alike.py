"""A value is one key and one id in every type that can hold it: of DuckDB, of PostgreSQL, and of data frames."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cr_pipelines.sync.contract import canonical_id
from cr_pipelines.sync.plan.dataframe import as_arrow
from cr_pipelines.sync.plan.spool import values_of
from cr_pipelines.warehouse import Relation, Session, open_warehouse
from cr_pipelines_tests.support.warehouses import DuckDBFile, PostgreSQLDatabase

WHOLE = [
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM", "REAL", "DOUBLE"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    *("DECIMAL(4,0)", "DECIMAL(9,3)", "DECIMAL(18,3)", "DECIMAL(38,10)", "VARCHAR", "CHAR(9)", "JSON"),
]
IN_POSTGRESQL = [
    *("smallint", "integer", "bigint", "real", "double precision", "numeric", "numeric(9,3)", "numeric(38,10)"),
    *("text", "varchar(9)", "char(9)", "json", "jsonb", "name", "pg_temp.whole", "pg_temp.label"),
]
FRACTION = ["REAL", "DOUBLE", "DECIMAL(9,3)", "DECIMAL(38,10)", "VARCHAR", "JSON"]
FRACTION_IN_POSTGRESQL = ["real", "double precision", "numeric", "numeric(9,3)", "text", "char(9)", "jsonb"]
ID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"

TYPES: list[tuple[str, str, list[str]]] = [
    ("duckdb", "42", WHOLE),
    ("duckdb", "-42", [kind for kind in WHOLE if not kind.startswith("U")]),
    ("duckdb", "0.5", FRACTION),
    ("duckdb", "0.1", [*FRACTION, "DECIMAL(3,3)"]),
    ("duckdb", "-0.125", [*FRACTION, "DECIMAL(3,3)"]),
    ("duckdb", "0", ["BIGINT", "DOUBLE", "DECIMAL(3,3)", "DECIMAL(9,3)", "VARCHAR"]),
    ("duckdb", "9007199254740992", ["BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "DECIMAL(20,2)", "VARCHAR"]),
    ("duckdb", "18446744073709551615", ["UBIGINT", "HUGEINT", "BIGNUM", "DECIMAL(20,0)", "VARCHAR"]),
    ("duckdb", ID, ["UUID", "VARCHAR"]),
    ("duckdb", "2026-01-02", ["DATE", "VARCHAR"]),
    ("postgresql", "42", IN_POSTGRESQL),
    ("postgresql", "-42", IN_POSTGRESQL),
    ("postgresql", "0.5", FRACTION_IN_POSTGRESQL),
    ("postgresql", "0.1", [*FRACTION_IN_POSTGRESQL, "numeric(3,3)"]),
    ("postgresql", "-0.125", [*FRACTION_IN_POSTGRESQL, "numeric(3,3)"]),
    ("postgresql", "0", ["bigint", "double precision", "numeric", "numeric(3,3)", "text"]),
    ("postgresql", "9007199254740992", ["bigint", "double precision", "numeric", "numeric(20,2)", "text"]),
    ("postgresql", "18446744073709551615", ["numeric", "numeric(20,0)", "text"]),
    ("postgresql", ID, ["uuid", "text", "char(40)", "varchar(40)"]),
    ("postgresql", "2026-01-02", ["date", "text", "char(12)"]),
]

FRAMES: list[tuple[str, Any]] = [
    *(("42", np.array([42], kind)) for kind in ("int8", "int32", "int64", "uint8", "uint32", "uint64")),
    *(("42", np.array([42], kind)) for kind in ("float16", "float32", "float64")),
    *(("42", pd.array([42], kind)) for kind in ("Int64", "UInt64", "Float64", "int64[pyarrow]", "double[pyarrow]")),
    ("42", pd.Categorical([42])),
    ("42", [Decimal("42.000")]),
    ("42", ["42"]),
    ("42", pd.array(["42"], "string")),
    ("42", pa.array([Decimal("42.00")], pa.decimal128(9, 2))),
    ("42", pa.array([Decimal("42.00")], pa.decimal256(50, 2))),
    (str(10**50), pa.array([Decimal(10**50)], pa.decimal256(60, 2))),
    ("42", pa.array(["42"], pa.large_string())),
    ("42", pa.array(["42"]).dictionary_encode()),
    ("0.5", np.array([0.5], "float16")),
    ("0.1", np.array([0.1], "float32")),
    ("0.1", np.array([0.1], "float64")),
    ("0.1", [Decimal("0.100")]),
    ("18446744073709551615", np.array([2**64 - 1], "uint64")),
    (ID, [UUID(ID)]),
    (ID, pa.array([UUID(ID).bytes], pa.uuid())),
    (ID, [ID]),
]


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Session]]:
    database = PostgreSQLDatabase()
    file = DuckDBFile(tmp_path_factory.mktemp("types"))
    with open_warehouse(file.url).session() as duck, open_warehouse(database.url).session() as postgresql:
        postgresql.execute("CREATE DOMAIN pg_temp.whole AS bigint")
        postgresql.execute("CREATE DOMAIN pg_temp.label AS text")
        yield {"duckdb": duck, "postgresql": postgresql}
    database.remove()


class Ids:
    """A sink for the ids that are sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def write(self, batch: pa.RecordBatch) -> None:
        # A date is no id, but may be part of a key.
        values = values_of(batch.column(0))
        self.sent += [str(value) if isinstance(value, date) else canonical_id(value) for value in values]

    def clear(self) -> None:
        self.sent = []


def key_and_id(session: Session, source: str) -> tuple[str, list[str]]:
    """The key of the source's only row, and what is sent for it."""
    types, ids = session.columns(Relation(source)), Ids()
    rows = session.dialect.relation(Relation(source))
    session.fetch_batches(f"SELECT {session.dialect.readable_identity('a', types['a'])} FROM {rows} AS r", 10, ids)
    [(key,)] = session.fetch_all(f"SELECT {session.dialect.key(['a'], types)} FROM {rows} AS r")
    return key, ids.sent


@pytest.mark.parametrize(("engine", "value", "kind"), [(e, value, kind) for e, value, kinds in TYPES for kind in kinds])
def test_a_column(sessions: dict[str, Session], engine: str, value: str, kind: str) -> None:
    key, sent = key_and_id(sessions[engine], f"SELECT CAST('{value}' AS {kind}) AS a")
    assert (key, sent) == (value, [value])


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@pytest.mark.parametrize(
    ("value", "cells"), FRAMES, ids=[f"{value}-{number}" for number, (value, _) in enumerate(FRAMES)]
)
def test_a_data_frame(sessions: dict[str, Session], engine: str, value: str, cells: Any, request: Any) -> None:
    frame = pa.table({"a": cells}) if isinstance(cells, pa.Array) else pd.DataFrame({"a": cells})
    name = f"frame_{abs(hash(request.node.nodeid))}"
    sessions[engine].register_arrow(name, as_arrow(frame))
    assert key_and_id(sessions[engine], name) == (value, [value])
