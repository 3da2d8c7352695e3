"""What the environment says: the same names for Dagster, the command and the demo.

Goes in: environment variables. Comes out: `Settings`, and for an error that a setting causes, the variable to check.
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cr_pipelines.api import DEFAULT_BASE_URL, BadToken, NotFound, NotTheApi, OperationGone, UnknownSource, Unreachable
from cr_pipelines.errors import CrPipelinesError
from cr_pipelines.secret_text import HiddenText

DEMO_WAREHOUSE_URL = "duckdb:///.demo/warehouse.duckdb"
"""The warehouse that `make demo` makes, relative to the project."""

_TOKEN = "COMMON_ROOM_API_TOKEN"  # noqa: S105 - a name
_BASE_URL = "COMMON_ROOM_BASE_URL"
_SOURCE_ID = "COMMON_ROOM_DESTINATION_SOURCE_ID"
_ALLOW_HTTP = "COMMON_ROOM_ALLOW_HTTP"
_WAREHOUSE_URL = "CR_WAREHOUSE_URL"
_STATE_URL = "CR_STATE_URL"
_STATE_SCHEMA = "CR_STATE_SCHEMA"

_API_PATH = re.compile(r"/community/v\d+/?$")
_ASTRAY = (NotFound, NotTheApi, OperationGone)
"""Responses of something that is not the API, or not where it is."""

_VARIABLES = {
    BadToken.advice: _TOKEN,
    UnknownSource.advice: _SOURCE_ID,
    Unreachable.advice: _BASE_URL,
    NotTheApi.advice: _BASE_URL,
    "API token is": _TOKEN,
    "the token is": _TOKEN,
    "base URL": _BASE_URL,
    "base_url": _BASE_URL,
    "no destination source": _SOURCE_ID,
    "warehouse URL": _WAREHOUSE_URL,
    "state URL": _STATE_URL,
}
"""The variable behind a message. The layers below know no environment: their messages name the setting in words.

An error of the API is recognized by its class's advice, which an error that wraps it repeats.
"""


class SettingsError(CrPipelinesError):
    """A setting that cannot be used; the message says what to set."""


@dataclass(frozen=True)
class Settings:
    """How to reach the room and the warehouse.

    Attributes:
        token: `COMMON_ROOM_API_TOKEN`, the bearer token; never shown.
        base_url: `COMMON_ROOM_BASE_URL`, the API's address up to and including `/community/v1`.
        source_id: `COMMON_ROOM_DESTINATION_SOURCE_ID`, the API signal that contacts and activities go to.
        warehouse_url: `CR_WAREHOUSE_URL`.
        state_url: `CR_STATE_URL`, where the state tables are; None for the warehouse.
        state_schema: `CR_STATE_SCHEMA`, the schema of the state tables.
        allow_plain_http: `COMMON_ROOM_ALLOW_HTTP`, 1 to allow a base URL of plain http to another machine.
    """

    token: str | None
    base_url: str
    source_id: int | None
    warehouse_url: str
    state_schema: str
    state_url: str | None = None
    allow_plain_http: bool = False

    def __repr__(self) -> str:
        token = "set" if self.token else "not set"
        return f"Settings(token={token}, base_url={self.base_url!r}, source_id={self.source_id!r})"

    @staticmethod
    def from_environment() -> "Settings":
        """Read the environment now. Raises SettingsError for a source id that is not a number."""
        return Settings(
            token=HiddenText(os.environ[_TOKEN]) if os.environ.get(_TOKEN) else None,
            base_url=_base_url(),
            source_id=parse_source_id(os.environ.get(_SOURCE_ID) or None),
            warehouse_url=warehouse_url(),
            state_schema=os.environ.get(_STATE_SCHEMA) or "common_room",
            state_url=state_url(),
            allow_plain_http=os.environ.get(_ALLOW_HTTP) == "1",
        )


def _base_url() -> str:
    address = os.environ.get(_BASE_URL) or DEFAULT_BASE_URL
    return HiddenText(address) if "@" in address else address


def warehouse_url() -> str:
    """Return the URL of the warehouse, which can be read even when another variable is wrong."""
    return HiddenText(os.environ.get(_WAREHOUSE_URL) or DEMO_WAREHOUSE_URL)


def state_url() -> str | None:
    """Return the URL of the state, which can be read even when another variable is wrong; None for the warehouse."""
    url = os.environ.get(_STATE_URL)
    return HiddenText(url) if url else None


def parse_source_id(value: str | None) -> int | None:
    """Return the id of a destination source as a number. Raises SettingsError for anything else."""
    if value is None:
        return None
    if not value.strip().isdigit():
        raise SettingsError(
            f"{_SOURCE_ID} is not a number; Common Room shows the id of an API signal under Settings > Sources"
        )
    return int(value)


def _wrong_path(error: BaseException) -> str | None:
    """Return what the base URL lacks, if the API does not seem to be where it leads."""
    parts = urlsplit(os.environ.get(_BASE_URL) or DEFAULT_BASE_URL)
    astray = isinstance(error, _ASTRAY) or any(kind.advice in str(error) for kind in _ASTRAY)
    if not astray or _API_PATH.search(parts.path):
        return None
    return f"{_BASE_URL} does not end in /community/v1; set it to {parts.scheme}://{parts.hostname}…/community/v1"


def hint(error: BaseException) -> str | None:
    """Return which environment variable to check, or None if no variable is at fault or the message names it."""
    message = str(error)
    for words, variable in _VARIABLES.items():
        if words in message:
            return None if variable in message else f"check the environment variable {variable}"
    return None


def explain(error: BaseException) -> str:
    """Return the error's message, with the environment variable to check if one is at fault."""
    advice = _wrong_path(error) or hint(error)
    return f"{error}; {advice}" if advice else str(error)
