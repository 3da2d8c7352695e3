"""A time limit for statements of an engine that has none.

Goes in: what interrupts a connection, and when. Comes out: statements that end with the engine's error.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ended_after(interrupt: Callable[[], None], seconds: float | None) -> Iterator[None]:
    """Call `interrupt` once the block has lasted this long, and repeatedly until it ends; None for no limit."""
    if seconds is None:
        yield
        return
    over = threading.Event()

    def end() -> None:
        pause = seconds
        while not over.wait(pause):
            interrupt()
            pause = 0.1

    watching = threading.Thread(target=end, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
