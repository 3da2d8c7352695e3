"""A sandbox in its own process.

Goes in: the settings. Comes out: a running sandbox with its address, token and control API, which ends with the `with`
block or with this process.
"""

import json
import sys
from types import TracebackType
from typing import Any, Self

from cr_pipelines.sandbox.client import SandboxClient
from cr_pipelines.sandbox.http.routing import PREFIX
from cr_pipelines.sandbox.settings import Settings
from cr_pipelines.sandbox.workspace.presets import SOURCE_ID
from cr_pipelines.supervised_process import SupervisedProcess


class SandboxServer:
    """Runs a sandbox in its own process while the `with` block lasts. It ends with its parent, no matter how that ends.

    The keyword arguments are those of `cr_pipelines.sandbox.Settings.of`. Raises ValueError for a setting that is not
    allowed.

    Attributes:
        settings: What the sandbox is started with.
        url: The address of the room's pages, `http://127.0.0.1:PORT`.
        base_url: The address of the API, up to and including `/community/v1`.
        token: The bearer token it accepts; the first one, if there are several.
        source_id: The id of the destination source of a new room.
        control: The control API.

    """

    def __init__(self, **settings: Any):
        self.settings = Settings.of(settings)
        self.token = self.settings.tokens[0]
        self.source_id = SOURCE_ID
        self._process = SupervisedProcess([sys.executable, "-m", "cr_pipelines.sandbox"])
        self._pid: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The id of the sandbox's process. Raises RuntimeError when it is not running."""
        if self._pid is None:
            raise RuntimeError("the sandbox is not running: use it in a with block, or call start()")
        return self._pid

    def start(self) -> None:
        """Start the sandbox and wait until it serves. Raises RuntimeError, with its own words, when it does not."""
        self._process.start()
        try:
            self._process.stdin.write(json.dumps(self.settings.plain()) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BaseException:
            self.stop()
            raise
        pid, _, url = line.strip().partition(" ")
        if not pid.isdigit():
            self.stop()
            raise RuntimeError(f"the sandbox did not start: {line.strip() or 'see its error output'}")
        self._pid = int(pid)
        self.url = url
        self.base_url = f"{url}{PREFIX}"
        self.control = SandboxClient(url)

    def stop(self) -> None:
        """Stop the sandbox, which saves its room first when it has a data file."""
        if self._pid is not None:
            self._pid = None
            self.control.close()
        self._process.stop()
