"""What a sync needs at run time, as Dagster resources over the plain classes."""

from urllib.parse import parse_qsl, urlencode

import dagster as dg
from pydantic import Field

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.settings import Settings, SettingsError
from cr_pipelines.sync import Destination
from cr_pipelines.warehouse import Warehouse, open_warehouse


class CommonRoomResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The Common Room workspace that syncs write to.

    What is not given comes from the environment when a run needs it, so the same code location serves every
    deployment, and loads where nothing is set:

        CommonRoomResource()
        CommonRoomResource(token=dg.EnvVar("ACME_ROOM_TOKEN"), source_id=42)

    In an asset of your own:

        @dg.asset
        async def segments(common_room: CommonRoomResource) -> None:
            async with common_room.get_client() as room:
                await room.list_segments()
    """

    token: str | None = Field(
        default=None,
        repr=False,
        description="API token, made by a room owner under Settings > API tokens. Default: COMMON_ROOM_API_TOKEN.",
        json_schema_extra={"dagster__is_secret": True},
    )
    base_url: str | None = Field(
        default=None,
        description="The API's address, up to and including /community/v1. Default: COMMON_ROOM_BASE_URL, else "
        "the vendor's.",
    )
    source_id: int | None = Field(
        default=None,
        description="Id of the API signal that contacts and activities go to (Settings > Sources). Default: "
        "COMMON_ROOM_DESTINATION_SOURCE_ID.",
    )

    def get_client(self) -> CommonRoomClient:
        """A client of the room, for one event loop; use it in `async with`.

        Raises SettingsError when no token is set.
        """
        settings = Settings.from_environment()
        token = self.token or settings.token
        if not token:
            raise SettingsError(
                "no Common Room API token is set; a room owner makes one under Settings > API tokens. Put it into "
                "the environment variable COMMON_ROOM_API_TOKEN of the process that runs the sync"
            )
        return CommonRoomClient(token, self.base_url or settings.base_url)

    def destination(self) -> Destination:
        """The room as the engine takes it. A token is asked for only when there is something to send."""
        source_id = self.source_id if self.source_id is not None else Settings.from_environment().source_id
        return Destination(self.get_client, source_id)


class WarehouseResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The warehouse that holds the sources and our own tables.

    What is not given comes from the environment when a run needs it:

        WarehouseResource()
        WarehouseResource(url="duckdb:////data/warehouse.duckdb", state_schema="common_room_state")
    """

    url: str | None = Field(
        default=None,
        repr=False,
        description="The warehouse, such as duckdb:////data/warehouse.duckdb. Default: CR_WAREHOUSE_URL.",
        json_schema_extra={"dagster__is_secret": True},
    )
    state_schema: str | None = Field(
        default=None,
        description="Schema of the ledger and our other tables, made when missing. Default: CR_STATE_SCHEMA, else "
        "common_room.",
    )

    def get_warehouse(self, *, busy_seconds: float | None = None) -> Warehouse:
        """The warehouse; nothing is connected yet.

        `busy_seconds` shortens the wait for a DuckDB file that another process has. Raises WarehouseError for a
        URL that names no known warehouse.
        """
        url = self.url or Settings.from_environment().warehouse_url
        if busy_seconds is not None and url.startswith("duckdb:"):
            address, _, options = url.partition("?")
            url = f"{address}?{urlencode({**dict(parse_qsl(options)), 'busy_seconds': busy_seconds})}"
        return open_warehouse(url)

    def get_state_schema(self) -> str:
        """The schema of our own tables."""
        return self.state_schema or Settings.from_environment().state_schema
