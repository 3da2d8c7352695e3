"""Silence: detect a server that accepts requests and never responds.

Goes in: a client whose requests get no response. Comes out: `ServerSilent`, long before every row has used up its
retries.
"""

import asyncio

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync.errors import SyncError


class ServerSilent(SyncError):
    """No response has arrived for minutes."""

    transient = True


async def watch_silence(client: CommonRoomClient, seconds: float) -> None:
    """Never return. Raise ServerSilent if requests were sent and no response has arrived for this many seconds."""
    while True:
        await asyncio.sleep(min(1.0, seconds / 4))
        if client.seconds_without_response >= seconds:
            raise ServerSilent(
                f"Common Room sent no response to any request for {seconds:.0f} s, so the run ended; the next run "
                "offers the rest again. Check the base URL, the network and its proxy"
            )
