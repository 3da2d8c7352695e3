"""Whether one row's error concerns all rows, because its cause is the token, the destination source or the API.

Goes in: an error that may concern all rows. Comes out: the error that an independent call confirms. None means that it
concerns only the row, such as a firewall's refusal.
"""

import asyncio
import time

from cr_pipelines.api import CommonRoomClient, CommonRoomError, NotFound, OperationGone, UnknownSource

_SECONDS = 1.0
"""How long the result of a call is reused, so that many refused rows do not double the requests."""


class Confirmation:
    """Asks the room once for many rows that fail at about the same time."""

    def __init__(self, client: CommonRoomClient, source_id: int | None):
        self._client = client
        self._source_id = source_id
        self._lock = asyncio.Lock()
        self._asked: dict[bool, tuple[float, CommonRoomError | None]] = {}

    async def common_error(self, error: CommonRoomError) -> CommonRoomError | None:
        """Return the error that ends the run, or None if other calls succeed."""
        about_source = isinstance(error, UnknownSource | OperationGone) and self._source_id is not None
        async with self._lock:
            moment, found = self._asked.get(about_source, (-_SECONDS, None))
            if time.monotonic() - moment > _SECONDS:
                found = await (self._source_error(error) if about_source else self._token_error())
                self._asked[about_source] = (time.monotonic(), found)
        return found

    async def _token_error(self) -> CommonRoomError | None:
        try:
            await self._client.token_status()
        except CommonRoomError as error:
            return error
        return None

    async def _source_error(self, error: CommonRoomError) -> CommonRoomError | None:
        """Ask for the custom fields that the source may write; a source that does not exist has none."""
        try:
            fields = await self._client.list_custom_fields(self._source_id)
            known = bool(fields) or not await self._client.list_custom_fields()
        except NotFound as unknown:
            return UnknownSource(error.operation, error.attempts, unknown.http_status, unknown.reason)
        except CommonRoomError as other:
            return other
        return error if isinstance(error, UnknownSource) and not known else None
