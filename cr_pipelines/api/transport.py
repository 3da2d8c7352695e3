"""How requests reach the server: our own transport over aiohttp's connections, or any httpx transport.

Goes in: a method, an address, headers and a body. Comes out: a response with its body read, or an
`httpx.TransportError` that says whether the request can have reached the server. The time spent in httpx's own
asynchronous pool grows with the square of the requests in flight, and aiohttp's session costs more than the rest of a
request. aiohttp's connector and parser have neither problem.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from yarl import URL

from cr_pipelines.secret_text import HiddenBytes

Headers = Sequence[tuple[bytes, bytes]]

LARGEST_RESPONSE = 32 * 1024 * 1024
"""Maximum size of a decoded body in bytes: many times the API's largest page."""
_CHUNK = 4_096
"""How many bytes of an encoded body are decoded at once; they become four megabytes at most."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response; the names of its headers may be looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport(Protocol):
    """What the requester needs from a transport; `headers` are sent unchanged, including `Content-Length`."""

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> HttpResponse:
        """Send a request once and read the whole response."""

    async def aclose(self) -> None:
        """Close every connection."""


class HttpxTransport:
    """Send through any httpx transport, for at most `total_timeout` seconds."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, connect_timeout: float, total_timeout: float) -> None:
        self._transport = transport
        self._total_timeout = total_timeout
        timeout = httpx.Timeout(total_timeout, connect=connect_timeout)
        self._extensions = {"timeout": timeout.as_dict()}

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> HttpResponse:
        """Send a request once and read the whole response.

        Raises:
            httpx.RequestError: as the transport raises it.
            httpx.RemoteProtocolError: the body is larger than LARGEST_RESPONSE.
            TimeoutError: no complete response in time.
        """
        stream = httpx.ByteStream(content)
        request = httpx.Request(method, url, headers=list(headers), stream=stream, extensions=self._extensions)
        async with asyncio.timeout(self._total_timeout):
            response = await self._transport.handle_async_request(request)
            try:
                return HttpResponse(response.status_code, response.headers, await _bounded(response.aiter_bytes()))
            finally:
                await response.aclose()

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Send requests over keep-alive connections of aiohttp.

    The transport opens as many connections as there are requests in flight, follows no redirects, keeps no cookies and
    never sends a request twice. It takes proxies from the environment as httpx does: `HTTP_PROXY`, `HTTPS_PROXY`,
    `ALL_PROXY` and `NO_PROXY`.

    Args:
        connect_timeout: seconds to open a connection, TLS and proxy included.
        total_timeout: seconds for the whole request, from connecting to the last byte of the response.
        trust_env: whether to look for proxies in the environment.
    """

    def __init__(self, *, connect_timeout: float, total_timeout: float, trust_env: bool = True) -> None:
        self._total_timeout = total_timeout
        self._timeout = aiohttp.ClientTimeout(connect=min(connect_timeout, total_timeout), ceil_threshold=math.inf)
        self._trust_env = trust_env
        self._connector: aiohttp.TCPConnector | None = None
        self._origins: dict[tuple[str, str], ClientRequest] = {}

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> HttpResponse:
        """Send a request once and read the whole response.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: no connection; the request was not sent.
            httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError: the request may have been sent; no complete
                response came.
            httpx.DecodingError: the body is not encoded as its Content-Encoding says.
            httpx.UnsupportedProtocol: the environment names a proxy that is not an HTTP proxy; the request was not
                sent.
        """
        address = URL(url, encoded=True)
        origin = self._origins.get((address.scheme, address.raw_authority)) or self._add_origin(address)
        connector = self._connector = self._connector or aiohttp.TCPConnector(limit=0)
        connection = None
        try:
            async with asyncio.timeout(self._total_timeout):
                connection = await connector.connect(origin, [], self._timeout)
                response = await _send(connection, method, _message(method, address, origin, headers, content))
        except TimeoutError:
            failure = _timed_out(connection)
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            failure = _failed(connection, error)
        else:
            return await _decoded(response) if "content-encoding" in response.headers else response
        raise failure

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send an httpx request as `send` does, and return an httpx response."""
        content = await request.aread()
        headers = request.headers.raw
        if "transfer-encoding" in request.headers:
            headers = [(name, value) for name, value in headers if name.lower() != b"transfer-encoding"]
            headers.append((b"Content-Length", b"%d" % len(content)))
        response = await self.send(request.method, str(request.url), headers, content)
        kept = [(name, value) for name, value in response.headers.items() if name.lower() != "content-encoding"]
        return httpx.Response(response.status, headers=kept, content=response.content)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._connector is not None:
            await self._connector.close()

    def _add_origin(self, address: URL) -> ClientRequest:
        """Return what aiohttp's connector needs for a connection to an origin: a request that is never sent."""
        key = address.scheme, address.raw_authority
        proxy = _environment_proxy(*key) if self._trust_env else None
        origin = ClientRequest(
            "GET", address.origin(), loop=asyncio.get_running_loop(), proxy=URL(proxy) if proxy else None
        )
        self._origins[key] = origin
        return origin


