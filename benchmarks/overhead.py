"""What Dagster costs: a run that finds nothing to do, and loading a code location with many syncs.

Goes in: a number of syncs and of repetitions. Comes out: two tables, in which each number is the median of several
processes.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import sources
from benchmarks.programs import run_here
from benchmarks.table import Table

ROWS = 10_000
YAML = """
type: cr_pipelines.components.CommonRoomSync
attributes:
  name: contacts_{number}
  kind: contact
  source: common_room_contacts
  asset_key: common_room/contacts_{number}
"""


def run_sync_asset(url: str, home: str) -> dict[str, float]:
    """Return the seconds of a run of the sync asset that finds nothing to do."""
    os.environ |= {"CR_WAREHOUSE_URL": url, "COMMON_ROOM_API_TOKEN": "not-used"}
    os.environ |= {"COMMON_ROOM_DESTINATION_SOURCE_ID": "1", "COMMON_ROOM_BASE_URL": "http://127.0.0.1:9/community/v1"}
    import dagster as dg

    from cr_pipelines.components import build_sync_definitions
    from cr_pipelines.resources import CommonRoomResource, WarehouseResource
    from cr_pipelines.sync import Sync

    defs = dg.Definitions.merge(
        build_sync_definitions(Sync("contacts", "contact", "common_room_contacts")),
        dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
    )
    return _timed_run(defs, home)


def run_empty_asset(url: str, home: str) -> dict[str, float]:
    """Return the seconds of a run of an asset that does nothing."""
    import dagster as dg

    @dg.asset
    def nothing() -> None:
        pass

    return _timed_run(dg.Definitions(assets=[nothing]), home)


def _timed_run(defs: object, home: str) -> dict[str, float]:
    import dagster as dg

    assert isinstance(defs, dg.Definitions)  # noqa: S101
    with dg.DagsterInstance.from_ref(dg.DagsterInstance.local_temp(home).get_ref()) as instance:
        job = defs.resolve_implicit_global_asset_job_def()
        began = time.perf_counter()
        result = job.execute_in_process(instance=instance)
        took = time.perf_counter() - began
    if not result.success:
        raise SystemExit("the run failed")
    return {"seconds": took}


def run_engine(url: str, home: str) -> dict[str, float]:
    """Return the seconds of the same run without Dagster."""
    from benchmarks.plan import CONTACTS
    from cr_pipelines.api import CommonRoomClient
    from cr_pipelines.sync import Destination, run_sync
    from cr_pipelines.warehouse import open_warehouse

    began = time.perf_counter()
    report = run_sync(CONTACTS, open_warehouse(url), Destination(lambda: CommonRoomClient(token="not-used"), 1))
    took = time.perf_counter() - began
    if report.unchanged != report.source_rows:
        raise SystemExit("the run found something to do")
    return {"seconds": took}


def load_yaml(folder: str) -> dict[str, float]:
    """Return the seconds to load a folder of YAML syncs, after Dagster is imported."""
    import dagster as dg

    sys.path.insert(0, str(Path(folder).parent))
    began = time.perf_counter()
    from cr_pipelines.resources import CommonRoomResource, WarehouseResource

    defs = dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(folder)),
        dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
    )
    return _resolved(defs, began)


def load_python(count: str) -> dict[str, float]:
    """Return the seconds to build as many syncs in Python, after Dagster is imported."""
    import dagster as dg

    began = time.perf_counter()
    from cr_pipelines.components import build_sync_definitions
    from cr_pipelines.resources import CommonRoomResource, WarehouseResource
    from cr_pipelines.sync import Sync

    syncs = [Sync(f"contacts_{number}", "contact", "common_room_contacts") for number in range(int(count))]
    defs = dg.Definitions.merge(
        *(build_sync_definitions(sync) for sync in syncs),
        dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
    )
    return _resolved(defs, began)


def load_empty(count: str) -> dict[str, float]:
    """Return the seconds to build as many empty assets with a job and a schedule each, after Dagster is imported."""
    import dagster as dg

    began = time.perf_counter()

    def empty(number: int) -> dg.Definitions:
        @dg.asset(name=f"nothing_{number}")
        def nothing() -> None:
            pass

        job = dg.define_asset_job(f"job_{number}", [nothing])
        schedule = dg.ScheduleDefinition(job=job, cron_schedule="0 * * * *")
        return dg.Definitions(assets=[nothing], jobs=[job], schedules=[schedule])

    return _resolved(dg.Definitions.merge(*(empty(number) for number in range(int(count)))), began)


def _resolved(defs: object, began: float) -> dict[str, float]:
    import dagster as dg

    assert isinstance(defs, dg.Definitions)  # noqa: S101
    repository = defs.get_repository_def()
    repository.load_all_definitions()
    return {"seconds": time.perf_counter() - began}


def import_dagster() -> dict[str, float]:
    """Return the seconds to import Dagster."""
    began = time.perf_counter()
    import dagster  # noqa: F401

    return {"seconds": time.perf_counter() - began}


def measure(syncs: int, repeats: int) -> str:
    """Return the section of the page."""

    def seconds(function: str, *arguments: object) -> float:
        return statistics.median(
            run_here("benchmarks.overhead", function, *arguments)["seconds"] for _ in range(repeats)
        )

    with tempfile.TemporaryDirectory() as folder:
        url = sources.contacts(Path(folder, "contacts.duckdb"), ROWS)
        run_here("benchmarks.plan", "prepare_ledger", url)
        runs = Table("run", "seconds")
        homes = [tempfile.mkdtemp(dir=folder) for _ in range(2)]
        for what, function, home in (
            ("an empty asset", "run_empty_asset", homes[0]),
            (f"a sync of {ROWS:,} contacts that finds nothing to do", "run_sync_asset", homes[1]),
            ("the same without Dagster, `run_sync`", "run_engine", ""),
        ):
            runs.add(what, f"{seconds(function, url, home):.2f}")
        loads = Table("loading a code location", "seconds")
        project = _yaml_project(Path(folder, "project"), syncs)
        loads.add("`import dagster`, before each of the next", f"{seconds('import_dagster'):.2f}")
        loads.add(f"{syncs} empty assets, each with a job and a schedule", f"{seconds('load_empty', syncs):.2f}")
        loads.add(f"{syncs} syncs in Python", f"{seconds('load_python', syncs):.2f}")
        loads.add(f"{syncs} syncs in YAML", f"{seconds('load_yaml', str(project)):.2f}")
    return f"The median of {repeats} processes:\n\n{runs}\n\n{loads}"


def _yaml_project(folder: Path, syncs: int) -> Path:
    package = folder / "many_syncs"
    (package / "defs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "many_syncs"\n'
    )
    (package / "__init__.py").touch()
    (package / "definitions.py").touch()
    (package / "defs" / "__init__.py").touch()
    for number in range(syncs):
        instance = package / "defs" / f"contacts_{number}"
        instance.mkdir()
        (instance / "defs.yaml").write_text(YAML.format(number=number))
    return package
