"""The HTTP server of a sandbox, in this process.

Goes in: the settings. Comes out: the sandbox on its port, until the process gets Ctrl-C or SIGTERM.
"""

import gc
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cr_pipelines.sandbox.http.app import ABORT, App
from cr_pipelines.sandbox.http.state import SandboxState
from cr_pipelines.sandbox.settings import Settings

LARGEST_HEAD = 64 * 1024
"""Bytes of the first line and the headers of a request."""


class _CuttableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which lets the application cut the connection of a request, and cuts endless ones."""

    _in_head = True
    _head = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._head = self._head + len(data) if self._in_head else 0
        if self._head > LARGEST_HEAD:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()


def serve(settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Run a sandbox until the process gets Ctrl-C or SIGTERM.

    Args:
        settings: of the sandbox.
        on_ready: called with the address, such as `http://127.0.0.1:8642`, once requests are served.

    Raises:
        ValueError: a setting is not allowed.
        StorageError: the data file cannot be used.
        OSError: the port cannot be used.
    """
    host = settings.host
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, settings.port))
        origin = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            App(SandboxState(settings, origin)),
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
        _collect_garbage_rarely()
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


def _collect_garbage_rarely() -> None:
    """Make garbage collection rare: walking the long-lived objects of a large room costs more than serving it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
