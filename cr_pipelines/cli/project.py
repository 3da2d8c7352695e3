"""The user's Dagster definitions, as far as the command needs them.

Goes in: where the definitions are, as `module` or `module:name`. Comes out: their syncs, and the resources that reach
Common Room and the warehouse.
"""

import difflib
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import dagster as dg

from cr_pipelines.components import first_days_of, syncs_of
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Partition, Sync
from cr_pipelines.warehouse import Warehouse

_BUSY_SECONDS = 60.0
"""How long someone at a terminal waits while another process has the DuckDB file open."""

_R = TypeVar("_R", CommonRoomResource, WarehouseResource)


@dataclass(frozen=True)
class Project:
    """Syncs, and the resources that their runs use.

    Attributes:
        first_days: the first day of each sync with daily partitions, by its name.
        definitions: where they come from, for messages.
    """

    syncs: Sequence[Sync] = ()
    first_days: Mapping[str, date] = field(default_factory=dict)
    common_room: CommonRoomResource = field(default_factory=CommonRoomResource)
    warehouse_resource: WarehouseResource = field(default_factory=WarehouseResource)
    definitions: str = ""

    def open_warehouse(self) -> Warehouse:
        """Open the warehouse. Raises WarehouseError."""
        return self.warehouse_resource.get_warehouse(wait_seconds=_BUSY_SECONDS)

    def partition(self, sync: Sync, day: date) -> Partition | None:
        """Return the partition of that day, or None if the sync has no partitions."""
        column = sync.contract.partition_by
        return Partition.of_day(column, day) if column and sync.name in self.first_days else None

    def find(self, name: str) -> Sync:
        """Return the sync of this name, or with this asset key. Raises ClickException with the names that there are."""
        by_name = {sync.name: sync for sync in self.syncs}
        found = by_name.get(name) or by_name.get(name.rpartition("/")[2])
        if found is not None:
            return found
        similar = difflib.get_close_matches(name, by_name, n=1)
        hint = f"; did you mean {similar[0]}?" if similar else "."
        raise click.ClickException(
            f"{self.definitions} has no sync {name!r}{hint} Its syncs: {', '.join(sorted(by_name)) or 'none'}"
        )

    def partition_of(self, sync: Sync, day: date | None) -> Partition | None:
        """Return the partition of `day`, or of yesterday; None for a sync without partitions.

        Raises ClickException for a day that the sync has no partition of.
        """
        partition = self.partition(sync, day or datetime.now(UTC).date() - timedelta(days=1))
        if day is None:
            return partition
        if partition is None:
            raise click.ClickException(f"{sync.name} has no daily partitions; omit --day")
        first, today = self.first_days.get(sync.name), datetime.now(UTC).date()
        if first is not None and day < first:
            raise click.ClickException(
                f"{day} is before {first}, the first day of {sync.name}; give a later --day, or set an earlier start"
            )
        if day > today:
            raise click.ClickException(f"{day} is in the future; give a --day up to {today} (UTC)")
        return partition

    @property
    def state_schema(self) -> str:
        """The schema of the state tables."""
        return self.warehouse_resource.get_state_schema()


def load_project(definitions: str) -> Project:
    """Load the Dagster definitions at `module` or `module:name`.

    Raises ClickException with the reason if they cannot be loaded.
    """
    module_name, _, name = definitions.partition(":")
    # Like Dagster: a console script does not search the working directory by itself.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module_name), name or "defs", None)
        if found is None:
            raise click.ClickException(
                f"module {module_name} has no {name or 'defs'}; pass --definitions {module_name}:NAME"
            )
        loaded = cast(dg.Definitions, found() if callable(found) else found)
        resources = loaded.resources or {}
        return Project(
            sorted(syncs_of(loaded), key=lambda sync: sync.name),
            first_days_of(loaded),
            _resource(resources, "common_room", CommonRoomResource),
            _resource(resources, "warehouse", WarehouseResource),
            definitions,
        )
    except click.ClickException:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise click.ClickException(
            f"cannot load {definitions}: {type(error).__name__}: {reason}; run `dg check defs` to see where, or choose "
            "another module with --definitions"
        ) from None


def _resource(resources: Mapping[str, Any], name: str, kind: type[_R]) -> _R:
    """Return the resource that syncs use, with its environment variables resolved, or the default one."""
    declared = resources.get(name)
    if not isinstance(declared, kind):
        return kind()
    return cast(_R, declared.process_config_and_initialize())
