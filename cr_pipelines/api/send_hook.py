"""A hook that runs right before a request leaves and right after it has ended.

A caller sets one for the requests of its task; the requester calls it for every attempt, retries included.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class SendHook(Protocol):
    """The last check before a request leaves: it comes after rate limit and retries, directly before the network."""

    def enter(self, body: bytes) -> None:
        """Let the request go, or raise: then nothing is sent, and the client's method raises the same error."""

    def leave(self, settled: bool) -> None:
        """Note the end of a request that was allowed to leave.

        Args:
            settled: whether it got its response, or was certainly not sent. Otherwise, it may still arrive.
        """


_hook: ContextVar[SendHook | None] = ContextVar("hook", default=None)


@contextmanager
def with_send_hook(hook: SendHook) -> Iterator[None]:
    """Call a hook for every request that this task sends within the block."""
    token = _hook.set(hook)
    try:
        yield
    finally:
        _hook.reset(token)


def current_send_hook() -> SendHook | None:
    """Return the hook of this task."""
    return _hook.get()
