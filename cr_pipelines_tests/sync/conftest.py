from collections.abc import Iterator
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import ENGINE, empty_warehouse


@pytest.fixture
def engine() -> str:
    return ENGINE


@pytest.fixture
def flow(tmp_path: Path, sandbox: SandboxServer, engine: str) -> Iterator[Flow]:
    with empty_warehouse(tmp_path, engine) as data:
        flow = Flow(data, sandbox)
        flow.sql(
            "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
            "'person' || i || '@example.com' AS email, i AS seats FROM generate_series(0, 9) AS numbers(i)"
        )
        yield flow
