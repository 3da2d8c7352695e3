"""What an error tracker or a debugger would see: the local variables of our code whenever an exception passes."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NO_FAILURES = (StopIteration, StopAsyncIteration, GeneratorExit)


@contextmanager
def watching_failures(secrets: Sequence[str]) -> Iterator[tuple[set[str], set[str]]]:
    """Collects the functions that an exception passes, handled or not, and those variables in them that show a secret.

    The secrets are in lower case.
    """
    passed: set[str] = set()
    shown: set[str] = set()

    def within(frame: FrameType, event: str, found: Any) -> Any:
        if event == "exception" and not issubclass(found[0], _NO_FAILURES):
            passed.add(frame.f_code.co_qualname)
            for name, value in list(frame.f_locals.items()):
                # An exception is no variable any more once it has left its frame, and other tests read its text.
                if isinstance(value, BaseException):
                    continue
                if any(secret in _shown(value).lower() for secret in secrets):
                    shown.add(f"{frame.f_code.co_qualname}: {name}")
        return within

    def of_ours(frame: FrameType, *_: object) -> Any:
        if "/cr_pipelines/" not in frame.f_code.co_filename:
            return None
        frame.f_trace_lines = False
        return within

    before = sys.gettrace()
    sys.settrace(of_ours)
    threading.settrace(of_ours)
    try:
        yield passed, shown
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        # An object whose `__init__` is not done yet.
        return ""
