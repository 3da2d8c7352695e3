"""The refusals of the API, each with its HTTP answer."""

from typing import Any

DOCS = "https://api.commonroom.io/docs/community.html"


class Refusal(Exception):
    """A request that is answered with an error status and a JSON body."""

    status = 500

    def __init__(self, body: dict[str, Any]):
        super().__init__(body)
        self.body = body


class InvalidRequest(Refusal):
    """400. As in the real API, the body never says which field was wrong."""

    status = 400

    def __init__(self, reason: str = "invalid-request-body"):
        super().__init__({"reason": reason, "docs": DOCS})


class NotFound(Refusal):
    """404: no such destination source, contact, tag, segment, custom field or path."""

    status = 404

    def __init__(self, reason: str):
        super().__init__({"status": "not-found", "reason": reason})


class Forbidden(Refusal):
    """403: no token, or one that this room does not know."""

    status = 403

    def __init__(self) -> None:
        super().__init__({"status": "failure", "reason": "forbidden"})
