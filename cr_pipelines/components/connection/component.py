"""The component of a connection.

Goes in: the attributes of a `defs.yaml`. Comes out: the resources of one room and one warehouse.
"""

import re
from typing import Self

import dagster as dg
from pydantic import BaseModel, Field, model_validator
from typing_extensions import override

from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.project import components_of_project
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import state_url

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DEFAULT = "default"
VARIABLES = {"token": "COMMON_ROOM_API_TOKEN", "source_id": "COMMON_ROOM_DESTINATION_SOURCE_ID"}
"""The environment variables of the attributes that differ between rooms."""


class ConnectionScaffoldParams(BaseModel):
    """The options of `dg scaffold defs` for a new connection."""

    name: str = Field(default=_DEFAULT, description="Name of the connection. Default: default, which adds no prefix.")


class ConnectionScaffolder(dg.Scaffolder[ConnectionScaffoldParams]):
    """Writes a `defs.yaml` whose values come from the environment; those of a named connection, from its own."""

    @classmethod
    @override
    def get_scaffold_params(cls) -> type[ConnectionScaffoldParams]:
        return ConnectionScaffoldParams

    @override
    def scaffold(self, request: dg.ScaffoldRequest[ConnectionScaffoldParams]) -> None:
        name = request.params.name if request.params else _DEFAULT
        attributes = {"name": name}
        if name != _DEFAULT:
            for attribute in ("token", "source_id"):
                attributes[attribute] = f"{{{{ env.{name.upper()}_{VARIABLES[attribute]} }}}}"
            attributes["state_schema"] = f"common_room_{name.lower()}"
        dg.scaffold_component(request, attributes)


@dg.scaffold_with(ConnectionScaffolder)
class CommonRoomConnection(dg.Component, dg.Model, dg.Resolvable):
    """The resources of one room and one warehouse, for the syncs, removals and catalog that name this connection.

        type: cr_pipelines.components.CommonRoomConnection
        attributes:
          name: eu
          token: "{{ env.EU_ROOM_TOKEN }}"
          source_id: 42
          warehouse_url: "{{ env.EU_WAREHOUSE_URL }}"
          state_schema: common_room_eu

    Values that are not given come from the environment when a run needs them. The connection `default` provides the
    resources `common_room` and `warehouse`; `eu` provides `eu_common_room` and `eu_warehouse`, and puts `eu` before the
    names of its jobs, schedules, sensors and source assets. Two rooms need a state schema each.
    """

    name: str = Field(
        default=_DEFAULT,
        description="Name of the connection, as in the attribute connection of a sync.",
        examples=["eu"],
    )
    token: str | None = Field(
        default=None,
        repr=False,
        description="API token. Default: COMMON_ROOM_API_TOKEN.",
        examples=["{{ env.EU_ROOM_TOKEN }}"],
    )
    base_url: str | None = Field(default=None, description="Address of the API. Default: COMMON_ROOM_BASE_URL.")
    source_id: int | None = Field(
        default=None, description="ID of the API signal. Default: COMMON_ROOM_DESTINATION_SOURCE_ID."
    )
    warehouse_url: str | None = Field(
        default=None, repr=False, description="URL of the warehouse. Default: CR_WAREHOUSE_URL."
    )
    state_url: str | None = Field(
        default=None,
        repr=False,
        description="URL of the DuckDB file or PostgreSQL database that has the tables of cr-pipelines; the warehouse "
        "is then only read. Default: CR_STATE_URL, or else the warehouse.",
    )
    state_schema: str | None = Field(
        default=None, description="Schema of the tables of cr-pipelines. Default: CR_STATE_SCHEMA, or else common_room."
    )
    room_resource: str | None = Field(
        default=None, description="Key of the room's resource. Default: derived from the name."
    )
    warehouse_resource: str | None = Field(
        default=None, description="Key of the warehouse's resource. Default: derived from the name."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} must begin with a letter and consist of letters, digits and _")
        return self

    @property
    def connection(self) -> Connection:
        """The names of the connection, as the other components take them."""
        named = Connection("" if self.name == _DEFAULT else self.name, url=self.warehouse_url)
        return Connection(
            named.name,
            self.room_resource or named.qualified("common_room"),
            self.warehouse_resource or named.qualified("warehouse"),
            self.warehouse_url,
        )

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        self._check_state_schema(context)
        return dg.Definitions(
            resources={
                self.connection.common_room: CommonRoomResource(
                    token=self._given("token"), base_url=self.base_url, source_id=self.source_id
                ),
                self.connection.warehouse: WarehouseResource(
                    url=self._given("warehouse_url"),
                    state_url=self._given("state_url"),
                    state_schema=self.state_schema,
                ),
            }
        )

    def _given(self, field: str) -> str | None:
        """Return a secret; empty if it names a variable that is not set, which must not lead to another room."""
        value: str | None = getattr(self, field)
        return "" if value is None and field in self.model_fields_set else value

    @property
    def _state_home(self) -> str | None:
        return self.state_url or state_url() or self.warehouse_url

    def _check_state_schema(self, context: dg.ComponentLoadContext) -> None:
        for other in components_of_project(context, CommonRoomConnection):
            if other is self:
                return
            if other.name == self.name:
                raise ValueError(f"two connections have the name {self.name}; rename one")
            if (other._state_home, other.state_schema) == (self._state_home, self.state_schema):
                raise ValueError(
                    f"the connections {other.name} and {self.name} have the same state schema; a state schema belongs "
                    "to one room, so set state_schema in one of them"
                )

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="The resources of one Common Room workspace and one warehouse.",
            tags=["common-room"],
            produces=["resource"],
        )


def connection_of(context: dg.ComponentLoadContext, name: str | None) -> Connection:
    """Return the connection of this name in the project; without a name, the only one, or else the default one.

    Raises ValueError for a name that no connection has, and if there are several and none is named.
    """
    known = {found.name: found.connection for found in components_of_project(context, CommonRoomConnection)}
    if name is None:
        if not known:
            return DEFAULT_CONNECTION
        if len(known) > 1 and _DEFAULT not in known:
            raise ValueError(f"the project has several connections, so set connection to one of: {', '.join(known)}")
        return known[_DEFAULT] if _DEFAULT in known else next(iter(known.values()))
    if name not in known:
        raise ValueError(
            f"no connection has the name {name!r}; the project's connections are: {', '.join(known) or 'none'}"
        )
    return known[name]
