"""Signals that end a command.

Goes in: a block. Comes out: KeyboardInterrupt in it, whichever way somebody ends the command, so that it can clean up.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let Ctrl-C, a closed terminal and SIGTERM all end the block with a KeyboardInterrupt, also in the background."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
