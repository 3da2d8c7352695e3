"""Processes that cannot outlive the process that started them.

Goes in: a command. Comes out: a handle to it, and the promise that the command and its children end with the `with`
block, or with this process, even when this process is killed.

`SupervisedProcess` starts this very module as a supervisor. The supervisor leads a process group that the command runs
in, and holds one end of a pipe whose other end is here. It ends the whole group as soon as the pipe is closed or its
parent is another one. (The pipe alone is not enough: a fork of the parent keeps it open.)
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

_GRACE_SECONDS = 7.0
_POLL_SECONDS = 0.2


class SupervisedProcess:
    """A command that ends with the `with` block, or with this process.

    The command is ended by SIGTERM, and by SIGKILL when it still runs seven seconds later.

    Args:
        command: program and arguments.
        environment: the command's whole environment; None inherits that of this process.
        log: file that takes the command's output. With None, `stdin` and `stdout` are pipes to the command.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None, log: Path | None = None):
        self._command = list(command)
        self._environment = None if environment is None else dict(environment)
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the command."""
        supervisor_end, self._our_end = os.pipe()
        try:
            # The path of this file rather than `-m`: the supervisor needs nothing of the package, and starts faster.
            supervisor = [sys.executable, "-I", str(Path(__file__)), str(os.getpid()), str(supervisor_end)]
            if self._log is None:
                self._process = self._spawn([*supervisor, *self._command], supervisor_end, None)
            else:
                with self._log.open("wb") as output:
                    self._process = self._spawn([*supervisor, *self._command], supervisor_end, output)
        except BaseException:
            os.close(self._our_end)
            raise
        finally:
            os.close(supervisor_end)

    def _spawn(self, command: Sequence[str], supervisor_end: int, output: IO[bytes] | None) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own commands
            command,
            env=self._environment,
            stdin=subprocess.PIPE if output is None else subprocess.DEVNULL,
            stdout=subprocess.PIPE if output is None else output,
            stderr=None if output is None else subprocess.STDOUT,
            text=True,
            pass_fds=[supervisor_end],
            # Ctrl-C reaches this process only; the supervisor ends the group in its own time.
            start_new_session=True,
        )

    def stop(self) -> None:
        """End the command and its children, and return when they have ended. Do nothing when it was not started."""
        process, self._process = self._process, None
        if process is None:
            return
        os.close(self._our_end)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait()

    @property
    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("the process is not running: use it in a with block, or call start()")
        return self._process

    @property
    def stdin(self) -> IO[str]:
        """The pipe into the command. Raises RuntimeError when its output goes to a log."""
        return _piped(self._running.stdin)

    @property
    def stdout(self) -> IO[str]:
        """The pipe out of the command. Raises RuntimeError when its output goes to a log."""
        return _piped(self._running.stdout)

    @property
    def group(self) -> int:
        """The id of the process group that the supervisor, the command and its children are in."""
        return self._running.pid

    def exit_code(self) -> int | None:
        """Return the command's exit code, or None while it runs."""
        return self._running.poll()

    def wait(self) -> int:
        """Return the command's exit code, once it has ended."""
        return self._running.wait()


def _piped(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RuntimeError("the output of this process goes to a log")
    return stream


def _supervise(parent: int, pipe: int, command: Sequence[str]) -> int:
    """Run the command until it ends or the parent lets go; return its exit code."""
    # A shell starts background jobs with SIGINT ignored, and Dagster ends by no other signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command)  # noqa: S603 - our own commands
    # The supervisor is in the group that it signals, and has to be the last of it to end.
    signal.signal(signal.SIGTERM, _ignore)
    signal.signal(signal.SIGINT, _ignore)
    while process.poll() is None and os.getppid() == parent and not _closed(pipe):
        pass
    os.killpg(0, signal.SIGTERM)
    try:
        code = process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)
        raise
    return code


def _closed(pipe: int) -> bool:
    """Wait a moment for the other end of the pipe to close; return whether it has."""
    ready, _, _ = select.select([pipe], [], [], _POLL_SECONDS)
    return bool(ready) and not os.read(pipe, 1024)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Ignore a signal to the group, without handing that down to the command as SIG_IGN would."""


if __name__ == "__main__":
    sys.exit(_supervise(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
