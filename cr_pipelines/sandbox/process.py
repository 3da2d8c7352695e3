"""A sandbox in a process of its own, for as long as it is needed."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cr_pipelines.sandbox.client import SandboxClient
from cr_pipelines.sandbox.http.operations import PREFIX
from cr_pipelines.sandbox.settings import DEFAULT_HOST, DEFAULT_TOKEN
from cr_pipelines.sandbox.workspace.furnishing import SOURCE_ID

_STOP_SECONDS = 10


class SandboxServer:
    """Runs a sandbox in a subprocess while the `with` block lasts; it ends with its parent, however that ends.

    The arguments are those of `serve`; `port` 0 takes a free one. Raises `RuntimeError` when the sandbox does
    not start, with what it said.

    Attributes:
        url: The address of the room's pages, `http://127.0.0.1:PORT`.
        base_url: The address of the API, up to and including `/community/v1`.
        token: The bearer token it lets in.
        source_id: The id of the destination source of a new room.
        control: The control API.

    """

    def __init__(
        self,
        port: int = 0,
        data: str | Path | None = None,
        token: str = DEFAULT_TOKEN,
        settle_seconds: float = 0.0,
        limit: int | None = None,
        interval_seconds: float | None = None,
        faults: Mapping[str, Any] | None = None,
        host: str = DEFAULT_HOST,
        keep: int = 200_000,
    ):
        self.token = token.split(",")[0].strip()
        self.source_id = SOURCE_ID
        self._options = {
            "host": host,
            "port": port,
            "data": None if data is None else str(data),
            "token": token,
            "settle_seconds": settle_seconds,
            "limit": limit,
            "interval_seconds": interval_seconds,
            "faults": None if faults is None else dict(faults),
            "keep": keep,
        }
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The id of the sandbox's process. Raises `RuntimeError` when it is not running."""
        if self._process is None:
            raise RuntimeError("The sandbox is not running: use it in a with block, or call start().")
        return self._process.pid

    def start(self) -> None:
        """Starts the sandbox and waits until it answers."""
        process = subprocess.Popen(
            [sys.executable, "-m", "cr_pipelines.sandbox", "--supervised"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101 - for the type checker
        process.stdin.write(json.dumps(self._options) + "\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if not said.startswith("http"):
            self.stop()
            raise RuntimeError(f"The sandbox did not start: {said.strip() or 'see its error output'}")
        self.url = said.strip()
        self.base_url = f"{self.url}{PREFIX}"
        self.control = SandboxClient(self.url)

    def stop(self) -> None:
        """Stops the sandbox, which saves its room first when it has a data file."""
        process, self._process = self._process, None
        if process is None:
            return
        if hasattr(self, "control"):
            self.control.close()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
