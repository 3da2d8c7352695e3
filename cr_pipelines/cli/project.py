"""The user's Dagster definitions, as far as the command needs them: syncs, room and warehouse."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import dagster as dg

from cr_pipelines.components import partitioned_syncs_of, syncs_of
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Partition, Sync
from cr_pipelines.warehouse import Warehouse

_BUSY_SECONDS = 60.0
"""How long someone at a terminal waits while another process has a DuckDB file."""

_R = TypeVar("_R", CommonRoomResource, WarehouseResource)


@dataclass(frozen=True)
class Project:
    """Syncs, and the resources that their runs use; `partitioned` names those syncs that go day by day."""

    syncs: Sequence[Sync] = ()
    partitioned: AbstractSet[str] = frozenset()
    common_room: CommonRoomResource = field(default_factory=CommonRoomResource)
    warehouse_resource: WarehouseResource = field(default_factory=WarehouseResource)

    def open_warehouse(self) -> Warehouse:
        """The warehouse. Raises WarehouseError."""
        return self.warehouse_resource.get_warehouse(wait_seconds=_BUSY_SECONDS)

    def partition(self, sync: Sync, day: date) -> Partition | None:
        """What a run for that day looks at: a slice of the source, or all of it."""
        column = sync.contract.partition_by
        return Partition.of_day(column, day) if column and sync.name in self.partitioned else None

    @property
    def state_schema(self) -> str:
        """The schema of our own tables."""
        return self.warehouse_resource.get_state_schema()


def load_project(definitions: str) -> Project:
    """What the Dagster definitions at `module` or `module:name` hold.

    Raises ClickException when they cannot be loaded, with the reason.
    """
    module_name, _, name = definitions.partition(":")
    # As Dagster does: a console script does not look in the working directory by itself.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module_name), name or "defs", None)
        if found is None:
            raise click.ClickException(
                f"{module_name} has no {name or 'defs'}; name the definitions with --definitions {module_name}:NAME"
            )
        loaded = cast(dg.Definitions, found() if callable(found) else found)
        resources = loaded.resources or {}
        return Project(
            sorted(syncs_of(loaded), key=lambda sync: sync.name),
            partitioned_syncs_of(loaded),
            _resource(resources, "common_room", CommonRoomResource),
            _resource(resources, "warehouse", WarehouseResource),
        )
    except click.ClickException:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise click.ClickException(
            f"{definitions} cannot be loaded: {type(error).__name__}: {reason}; "
            "`dg check defs` shows where, or name another module with --definitions"
        ) from None


def _resource(resources: Mapping[str, Any], name: str, kind: type[_R]) -> _R:
    """The resource under the name that syncs ask for, its environment variables read; else one of ours."""
    declared = resources.get(name)
    if not isinstance(declared, kind):
        return kind()
    return cast(_R, declared.process_config_and_initialize())
