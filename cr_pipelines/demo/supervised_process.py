"""Processes that cannot outlive the one that started them.

`Leashed` starts this very module as a process between: it runs the command in a process group of its own and
holds a pipe from its parent. When the pipe closes, as it does however the parent ends, the whole group is ended.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

_GRACE_SECONDS = 7.0
_LOOK_SECONDS = 0.2


class Leashed:
    """A command that ends with the `with` block, or with this process.

    Args:
        command: program and arguments.
        environment: of the command, whole.
        log: file that takes its output.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path):
        self._command = [sys.executable, "-I", str(Path(__file__)), *command]
        self._environment = dict(environment)
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - commands of our own
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us; the group is told when it is time.
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.close()
        self._process.wait()

    @property
    def pid(self) -> int:
        """The id of the process between, which is also that of the group."""
        return self._process.pid

    def ended(self) -> int | None:
        """The command's exit code, or None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """The command's exit code, once it has ended."""
        return self._process.wait()


def _hold(command: Sequence[str]) -> int:
    """Run the command until it ends by itself or standard input closes; its exit code."""
    # Started in the background of a shell we would hand down a SIGINT that is ignored, and Dagster ends by no other.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - commands of our own
    # The command's group is ours too, and we are the last of it to go.
    signal.signal(signal.SIGTERM, _stay)
    signal.signal(signal.SIGINT, _stay)
    while process.poll() is None and not _let_go():
        pass
    os.killpg(0, signal.SIGTERM)
    try:
        code = process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)
        raise
    return code


def _let_go() -> bool:
    ready, _, _ = select.select([0], [], [], _LOOK_SECONDS)
    return bool(ready) and not os.read(0, 1024)


def _stay(number: int, frame: FrameType | None) -> None:
    """A signal to the group is not for us."""


if __name__ == "__main__":
    sys.exit(_hold(sys.argv[1:]))
