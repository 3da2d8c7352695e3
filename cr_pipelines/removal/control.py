"""The positive control: whether the API itself responds, so that its 404 proves something.

Goes in: a client. Comes out: None when the token's status can be read, or the error of that call. It is asked once for
each run, before the first 404 is believed.
"""

import asyncio

from cr_pipelines.api import CommonRoomClient, CommonRoomError

NOT_CONFIRMED = (
    "Common Room says that it does not know the person, but another call failed, so this proves nothing: {error}"
)


class PositiveControl:
    """GET /api-token-status, which must succeed."""

    def __init__(self, client: CommonRoomClient):
        self._client = client
        self._lock = asyncio.Lock()
        self._asked = False
        self._error: CommonRoomError | None = None

    async def error(self) -> CommonRoomError | None:
        """Return why the API cannot be trusted in this run, or None."""
        async with self._lock:
            if not self._asked:
                self._error = await control_error(self._client)
                self._asked = True
        return self._error


async def control_error(client: CommonRoomClient) -> CommonRoomError | None:
    """Return the error of a call that must succeed, or None."""
    try:
        await client.token_status()
    except CommonRoomError as error:
        return error
    return None
