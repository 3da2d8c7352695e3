"""Signals while a run works in the warehouse.

Goes in: work in sessions of a warehouse. Comes out: the work has ended, even if SIGINT or SIGTERM ended it early.
Signal handlers of Python and Dagster raise an exception, which would surface in the engine's driver: DuckDB loses the
exception, and ADBC runs the handler only once the statement has ended. The work therefore runs in a thread while the
main thread waits.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from types import FrameType

from cr_pipelines.warehouse import SourceSession, WarehouseError

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_REPEAT_SECONDS = 0.1


class Interruption:
    """A request to stop, and the sessions whose statements it interrupts.

    Attributes:
        requested: whether a signal asked the work to stop.
        has_session: whether the work has a session, which it must close cleanly.
    """

    def __init__(self) -> None:
        self.requested = False
        self.has_session = False
        self._lock = threading.Lock()
        self._sessions: list[SourceSession] = []

    def watch(self, session: SourceSession) -> None:
        """Let a signal interrupt the statements of this session too from now on.

        Raises:
            WarehouseError: a signal has already arrived.
        """
        with self._lock:
            if self.requested:
                raise WarehouseError("the run was interrupted before it opened the warehouse")
            if session not in self._sessions:
                self._sessions.append(session)
            self.has_session = True

    def release(self) -> None:
        """Stop signals from interrupting statements: what follows is quick and must be written."""
        with self._lock:
            self._sessions.clear()

    def request(self) -> None:
        """Ask the work to stop."""
        with self._lock:
            self.requested = True
            for session in self._sessions:
                session.interrupt()


def run_interruptibly(work: Callable[[Interruption], None]) -> None:
    """Do the work, and stop it cleanly on a signal.

    If the work has no session yet, for example while it waits for a file, the signal does not wait for the work.

    Args:
        work: takes the interruption, which says what a signal interrupts.

    Raises:
        BaseException: what the work or the signal's handler raises; SystemExit if no handler is set.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        work(interruption)
        return
    working = _Working(work, interruption)
    with _raising_handlers():
        try:
            working.start()
            working.ended.wait()
        except BaseException:
            interruption.request()
            while interruption.has_session and not working.ended.wait(_REPEAT_SECONDS):
                # A signal between two statements has interrupted neither.
                interruption.request()
            raise
    if working.error is not None:
        raise working.error


class _Working:
    """The thread of the work."""

    def __init__(self, work: Callable[[Interruption], None], interruption: Interruption):
        self._work = work
        self._interruption = interruption
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        context = copy_context()
        threading.Thread(target=lambda: context.run(self._run), daemon=True).start()

    def _run(self) -> None:
        try:
            self._work(self._interruption)
        except BaseException as error:
            self.error = error
        finally:
            self.ended.set()


@contextmanager
def _raising_handlers() -> Iterator[None]:
    """Make SIGTERM raise SystemExit if nothing handles it, so that the run is recorded as interrupted."""
    replaced = [number for number in ENDING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
