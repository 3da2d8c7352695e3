"""Which resources a definition uses, and the names that follow from them.

Goes in: the name of a connection, or nothing for the resources `common_room` and `warehouse`. Comes out: resource keys,
and names of jobs, pools and source assets that do not collide with those of another connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import dagster as dg

from cr_pipelines.components.shared.assets import GROUP, POOL
from cr_pipelines.components.shared.metadata import metadata_value
from cr_pipelines.resources import CommonRoomResource, WarehouseResource

_R = TypeVar("_R", CommonRoomResource, WarehouseResource)

_CONNECTION = "common_room/connection"


@dataclass(frozen=True)
class Connection:
    """A room and a warehouse, as two resources of the code location.

    Attributes:
        name: prefix of what belongs to the connection; empty for the default one, whose names have no prefix.
        common_room: key of the room's resource.
        warehouse: key of the warehouse's resource.
        url: URL of the warehouse, if it is known at load, for the kinds of assets.
    """

    name: str = ""
    common_room: str = "common_room"
    warehouse: str = "warehouse"
    url: str | None = None

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the connection of this name with its default resource keys."""
        return cls(name, f"{name}_common_room", f"{name}_warehouse")

    @property
    def resource_keys(self) -> set[str]:
        """The keys of both resources."""
        return {self.common_room, self.warehouse}

    @property
    def group(self) -> str:
        """The default group of the assets, and the first part of their default keys."""
        return self.name or GROUP

    @property
    def pool(self) -> str:
        """The pool of the syncs, which share the token's rate limit."""
        return f"{POOL}_{self.name}" if self.name else POOL

    def qualified(self, name: str) -> str:
        """Return a name that is unique among connections."""
        return f"{self.name}_{name}" if self.name else name

    def room(self, resources: object) -> CommonRoomResource:
        """Return the room among the resources of a run or tick. Raises Failure for one of another type."""
        return _of_type(resources, self.common_room, CommonRoomResource)

    def open(self, resources: object) -> WarehouseResource:
        """Return the warehouse among the resources. Raises Failure for one of another type."""
        return _of_type(resources, self.warehouse, WarehouseResource)


DEFAULT_CONNECTION = Connection()
"""The resources `common_room` and `warehouse`."""


def connection_metadata(connection: Connection) -> dict[str, str]:
    """Return metadata that shows which resources an asset uses, and from which `connection_of_spec` makes them."""
    if connection.resource_keys == DEFAULT_CONNECTION.resource_keys:
        return {}
    return {_CONNECTION: f"{connection.name} {connection.common_room} {connection.warehouse}"}


def connection_of_spec(spec: dg.AssetSpec) -> Connection:
    """Return the connection of an asset of a sync or of removals, without its URL."""
    value = metadata_value(spec, _CONNECTION)
    return DEFAULT_CONNECTION if value is None else Connection(*str(value).split(" "))


def check_resources(resources: Mapping[str, Any], connection: Connection = DEFAULT_CONNECTION) -> None:
    """Raise DagsterInvalidDefinitionError if a resource of the connection has the wrong type."""
    for key, kind in ((connection.common_room, CommonRoomResource), (connection.warehouse, WarehouseResource)):
        found = resources.get(key)
        if found is not None and not isinstance(found, kind):
            raise dg.DagsterInvalidDefinitionError(_wrong_type(key, found, kind))


def _of_type(resources: object, key: str, kind: type[_R]) -> _R:
    found: object = getattr(resources, key)
    if not isinstance(found, kind):
        raise dg.Failure(_wrong_type(key, found, kind), allow_retries=False)
    return found


def _wrong_type(key: str, found: object, kind: type[Any]) -> str:
    return (
        f"the resource {key} is a {type(found).__name__}, but syncs need a {kind.__module__}.{kind.__name__}; give "
        "your resource another key, or name a CommonRoomConnection in each sync"
    )
