"""The Dagster code location: what the `defs` folder declares, with the resources it needs."""

from pathlib import Path

import dagster as dg

from cr_pipelines.resources import CommonRoomResource, WarehouseResource


@dg.definitions
def defs() -> dg.Definitions:
    """Everything of the location. Loading it connects to nothing.

    Resources that the `defs` folder declares under the same names replace ours.
    """
    declared = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    resources = {"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}
    return dg.Definitions.merge(
        declared,
        dg.Definitions(
            resources={name: ours for name, ours in resources.items() if name not in (declared.resources or {})},
            # A sync is one step that waits for a network: a process of its own per step buys nothing.
            executor=dg.in_process_executor,
        ),
    )
