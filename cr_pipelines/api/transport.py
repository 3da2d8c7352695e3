"""The client's default transport: aiohttp behind httpx's interface.

Goes in: an `httpx.Request`. Comes out: an `httpx.Response` with its body read, or an `httpx.TransportError` that says
whether the request can have reached the server. httpx's own asynchronous pool spends time that grows with the square of
the requests in flight; aiohttp's does not.
"""

import io
import math
from contextvars import ContextVar
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import Connection
from yarl import URL

_LARGEST_RAW_BODY = 2**20
"""aiohttp warns about larger bodies given as bytes, and writes a file in chunks."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Send httpx requests over keep-alive connections of aiohttp.

    The transport opens as many connections as requests are in flight, follows no redirects, keeps no cookies and never
    sends a request twice. It takes proxies from the environment as httpx does: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`
    and `NO_PROXY`.

    Args:
        connect_timeout: seconds to open a connection, TLS and proxy included.
        total_timeout: seconds for the whole request, from connecting to the last byte of the response.
        trust_env: whether to look for proxies in the environment.

    Raises:
        httpx.ConnectError, httpx.ConnectTimeout: no connection; the request was not sent.
        httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError: the request may have been sent; no complete
            response came.
        httpx.DecodingError: the body is not encoded as its Content-Encoding says.
        httpx.UnsupportedProtocol: the environment names a proxy that is not an HTTP proxy; the request was not sent.
    """

    def __init__(self, *, connect_timeout: float, total_timeout: float, trust_env: bool = True) -> None:
        self._total_timeout = total_timeout
        self._connect_timeout = min(connect_timeout, total_timeout)
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the whole response."""
        session = self._session or self._open_session()
        stream = request.stream
        body = b"".join(stream) if isinstance(stream, httpx.ByteStream) else await request.aread()
        phase = _Phase()
        restore = _phase.set(phase)
        try:
            response = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=io.BytesIO(body) if len(body) > _LARGEST_RAW_BODY else body or None,
                allow_redirects=False,
                proxy=self._proxy(request.url) if self._trust_env else None,
            )
            content = await response.read()
        except TimeoutError:
            failure = _timed_out(phase)
        except (aiohttp.ClientError, OSError) as error:
            failure = _read_failed(error)
        else:
            return await _as_httpx(response, content)
        finally:
            _phase.reset(restore)
        raise failure

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(
            total=self._total_timeout, connect=self._connect_timeout, ceil_threshold=math.inf
        )
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # httpx does
            timeout=timeout,
            middlewares=(_send_once,),
        )
        return self._session

    def _proxy(self, url: httpx.URL) -> str | None:
        # The session's own `trust_env` starts a thread for every request, and reads passwords from ~/.netrc.
        origin = (url.scheme, url.netloc.decode("ascii"))
        if origin not in self._proxies:
            self._proxies[origin] = _environment_proxy(*origin)
        return self._proxies[origin]


async def _as_httpx(received: aiohttp.ClientResponse, content: bytes) -> httpx.Response:
    response = httpx.Response(received.status, headers=received.raw_headers, stream=httpx.ByteStream(content))
    response.headers.encoding = "latin-1"  # httpx would try encodings on every header
    if "content-encoding" in response.headers:
        await response.aread()
    return response


class _Phase:
    """How far the request of a task is."""

    __slots__ = ("connected",)

    def __init__(self) -> None:
        self.connected = False


_phase: ContextVar[_Phase] = ContextVar("phase")


class _Connector(aiohttp.TCPConnector):
    """Tell failures to connect from all later ones, whatever their type."""

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout) -> Connection:  # noqa: ASYNC109
        """Take a connection from the pool or open one.

        Raises:
            httpx.ConnectError: no connection could be opened.
            httpx.ConnectTimeout: none was open in time.
        """
        try:
            connection = await super().connect(req, traces, timeout)
        except TimeoutError:
            failure: httpx.TransportError = httpx.ConnectTimeout("no connection to Common Room in time")
        except (aiohttp.ClientError, OSError) as error:
            failure = httpx.ConnectError(f"no connection to Common Room: {type(error).__name__}")
        else:
            _phase.get().connected = True
            return connection
        raise failure


async def _send_once(request: ClientRequest, send: aiohttp.ClientHandlerType) -> ClientResponse:
    """Turn errors into httpx's before aiohttp sees them: it would send a GET or DELETE again over a new connection."""
    try:
        return await send(request)
    except TimeoutError:
        raise
    except (aiohttp.ClientError, OSError) as error:
        failure = _read_failed(error)
    raise failure


def _timed_out(phase: _Phase) -> httpx.TransportError:
    if phase.connected:
        return httpx.ReadTimeout("no complete response from Common Room in time")
    return httpx.ConnectTimeout("no connection to Common Room in time")


def _read_failed(error: Exception) -> httpx.TransportError:
    kind = httpx.RemoteProtocolError if isinstance(error, aiohttp.ClientResponseError) else httpx.ReadError
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
        raise httpx.UnsupportedProtocol("the environment names a proxy for Common Room that is not an HTTP proxy")
    return proxy
