"""`python -m cr_pipelines.sandbox`: the process that `SandboxServer` starts and supervises.

Goes in: one line of JSON on standard input, the settings. Comes out: one line on standard output, the id of the process
and the address of the sandbox, or why it cannot start; then the sandbox serves until SIGTERM.
"""

import json
import os
import sys

from cr_pipelines.sandbox.http.server import serve
from cr_pipelines.sandbox.settings import Settings
from cr_pipelines.sandbox.workspace.storage import StorageError


def main() -> None:
    """Read the settings and serve."""
    try:
        serve(Settings.of(json.loads(sys.stdin.readline())), on_ready=lambda url: _say(f"{os.getpid()} {url}"))
    except (ValueError, OSError, StorageError) as error:
        _say(str(error))
        sys.exit(1)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
