"""The event loop that a run sends in.

Goes in: the asynchronous part of a run. Comes out: it has shut down cleanly, even if a signal ended it.
"""

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any

from cr_pipelines.sync.interruption import ENDING_SIGNALS


def check_no_loop_runs() -> None:
    """Raise RuntimeError if an event loop is running already, as in a notebook or an async asset."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("run_sync was called inside a running event loop; call it as asyncio.to_thread(run_sync, ...)")


def run_in_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run the work in a new event loop, and shut it down cleanly on a signal.

    Signal handlers of Python and Dagster raise an exception. It would surface in whatever callback the loop is running,
    and be lost there. Instead, the loop takes the signal, cancels the work, and calls the handler once everything has
    ended.

    Raises:
        BaseException: what the work or the signal's handler raises; SystemExit if no handler is set.
    """
    if threading.current_thread() is threading.main_thread():
        _run_heeding_signals(work)
    else:
        with _runner() as runner:
            runner.run(work)


def _runner() -> asyncio.Runner:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=new_event_loop)


def _run_heeding_signals(work: Coroutine[Any, Any, None]) -> None:
    # An ignored signal, such as Ctrl-C for a background job of a script, stays ignored.
    handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}
    received: list[signal.Signals] = []

    async def watched() -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101

        def end(number: signal.Signals) -> None:
            received.append(number)
            task.cancel()

        for number in handlers:
            asyncio.get_running_loop().add_signal_handler(number, end, number)
        await work

    try:
        with _runner() as runner:
            runner.run(watched())
    except asyncio.CancelledError:
        if not received:
            raise
    finally:
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)
    if received:
        if handlers[received[0]] in {signal.SIG_DFL, None}:
            raise SystemExit(128 + received[0])
        signal.raise_signal(received[0])
