"""What the environment says: the same names for Dagster, the command and the demo."""

import os
from dataclasses import dataclass

from cr_pipelines.api import DEFAULT_BASE_URL
from cr_pipelines.errors import CrPipelinesError

DEMO_WAREHOUSE_URL = "duckdb:///.demo/warehouse.duckdb"
"""The warehouse that `make demo` makes, relative to the project."""


class SettingsError(CrPipelinesError):
    """An environment variable that cannot be used; the message says what to set."""


@dataclass(frozen=True)
class Settings:
    """How to reach the room and the warehouse.

    Attributes:
        token: `COMMON_ROOM_API_TOKEN`, the bearer token; never shown.
        base_url: `COMMON_ROOM_BASE_URL`, the API's address up to and including `/community/v1`.
        source_id: `COMMON_ROOM_DESTINATION_SOURCE_ID`, the API signal that contacts and activities go to.
        warehouse_url: `CR_WAREHOUSE_URL`.
        state_schema: `CR_STATE_SCHEMA`, the warehouse schema of our own tables.
    """

    token: str | None
    base_url: str
    source_id: int | None
    warehouse_url: str
    state_schema: str

    def __repr__(self) -> str:
        token = "set" if self.token else "not set"
        return f"Settings(token={token}, base_url={self.base_url!r}, source_id={self.source_id!r})"

    @staticmethod
    def from_environment() -> "Settings":
        """Read the environment now. Raises SettingsError for a source id that is no number."""
        return Settings(
            token=os.environ.get("COMMON_ROOM_API_TOKEN") or None,
            base_url=os.environ.get("COMMON_ROOM_BASE_URL") or DEFAULT_BASE_URL,
            source_id=parse_source_id(os.environ.get("COMMON_ROOM_DESTINATION_SOURCE_ID") or None),
            warehouse_url=os.environ.get("CR_WAREHOUSE_URL") or DEMO_WAREHOUSE_URL,
            state_schema=os.environ.get("CR_STATE_SCHEMA") or "common_room",
        )


def parse_source_id(text: str | None) -> int | None:
    """The number of a destination source. Raises SettingsError for a text that is none."""
    if text is None:
        return None
    if not text.strip().isdigit():
        raise SettingsError(
            "COMMON_ROOM_DESTINATION_SOURCE_ID is not a number; Common Room shows the id of an API signal "
            "under Settings > Sources"
        )
    return int(text)
