"""One operation from start to end.

Goes in: an operation, its parameters and body. Comes out: a response, or a `CommonRoomError`. In between: the rate
limiter, the send hook, the transport and the retry rule.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote, unquote, urlencode

import httpx
from pydantic import ValidationError

from cr_pipelines.api.base_url import checked_base_url
from cr_pipelines.api.concurrency_limit import ConcurrencyLimit
from cr_pipelines.api.errors import (
    CommonRoomError,
    NotTheApi,
    RateLimited,
    ResponseLost,
    ServerFault,
    Unreachable,
)
from cr_pipelines.api.models import RequestModel
from cr_pipelines.api.operations import Operation
from cr_pipelines.api.rate_limit_headers import limit_and_left, parse_429, retry_after
from cr_pipelines.api.rate_limiter import RateLimiter, WaitedTooLong
from cr_pipelines.api.response_check import Received, check_refusal, check_success, unreadable
from cr_pipelines.api.responses import Reader, WriteResponse
from cr_pipelines.api.retries import Failure, FailureKind, RetryRule, careful
from cr_pipelines.api.send_hook import SendHook, current_send_hook
from cr_pipelines.api.stats import OperationStats, Stats
from cr_pipelines.api.transport import AiohttpTransport, Headers, HttpResponse, HttpxTransport, Transport
from cr_pipelines.secret_text import HiddenBytes, HiddenText

DEFAULT_BASE_URL = "https://api.commonroom.io/community/v1"

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_NOT_PROCESSED = (408, 425)
"""Request Timeout and Too Early: the server says that it has not processed the request."""

_T = TypeVar("_T")


class Requester:
    """Send requests for the client, whose arguments it takes."""

    def __init__(
        self,
        token: str,
        base_url: str,
        *,
        transport: httpx.AsyncBaseTransport | None,
        retry: RetryRule | None,
        max_concurrency: int,
        max_limit_wait: float,
        rate_share: float,
        connect_timeout: float,
        timeout: float,  # a setting of the transport, not of a coroutine
        allow_plain_http: bool = False,
    ) -> None:
        # Errors that show local variables must not show the token.
        token = HiddenText(token)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("the token is empty or contains characters that tokens cannot have")
        if not 0 < rate_share <= 1:
            raise ValueError(f"rate_share is {rate_share}; it must be above 0 and up to 1")
        root = checked_base_url(base_url, allow_plain_http=allow_plain_http)
        self._root = str(root).rstrip("/")
        self.credentials_hash = hashlib.sha256(f"{self._root} {token}".encode()).hexdigest()
        self._headers = [
            (b"Host", root.netloc),
            (b"Authorization", HiddenBytes(b"Bearer " + token.encode("ascii"))),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"User-Agent", b"cr-pipelines"),
        ]
        self._transport: Transport = (
            AiohttpTransport(connect_timeout=connect_timeout, total_timeout=timeout)
            if transport is None
            else HttpxTransport(transport, connect_timeout=connect_timeout, total_timeout=timeout)
        )
        self._retry = retry or careful()
        self._rate_limiter = RateLimiter(ConcurrencyLimit(most=max_concurrency), max_limit_wait, rate_share)
        self._max_limit_wait = max_limit_wait
        self._by_operation: dict[str, OperationStats] = {}
        self._is_closed = False
        for name in ("httpx", "httpcore", "aiohttp"):
            _quieten(logging.getLogger(name))

    async def aclose(self) -> None:
        """Close all connections."""
        self._is_closed = True
        await self._transport.aclose()

    def stats(self) -> Stats:
        """Return what has been done so far."""
        window = self._rate_limiter.window
        return Stats(
            by_operation={name: replace(counts) for name, counts in self._by_operation.items()},
            limit=window.limit,
            interval_seconds=window.interval,
            rate_used=window.rate_used(),
        )

    def seconds_without_response(self) -> float:
        """Return how long the server has been silent while there were requests to respond to."""
        since = self._rate_limiter.unanswered_since
        return 0.0 if since is None else time.monotonic() - since

    def seconds_rate_limited(self) -> float:
        """Return for how long the rate limit blocks all requests."""
        return max(self._rate_limiter.window.closed_for(time.monotonic()), 0.0)

    async def write(
        self, operation: Operation, *parameters: str | int, body: RequestModel | None = None
    ) -> WriteResponse:
        """Send a write; of the response's body, it only matters that it is the API's and reports no failure."""
        received = await self._send(operation, self._address(operation, parameters), body)
        _, error = check_success(received, reads=False)
        if error is not None:
            raise error
        return WriteResponse(received.status, received.attempts)

    async def read(
        self,
        operation: Operation,
        reader: Reader[_T],
        *parameters: str | int,
        query: Mapping[str, str] | None = None,
        body: RequestModel | None = None,
    ) -> _T:
        """Send a request and read its response with `reader`."""
        received = await self._send(operation, self._address(operation, parameters, query), body)
        value, error = check_success(received, reads=True)
        if error is None:
            try:
                read, omitted = reader(value)
            except ValidationError as fault:
                error = unreadable(received, fault)
            else:
                self._by_operation[operation.name].items_omitted += omitted
                return read
        raise error

    async def _send(self, operation: Operation, address: str, body: RequestModel | None) -> Received:
        if self._is_closed:
            raise RuntimeError("cannot send a request because the client is closed; open a new one for each run")
        content = HiddenBytes(b"" if body is None else body.wire_json())
        headers = self._headers
        if body is not None:
            length = str(len(content)).encode("ascii")
            headers = [*headers, (b"Content-Type", b"application/json"), (b"Content-Length", length)]
        counts = self._by_operation.setdefault(operation.name, OperationStats())
        attempt = 1
        while True:
            outcome = await self._attempt(operation, address, headers, content, attempt, counts)
            if outcome is None:
                continue
            if isinstance(outcome, HttpResponse):
                status: int | None = outcome.status
                fault = _fault(outcome.status)
                if fault is None:
                    received = Received.of(operation, attempt, outcome)
                    if 200 <= received.status < 300:
                        return received
                    raise check_refusal(received, unquote(address) + content.decode("utf-8", "replace"))
                kind = fault
            elif outcome is FailureKind.NOT_DECODED and operation.repeatable:
                raise NotTheApi(operation.name, attempt, unexpected="a body that does not match its Content-Encoding")
            else:
                kind, status = outcome, None
            pause = self._retry(Failure(operation, kind, attempt))
            asked = _asked_wait(outcome)
            if pause is None or asked > self._max_limit_wait:
                raise _failed(operation, attempt, kind, status)
            await asyncio.sleep(max(pause, asked))
            attempt += 1
            counts.retries += 1

    async def _attempt(
        self,
        operation: Operation,
        address: str,
        headers: Headers,
        content: bytes,
        attempt: int,
        counts: OperationStats,
    ) -> HttpResponse | FailureKind | None:
        """Send once; return the response, how it failed, or None for a 429."""
        permit = None
        with contextlib.suppress(WaitedTooLong):
            permit = await self._rate_limiter.acquire()
        if permit is None:
            raise RateLimited(operation.name, attempt - 1, 429)
        hook = current_send_hook()
        try:
            if hook is not None:
                hook.enter(content)
            counts.requests += 1
            self._rate_limiter.on_send()
            response = await self._send_once(operation.method, address, headers, content, hook)
        except httpx.DecodingError:
            self._rate_limiter.on_no_response(permit)
            return FailureKind.NOT_DECODED
        except httpx.RequestError as problem:
            self._rate_limiter.on_no_response(permit)
            return FailureKind.NOT_SENT if isinstance(problem, _NEVER_SENT) else FailureKind.NO_RESPONSE
        except TimeoutError:
            self._rate_limiter.on_no_response(permit)
            return FailureKind.NO_RESPONSE
        except BaseException:
            self._rate_limiter.release(permit)
            raise
        if response.status == 429:
            counts.rate_limited += 1
            self._rate_limiter.on_429(permit, parse_429(response.headers, response.content))
            return None
        if _fault(response.status) is not None and 0 < (asked := _asked_wait(response)) <= self._max_limit_wait:
            self._rate_limiter.pause(asked)
        limit, left = limit_and_left(response.headers)
        self._rate_limiter.on_response(permit, limit, left, fault=response.status >= 500)
        return response

    async def _send_once(
        self, method: str, address: str, headers: Headers, content: bytes, hook: SendHook | None
    ) -> HttpResponse:
        settled = False
        try:
            response = await self._transport.send(method, address, headers, content)
        except _NEVER_SENT:
            settled = True
            raise
        else:
            settled = True
            return response
        finally:
            if hook is not None:
                hook.leave(settled)

    def _address(
        self, operation: Operation, parameters: tuple[str | int, ...], query: Mapping[str, str] | None = None
    ) -> str:
        path = operation.path.format(*(_segment(operation, parameter) for parameter in parameters))
        return self._root + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")


def _asked_wait(outcome: HttpResponse | FailureKind) -> float:
    """Return the seconds that a failure's Retry-After asks to wait; 0 if there is none."""
    if isinstance(outcome, FailureKind):
        return 0.0
    return retry_after(outcome.headers.get("retry-after"), time.time()) or 0.0


def _segment(operation: Operation, parameter: str | int) -> str:
    text = str(parameter)
    if text in {"", ".", ".."}:
        raise ValueError(f"{operation.name}: the argument is empty or only dots")
    return quote(text, safe="")


def _fault(status: int) -> FailureKind | None:
    """Return the kind of fault that a status means; None for a response to the request itself."""
    if status in _NOT_PROCESSED:
        return FailureKind.NOT_PROCESSED
    return FailureKind.SERVER_FAULT if status >= 500 else None


def _failed(operation: Operation, attempt: int, kind: FailureKind, status: int | None) -> CommonRoomError:
    if not operation.repeatable and kind not in (FailureKind.NOT_SENT, FailureKind.NOT_PROCESSED):
        return ResponseLost(operation.name, attempt, status)
    if status is not None:
        return ServerFault(operation.name, attempt, status)
    return Unreachable(operation.name, attempt)


def _quieten(logger: logging.Logger) -> None:
    """Keep URLs, which may contain e-mail addresses, out of the logs."""
    logger.setLevel(max(logger.level, logging.WARNING))
