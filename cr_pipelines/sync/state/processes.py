"""Which process a run is in, and whether it is alive.

Goes in: a process id, and its entry in `/proc`. Comes out: what distinguishes the process from every other one with the
same id, earlier or later, on this host. A process that has ended and was not reaped is dead.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ENDED = ("Z", "X", "x")
"""States of a process that has ended, but whose parent has not read its exit code."""

_STATE, _START_TIME = 0, 19
"""Fields of `/proc/PID/stat`, counted after the command's name."""


def this_host() -> str:
    """Return the host's name with its process id namespace, because containers may share the name."""
    name = socket.gethostname()
    try:
        return f"{name} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return name


def process_start(process: int) -> str | None:
    """Return when a process began, as this host's boot and the clock ticks since; None if that is unknown."""
    stat = _stat(process)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return None if stat is None else f"{boot} {stat[_START_TIME]}"


_running_here: set[str] = set()


@contextmanager
def mark_running(run_id: str) -> Iterator[None]:
    """Let other runs in this process know that the run is alive."""
    _running_here.add(run_id)
    try:
        yield
    finally:
        _running_here.discard(run_id)


def is_alive_here(process: int, started: str | None, run_id: str) -> bool:
    """Return whether a run's process exists on this host and, if it is this process, whether the run is alive in it.

    `started` is what `process_start` returned in that process; None for a run that did not note it.
    """
    if process != os.getpid() and not _has_number(process):
        return False
    stat = _stat(process)
    if stat is not None and stat[_STATE] in _ENDED:
        return False
    now = process_start(process)
    if started is not None and now is not None and started != now:
        # Another process has the id now.
        return False
    return process != os.getpid() or run_id in _running_here


def _has_number(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stat(process: int) -> list[str] | None:
    """Return the fields of `/proc/PID/stat` after the command's name, which may contain anything; None without them."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()
