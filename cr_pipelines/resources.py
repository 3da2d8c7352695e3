"""What a run needs, as Dagster resources.

Goes in: values from the code location, or else from the environment. Comes out: a client of the Common Room API, the
destination of a sync, and the warehouse.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr, field_validator
from typing_extensions import override

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.secret_text import HiddenText
from cr_pipelines.settings import Settings, SettingsError, state_url, warehouse_url
from cr_pipelines.sync import Destination
from cr_pipelines.warehouse import Warehouse, open_warehouse

MASK = "********"
"""What Dagster shows in place of a secret. It is never a value."""


class _ResourceWithSecrets(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A resource whose secrets the Launchpad does not fill in.

    Dagster fills in the default of every field, and the mask for that of a secret one; a run would then use the mask.
    So the run config offers no default for a secret, and a run that names none uses that of the code location.
    """

    _definition: dg.ResourceDefinition | None = PrivateAttr(None)

    @override
    def get_resource_definition(self) -> Any:
        # Dagster compares definitions by identity, so each resource has one.
        if self._definition is None:
            definition = super().get_resource_definition()
            schema = definition.config_schema.as_field()
            given = dict(schema.default_value) if schema.default_provided else {}
            fields: Mapping[str, Any] = getattr(schema.config_type, "fields", {})

            def without_masks(config: Mapping[str, Any]) -> dict[str, Any]:
                return {**given, **{name: value for name, value in config.items() if value != MASK}}

            self._definition = definition.configured(
                without_masks, {name: _launchpad_field(field, given.get(name)) for name, field in fields.items()}
            )
        return self._definition


def _without_mask(value: Any) -> Any:
    return None if value == MASK else value


def _launchpad_field(field: Any, value: Any) -> dg.Field:
    default = {} if field.is_secret else {"default_value": value}
    return dg.Field(
        field.config_type, is_required=False, is_secret=field.is_secret, description=field.description, **default
    )


class CommonRoomResource(_ResourceWithSecrets):
    """The Common Room workspace that syncs write to.

    Values that are not given come from the environment when a run needs them. So one code location serves every
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
        description="API token, which an admin of the room creates under Settings > API tokens. Default: "
        "COMMON_ROOM_API_TOKEN.",
        json_schema_extra={"dagster__is_secret": True},
    )
    base_url: str | None = Field(
        default=None,
        description="Address of the API, up to and including /community/v1. Default: COMMON_ROOM_BASE_URL, or else "
        "Common Room's own.",
    )
    source_id: int | None = Field(
        default=None,
        description="ID of the API signal that receives contacts and activities (Settings > Sources). Default: "
        "COMMON_ROOM_DESTINATION_SOURCE_ID.",
    )

    rate_share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="How much of the token's rate limit to use, above 0 and up to 1. Below 1, requests are spread "
        "evenly, which leaves room for other clients of the token. Default: 1.",
    )

    _token_is_no_mask = field_validator("token", mode="before")(_without_mask)

    def get_client(self) -> CommonRoomClient:
        """Return a client of the room for one event loop; use it in `async with`.

        Raises SettingsError when no token is set, or the token or the base URL cannot be used.
        """
        settings = Settings.from_environment()
        if self.token == "":
            raise SettingsError("the token of the resource is empty; set the environment variable that it names")
        token = HiddenText(self.token or settings.token or "")
        if not token:
            raise SettingsError(
                "no Common Room API token is set; an admin of the room creates one under Settings > API tokens. Set "
                "the environment variable COMMON_ROOM_API_TOKEN in the process that runs the sync"
            )
        try:
            return CommonRoomClient(
                token,
                self.base_url or settings.base_url,
                allow_plain_http=settings.allow_plain_http,
                rate_share=1.0 if self.rate_share is None else self.rate_share,
            )
        except ValueError as error:
            raise SettingsError(str(error)) from None

    def destination(self, rate_share: float = 1.0) -> Destination:
        """Return the room as the engine takes it. A token is needed only when there is something to send.

        `rate_share` is how much of the resource's own share of the rate limit to use.
        """
        source_id = self.source_id if self.source_id is not None else Settings.from_environment().source_id
        share = rate_share * (1.0 if self.rate_share is None else self.rate_share)
        room = self if rate_share >= 1 else self.model_copy(update={"rate_share": share})
        return Destination(room.get_client, source_id)


class WarehouseResource(_ResourceWithSecrets):
    """The warehouse that holds the sources, and the state tables unless there is a state URL.

    Values that are not given come from the environment when a run needs them:

        WarehouseResource()
        WarehouseResource(url="duckdb:////data/warehouse.duckdb", state_schema="common_room_state")
        WarehouseResource(url=dg.EnvVar("ACME_WAREHOUSE_URL"), state_url=dg.EnvVar("ACME_STATE_URL"))

    Give a URL that has a password as an EnvVar: Dagster stores a literal and shows it in the launchpad.
    """

    url: str | None = Field(
        default=None,
        repr=False,
        description="URL of the warehouse, such as duckdb:////data/warehouse.duckdb. Default: CR_WAREHOUSE_URL.",
        json_schema_extra={"dagster__is_secret": True},
    )
    state_url: str | None = Field(
        default=None,
        repr=False,
        description="URL of the DuckDB file or PostgreSQL database that has the tables of cr-pipelines; the warehouse "
        "is then only read. Default: CR_STATE_URL, or else the warehouse.",
        json_schema_extra={"dagster__is_secret": True},
    )
    state_schema: str | None = Field(
        default=None,
        description="Schema of the ledger and the other tables of cr-pipelines, created if it does not exist. Default: "
        "CR_STATE_SCHEMA, or else common_room.",
    )

    _url_is_no_mask = field_validator("url", "state_url", mode="before")(_without_mask)

    def get_warehouse(self, *, wait_seconds: float | None = None, statement_seconds: float | None = None) -> Warehouse:
        """Return the warehouse; nothing is connected yet.

        `wait_seconds` is how long a session waits for a busy warehouse; None for the URL's or the engine's default.
        `statement_seconds` is how long a statement may take; None for no bound.
        Raises WarehouseError for a URL that names no known warehouse.
        """
        if "" in (self.url, self.state_url):
            which = "URL" if self.url == "" else "state URL"
            raise SettingsError(f"the {which} of the resource is empty; set the environment variable that it names")
        return open_warehouse(
            self.url or warehouse_url(),
            self.state_url or state_url(),
            wait_seconds=wait_seconds,
            statement_seconds=statement_seconds,
        )

    def get_state_schema(self) -> str:
        """Return the schema of the state tables."""
        return self.state_schema or Settings.from_environment().state_schema
