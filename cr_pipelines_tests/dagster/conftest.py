from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.location import Location


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def location(
    tmp_path: Path, sandbox: SandboxServer, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Location:
    """Ten contacts in the warehouse, an empty room, and the environment that names both."""
    path = tmp_path / "warehouse.duckdb"
    monkeypatch.setenv("COMMON_ROOM_API_TOKEN", sandbox.token)
    monkeypatch.setenv("COMMON_ROOM_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("COMMON_ROOM_DESTINATION_SOURCE_ID", str(sandbox.source_id))
    monkeypatch.setenv("CR_WAREHOUSE_URL", f"duckdb:///{path}")
    monkeypatch.delenv("CR_STATE_SCHEMA", raising=False)
    location = Location(path, sandbox, instance)
    location.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
        "'person' || i || '@example.com' AS email FROM range(10) AS numbers(i)"
    )
    return location
