import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunStorageSqlMetadata
from dagster._core.storage.schedules import SqlScheduleStorage

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.location import Location

# What a storage knows of itself, and definitions, which it finds by a hash of them.
_STAYS = ("secondary_indexes", "instance_info", "snapshots")


@pytest.fixture(scope="session")
def ephemeral_instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(scope="session")
def persistent_instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(set_dagster_home=False) as instance:
        yield instance


@pytest.fixture
def instance(ephemeral_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance in which nothing has happened. It is emptied, as making one takes a third of a second."""
    return emptied(ephemeral_instance)


@pytest.fixture
def instance_on_disk(persistent_instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """The same on disk, as a tick of a schedule opens the instance itself."""
    return emptied(persistent_instance)


def emptied(instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """The instance, without anything that happened in it."""
    runs, events = instance.run_storage, instance.event_log_storage
    assert isinstance(runs, SqlRunStorage)
    assert isinstance(events, SqlEventLogStorage)
    storages = ((runs.connect(), RunStorageSqlMetadata), (events.index_connection(), SqlEventLogStorageMetadata))
    for connected, metadata in storages:
        with connected as connection:
            for table in reversed(metadata.sorted_tables):
                if table.name not in _STAYS:
                    connection.execute(table.delete())
    if isinstance(instance.schedule_storage, SqlScheduleStorage):
        instance.schedule_storage.wipe()
    shutil.rmtree(instance.storage_directory(), ignore_errors=True)
    return instance


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