async def _send(connection: Connection, method: str, request: bytes) -> HttpResponse:
    """Send a request over a connection and give it back, or close it."""
    try:
        protocol = connection.protocol
        if protocol is None or protocol.transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(skip_payload=method == "HEAD", read_until_eof=True, auto_decompress=False)
        protocol.transport.write(request)
        message, body = await protocol.read()
        while 100 <= message.code < 200 and message.code != 101:
            message, body = await protocol.read()
        received = await _bounded(body.iter_any())
    except BaseException:
        connection.close()
        raise
    connection.release()
    return HttpResponse(message.code, message.headers, received)


def _message(method: str, address: URL, origin: ClientRequest, headers: Headers, content: bytes) -> bytes:
    # In one piece: from Python 3.12 on, asyncio's writelines never finishes if a piece is empty.
    target = address.raw_path_qs
    if origin.proxy is not None and address.scheme == "http":
        target = f"{address.origin()}{target}"
        authorization = origin.headers.get("Proxy-Authorization")
        if authorization is not None:
            headers = [*headers, (b"Proxy-Authorization", authorization.encode())]
    lines = [f"{method} {target} HTTP/1.1".encode(), *(b"%b: %b" % header for header in headers), b"", content]
    return HiddenBytes(b"\r\n".join(lines))


async def _decoded(response: HttpResponse) -> HttpResponse:
    encoded = httpx.Response(response.status, headers=list(response.headers.items()), content=_chunks(response.content))
    return HttpResponse(response.status, response.headers, await _bounded(encoded.aiter_bytes()))


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


async def _bounded(chunks: AsyncIterator[bytes]) -> bytes:
    """Return the joined chunks. Raises RemoteProtocolError once they are larger than any response of the API."""
    received, size = [], 0
    async for chunk in chunks:
        received.append(chunk)
        size += len(chunk)
        if size > LARGEST_RESPONSE:
            raise httpx.RemoteProtocolError(f"the response has more than {LARGEST_RESPONSE:,} bytes")
    return received[0] if len(received) == 1 else b"".join(received)


def _timed_out(connection: Connection | None) -> httpx.TransportError:
    if connection is not None:
        return httpx.ReadTimeout("no complete response from Common Room in time")
    return httpx.ConnectTimeout("no connection to Common Room in time")


def _failed(connection: Connection | None, error: Exception) -> httpx.TransportError:
    if connection is None:
        return httpx.ConnectError(f"no connection to Common Room: {type(error).__name__}")
    kind = httpx.RemoteProtocolError if isinstance(error, HttpProcessingError) else httpx.ReadError
    return kind(f"no complete response from Common Room: {type(error).__name__}")


def _environment_proxy(scheme: str, netloc: str) -> str | None:
    """Return the proxy that the environment names for an origin; None for a direct connection.

    Raises:
        httpx.UnsupportedProtocol: the proxy is not an HTTP proxy.
    """
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(netloc):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        raise httpx.UnsupportedProtocol("the proxy that the environment sets for Common Room is not an HTTP proxy")
    return proxy
