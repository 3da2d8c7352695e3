"""Materialize syncs in stages, in a separate process.

Goes in: the sandbox's address and the stages, as JSON on the command line that `command` makes. Comes out: Dagster
runs, and exit code 0 if all of them succeeded.
"""

import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import dagster as dg

from cr_pipelines.components import syncs_of
from cr_pipelines.sandbox import SandboxClient

_DEFINITIONS = "cr_pipelines.definitions"
"""The code location, by name: it is a layer above the demo, which starts it as Dagster would."""


@dataclass(frozen=True)
class Stage:
    """The syncs of one Dagster run; `days` are the first and last partition of those with daily partitions."""

    syncs: Sequence[str]
    days: tuple[str, str] | None = None


def command(sandbox_url: str, stages: Sequence[Stage]) -> list[str]:
    """Return the command that runs these stages."""
    return [sys.executable, "-m", __name__, json.dumps([sandbox_url, [asdict(stage) for stage in stages]])]


def main(sandbox_url: str, stages: Sequence[Stage]) -> bool:
    """Run the stages, each after the rows of the last have arrived. Return whether all of them succeeded."""
    definitions: dg.Definitions = importlib.import_module(_DEFINITIONS).defs()
    job = definitions.resolve_implicit_global_asset_job_def()
    keys = {sync.name: dg.AssetKey(["common_room", sync.name]) for sync in syncs_of(definitions)}
    succeeded = True
    with dg.DagsterInstance.get() as instance, SandboxClient(sandbox_url) as room:
        for stage in stages:
            tags = {}
            if stage.days:
                first, last = stage.days
                tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
            result = job.execute_in_process(
                instance=instance,
                asset_selection=[keys[sync] for sync in stage.syncs],
                tags=tags,
                raise_on_error=False,
            )
            succeeded = succeeded and result.success
            room.settle()
    return succeeded


if __name__ == "__main__":
    url, described = json.loads(sys.argv[1])
    sys.exit(not main(url, [Stage(**stage) for stage in described]))
