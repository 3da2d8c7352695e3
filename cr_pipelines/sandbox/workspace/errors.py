"""What the room refuses.

Goes in: the reason, as a word of the API, and why, for the person who runs the sandbox. Comes out: an exception that
says what kind of refusal it is; which HTTP response it becomes is known to `http.errors`.
"""


class WorkspaceError(Exception):
    """The room refuses what it was asked to do.

    Attributes:
        reason: why, as the API words it.
        why: why, in full. The real API keeps it to itself; the sandbox shows it beside the response.
    """

    def __init__(self, reason: str, why: str = ""):
        super().__init__(why or reason)
        self.reason = reason
        self.why = why or reason


class InvalidInput(WorkspaceError):
    """A value is wrong. As in the real API, the reason never names the field; `why` does."""

    def __init__(self, why: str, reason: str = "invalid-request-body"):
        super().__init__(reason, why)


class NotFound(WorkspaceError):
    """There is no such destination source, contact, tag, segment, custom field or path."""
