from collections.abc import Iterator
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.warehouses import ENGINE, empty_warehouse


@pytest.fixture
def engine() -> str:
    return ENGINE


@pytest.fixture
def office(tmp_path: Path, sandbox: SandboxServer, engine: str) -> Iterator[Office]:
    with empty_warehouse(tmp_path, engine) as data:
        office = Office(data, sandbox)
        office.sql(
            "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
            "'person' || i || '@example.com' AS email FROM generate_series(0, 9) AS numbers(i);"
            "CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at TIMESTAMP)"
        )
        yield office
