"""Secrets that no repr shows.

Goes in: a token or a URL with a password. Comes out: the same value, which debuggers, error trackers and tracebacks
with local variables show as `[hidden]`.
"""


class HiddenText(str):
    """A string that works like any other and whose repr does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[hidden]'"


class HiddenBytes(bytes):
    """Bytes that work like any others and whose repr does not show them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'[hidden]'"
