"""The user's Dagster definitions, as far as the command needs them.

Goes in: where the definitions are, as `module` or `module:name`. Comes out: their syncs, and the resources that reach
Common Room and the warehouse.
"""

import difflib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import dagster as dg

from cr_pipelines.cli.options import chosen_connection
from cr_pipelines.components import Connection, connections_of, first_days_of, request_sources_of, syncs_of
from cr_pipelines.components.shared.beta import without_beta_warnings
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Partition, RequestSource, Sync
from cr_pipelines.warehouse import Warehouse

_BUSY_SECONDS = 60.0
"""How long someone at a terminal waits while another process has the DuckDB file open."""

_R = TypeVar("_R", CommonRoomResource, WarehouseResource)


@dataclass(frozen=True)
class Project:
    """Syncs, and the resources that their runs use.

    Attributes:
        first_days: the first day of each sync with daily partitions, by its name.
        requests: where privacy requests of the connection are.
        automation: returns the schedules and sensors, and whether each is on until somebody turns it on or off.
        definitions: where they come from, for messages.
    """

    syncs: Sequence[Sync] = ()
    first_days: Mapping[str, date] = field(default_factory=dict)
    common_room: CommonRoomResource = field(default_factory=CommonRoomResource)
    warehouse_resource: WarehouseResource = field(default_factory=WarehouseResource)
    requests: Sequence[RequestSource] = (RequestSource(),)
    definitions: str = ""
    automation: Callable[[], Mapping[str, bool]] = dict

    def open_warehouse(self) -> Warehouse:
        """Open the warehouse. Raises WarehouseError."""
        return self.warehouse_resource.get_warehouse(wait_seconds=_BUSY_SECONDS)

    def partition(self, sync: Sync, day: date) -> Partition | None:
        """Return the partition of that day, or None if the sync has no partitions."""
        column = sync.contract.partition_by
        return Partition.of_day(column, day) if column and sync.name in self.first_days else None

    def find(self, name: str) -> Sync:
        """Return the sync with this name or asset key. Raises ClickException with the existing names."""
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

        Raises ClickException for a day for which the sync has no partition.
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


def load_project(definitions: str, sync: str | None = None) -> Project:
    """Load the Dagster definitions at `module` or `module:name`, with the resources of one connection.

    That is the one named by --connection, or else the only one with syncs, or with a sync of the name or asset key
    `sync`. Raises ClickException with the reason if they cannot be loaded, or if several connections are possible.
    """
    with without_beta_warnings():
        return _load_project(definitions, sync)


def _load_project(definitions: str, sync: str | None) -> Project:
    module_name, _, name = definitions.partition(":")
    # Like Dagster: a console script does not search the working directory.
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
        connection = _connection(loaded, chosen_connection(), sync)
        common_room, warehouse = _initialized(
            _resource(resources, connection.common_room, CommonRoomResource),
            _resource(resources, connection.warehouse, WarehouseResource),
        )
        return Project(
            sorted(syncs_of(loaded, connection), key=lambda sync: sync.name),
            first_days_of(loaded, connection),
            common_room,
            warehouse,
            request_sources_of(loaded.resolve_all_asset_specs(), connection),
            definitions,
            lambda: _automation(loaded),
        )
    except click.ClickException:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise click.ClickException(
            f"cannot load {definitions}: {type(error).__name__}: {reason}; run `dg check defs` to see where, or choose "
            "another module with --definitions"
        ) from None


def _automation(loaded: dg.Definitions) -> Mapping[str, bool]:
    with without_beta_warnings():
        repository = loaded.get_repository_def()
    on = {each.name: each.default_status.value == "RUNNING" for each in repository.schedule_defs}
    return on | {each.name: each.default_status.value == "RUNNING" for each in repository.sensor_defs}


def _connection(loaded: dg.Definitions, chosen: str | None, sync: str | None) -> Connection:
    found = {connection.name or "default": connection for connection in connections_of(loaded)}
    if chosen is not None:
        unused = {key.removesuffix("_common_room") for key in loaded.resources or {} if key.endswith("_common_room")}
        found |= {name: Connection.of(name) for name in unused - found.keys()}
        if chosen not in found:
            raise click.ClickException(
                f"there is no connection {chosen!r}; the connections are: {', '.join(sorted(found)) or 'none'}"
            )
        return found[chosen]
    if sync is not None and len(found) > 1:
        leading, _, name = sync.rpartition("/")
        having = {
            key: connection
            for key, connection in found.items()
            if any(other.name == name for other in syncs_of(loaded, connection))
        }
        found = {leading: having[leading]} if leading in having else having or found
    if len(found) > 1:
        raise click.ClickException(f"choose one of the connections with --connection: {', '.join(sorted(found))}")
    return next(iter(found.values()), DEFAULT_CONNECTION)


def _resource(resources: Mapping[str, Any], name: str, kind: type[_R]) -> _R:
    """Return the resource that syncs use, or the default one."""
    declared = resources.get(name)
    return declared if isinstance(declared, kind) else kind()


def _initialized(
    common_room: CommonRoomResource, warehouse: WarehouseResource
) -> tuple[CommonRoomResource, WarehouseResource]:
    """Return the resources with their environment variables resolved."""
    ours = (CommonRoomResource, WarehouseResource)
    if all(type(resource) in ours and not resource.model_fields_set for resource in (common_room, warehouse)):
        return common_room, warehouse
    # Only if they name any, and together: Dagster makes an instance for each call, which takes a third of a second.
    with dg.build_resources({"common_room": common_room, "warehouse": warehouse}) as initialized:
        return initialized.common_room, initialized.warehouse
