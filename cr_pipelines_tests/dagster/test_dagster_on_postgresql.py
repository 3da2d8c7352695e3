"""As in production: Dagster keeps its own records in PostgreSQL, and syncs from PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase
from cr_pipelines_tests.support.whole_dagster import until, whole_dagster

# With SQLAlchemy 2.1 a bare postgresql:// asks for a driver that dagster-postgres does not bring.
STORAGE = """
storage:
  postgres:
    postgres_url: postgresql+psycopg2{url}
"""


@pytest.fixture
def databases() -> Iterator[tuple[PostgreSQLDatabase, PostgreSQLDatabase]]:
    """One for Dagster, and the warehouse."""
    both = PostgreSQLDatabase(), PostgreSQLDatabase()
    yield both
    for database in both:
        database.remove()


def test_two_syncs_run_at_once(
    databases: tuple[PostgreSQLDatabase, PostgreSQLDatabase], sandbox: SandboxServer, tmp_path: Path
):
    records, warehouse = databases
    warehouse.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name "
        "FROM generate_series(0, 99) AS numbers(i)"
    )
    sandbox.control.set_limit(10, 1)
    module = "cr_pipelines_tests.dagster.two_syncs_location"
    storage = STORAGE.format(url=records.url.removeprefix("postgresql"))
    with whole_dagster(tmp_path, sandbox, warehouse.url, storage=storage, module=module) as dagster:
        names = ("contacts", "others")
        runs = {name: dagster.launch(name) for name in names}
        # Neither can be through before both have begun.
        until(lambda: {dagster.run(run)["status"] for run in runs.values()}, lambda seen: seen == {"STARTED"})
        sandbox.control.set_limit(None)
        assert [dagster.ended(run) for run in runs.values()] == ["SUCCESS", "SUCCESS"]
        first, second = (dagster.run(run) for run in runs.values())
    assert max(first["startTime"], second["startTime"]) < min(first["endTime"], second["endTime"])
    kept = records.sql("SELECT run_id FROM runs WHERE status = 'SUCCESS'")
    assert {run for (run,) in kept} == set(runs.values())
    finished = warehouse.sql("SELECT sync, state, delivered, run_id FROM common_room.sync_runs ORDER BY sync")
    assert finished == [(name, "succeeded", 100, runs[name]) for name in names]
    assert len(sandbox.control.users(source=sandbox.source_id)) == 200
    assert not list(tmp_path.rglob("*.db"))
