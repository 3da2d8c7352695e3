"""Serves a sandbox over HTTP, in this process."""

import gc
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cr_pipelines.sandbox.http.app import ABORT, App
from cr_pipelines.sandbox.http.sandbox import Sandbox
from cr_pipelines.sandbox.settings import DEFAULT_HOST, DEFAULT_PORT, DEFAULT_TOKEN, Settings


class _CuttableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, letting the application cut the connection it is asked over."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}


def serve(
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    data: str | Path | None = None,
    token: str = DEFAULT_TOKEN,
    settle_seconds: float = 0.2,
    limit: int | None = None,
    interval_seconds: float | None = None,
    faults: Mapping[str, Any] | None = None,
    keep: int = 200_000,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Runs a sandbox until the process is told to stop (Ctrl-C, SIGTERM).

    `port` 0 takes a free one. `data` names the file the room is kept in. `token` is the one to let in, or
    several, separated by commas. A record is stored `settle_seconds` after it was accepted. `limit` requests
    per `interval_seconds` (60 when left out) are answered, any number with None. `faults` are those of
    `FaultPlan`. The last `keep` requests are kept in the record. `on_ready` is called with the address, such
    as `http://127.0.0.1:8642`, when requests are answered.

    Raises `ValueError` for a setting that cannot be, `StorageError` for a data file that cannot be used, and
    `OSError` when the port is taken.
    """
    settings = Settings.of(
        data=data,
        token=token,
        settle_seconds=settle_seconds,
        limit=limit,
        interval_seconds=interval_seconds,
        faults=faults,
        keep=keep,
    )
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        origin = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            App(Sandbox(settings, origin)),
            http=_CuttableProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        _spare_the_garbage_collector()
        server = _AnnouncingServer(config, lambda: on_ready(origin) if on_ready else None)
        server.run(sockets=[listener])
    finally:
        listener.close()


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]):
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _spare_the_garbage_collector() -> None:
    """A room of many contacts is a heap of long-lived objects; walking it often costs more than serving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
