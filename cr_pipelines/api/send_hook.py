"""The last word before a request goes out, which a caller may give to the requests of one task."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class SendHook(Protocol):
    """Asked about every request, repetitions included, when nothing stands between it and the network any more."""

    def enter(self, body: bytes) -> None:
        """Let the request go, or raise: then it is not sent, and the client's method raises the same."""

    def leave(self, answered: bool) -> None:
        """The request that was let go has its answer, or was given up."""


_guard: ContextVar[SendHook | None] = ContextVar("guard", default=None)


@contextmanager
def with_send_hook(guard: SendHook) -> Iterator[None]:
    """Put what this task sends within the block through a guard."""
    before = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(before)


def current_send_hook() -> SendHook | None:
    """The guard of this task."""
    return _guard.get()
