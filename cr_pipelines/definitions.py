"""The Dagster code location.

Goes in: the YAML of the `defs` folder. Comes out: its definitions, with the resources and the executor that they need.
"""

import logging
from pathlib import Path

import dagster as dg

from cr_pipelines.components import DataFrameIOManager
from cr_pipelines.components.shared.connections import check_resources
from cr_pipelines.resources import CommonRoomResource, WarehouseResource

# Whoever loads the location names it, as `dagster dev -m` does by its module. Dagster warns of that more than a hundred
# times, because the project in `defs` has a name, too.
logging.getLogger("dagster.components.core.component_tree").addFilter(
    lambda record: "does not match the name" not in str(record.msg)
)


@dg.definitions
def defs() -> dg.Definitions:
    """Return all definitions of the code location. Loading them connects to nothing.

    A resource that the `defs` folder declares under the same name replaces the default.
    """
    declared = dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs")
    check_resources(declared.resources or {})
    warehouse = WarehouseResource()
    resources = {
        "common_room": CommonRoomResource(),
        "warehouse": warehouse,
        "io_manager": DataFrameIOManager(warehouse),
    }
    return dg.Definitions.merge(
        declared,
        dg.Definitions(
            resources={name: default for name, default in resources.items() if name not in (declared.resources or {})},
            # A sync is one step that waits for the network: a process per step would gain nothing.
            executor=dg.in_process_executor,
        ),
    )
