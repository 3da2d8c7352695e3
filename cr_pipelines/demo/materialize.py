"""Materializes syncs, one stage after the other, in the process that `command` starts."""

import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import dagster as dg

from cr_pipelines.components import syncs_of
from cr_pipelines.sandbox import SandboxClient

_DEFINITIONS = "cr_pipelines.definitions"
"""The code location, by name: it stands above the demo, which starts it as Dagster would."""


@dataclass(frozen=True)
class Stage:
    """Syncs of one Dagster run; `days` are the first and the last for those that go day by day."""

    syncs: Sequence[str]
    days: tuple[str, str] | None = None


def command(sandbox_url: str, stages: Sequence[Stage]) -> list[str]:
    """What to start for these stages."""
    return [sys.executable, "-m", __name__, json.dumps([sandbox_url, [asdict(stage) for stage in stages]])]


def main(sandbox_url: str, stages: Sequence[Stage]) -> bool:
    """Run the stages; whether all of them succeeded. What a stage sent has arrived when the next begins."""
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
