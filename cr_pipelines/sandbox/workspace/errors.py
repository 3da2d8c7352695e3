"""What the room refuses.

Goes in: the reason, as a word of the API. Comes out: an exception that says what kind of refusal it is; which HTTP
response it becomes is known to `http.errors`.
"""


class WorkspaceError(Exception):
    """The room refuses what it was asked to do.

    Attributes:
        reason: why, as the API words it.
    """

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class InvalidInput(WorkspaceError):
    """A value is wrong. As in the real API, the reason never names the field."""

    def __init__(self, reason: str = "invalid-request-body"):
        super().__init__(reason)


class NotFound(WorkspaceError):
    """There is no such destination source, contact, tag, segment, custom field or path."""
