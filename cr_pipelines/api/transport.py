"""The default transport under the client: pyreqwest behind httpx's interface.

httpx's own asynchronous pool spends time that grows with the square of the requests in flight. This one does
the whole exchange in one call, so a response comes with its body read and its connection free for the next.
"""

import asyncio
from datetime import timedelta

import httpx
from pyreqwest import exceptions
from pyreqwest.client import ClientBuilder

_THREADS_LET_GO_SECONDS = 0.05
"""pyreqwest cannot be waited for, and a Python that ends while one of its threads hands over an answer is aborted."""

_WHILE_CONNECTING = "client error (Connect)"


class ReqwestTransport(httpx.AsyncBaseTransport):
    """Sends httpx requests by pyreqwest, over keep-alive connections, and follows no redirects.

    Raises:
        httpx.TransportError: a fitting subclass, with a message that holds no address.

    """

    def __init__(self, *, connect_timeout: float, total_timeout: float) -> None:
        """Give up connecting after `connect_timeout` and on the whole exchange after `total_timeout` seconds."""
        self._client = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=connect_timeout))
            .timeout(timedelta(seconds=total_timeout))
            .follow_redirects(False)
            .build()
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the whole response."""
        body = await request.aread()
        to_send = self._client.request(request.method, str(request.url)).headers(request.headers.multi_items())
        try:
            response = await to_send.body_bytes(body).build().send()
            content = bytes(await response.bytes())
        except exceptions.PyreqwestError as fault:
            problem = _as_httpx(fault)
        else:
            return httpx.Response(
                response.status, headers=list(response.headers.items()), stream=httpx.ByteStream(content)
            )
        raise problem

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.close()
        await asyncio.sleep(_THREADS_LET_GO_SECONDS)


def _as_httpx(fault: exceptions.PyreqwestError) -> httpx.TransportError:
    """Tell failures while connecting from later ones, after which the server may have the request.

    The kind of exception does not: pyreqwest 0.15 raises ConnectError and ConnectTimeoutError for whatever
    happens before the answer's headers. The causes do, in the words of the HTTP library beneath it.
    """
    details = getattr(fault, "details", None) or {}
    connecting = any(cause.get("message") == _WHILE_CONNECTING for cause in details.get("causes") or ())
    kind: type[httpx.TransportError]
    if isinstance(fault, exceptions.RequestTimeoutError):
        kind = httpx.ConnectTimeout if connecting else httpx.ReadTimeout
    else:
        kind = httpx.ConnectError if connecting else httpx.ReadError
    return kind(f"{type(fault).__name__} while talking to Common Room")
