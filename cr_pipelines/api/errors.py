"""The errors of the client. Each says what happened and what to do.

Goes in: an operation, a status, counts, and the server's own reason if it is safe to show. No error contains personal
data, a token or a body.
"""

from typing import ClassVar

from cr_pipelines.api.operations import current_way
from cr_pipelines.errors import CrPipelinesError


class CommonRoomError(CrPipelinesError):
    """An operation that did not succeed.

    Attributes:
        operation: the client's method, such as `add_or_edit_user`. attempts: how many times the request was sent, not
        counting 429s. http_status: status of the last response; None when there was none. reason: the server's reason
        in its own words, such as `invalid-request-body`; None if it gave none that is safe to show.
        unexpected: which part of the response did not come from the API, such as `content type text/html`, without its
            value; None if this was not the problem.
        reason_code: this kind of error in short snake_case, for tables and counts.
    """

    reason_code: ClassVar[str] = "error"
    advice: ClassVar[str] = "the operation failed"

    def __init__(
        self,
        operation: str,
        attempts: int,
        http_status: int | None = None,
        reason: str | None = None,
        unexpected: str | None = None,
    ) -> None:
        super().__init__(operation, attempts, http_status, reason, unexpected)
        self.operation = operation
        self.attempts = attempts
        self.http_status = http_status
        self.reason = reason
        self.unexpected = unexpected

    @property
    def may_have_written(self) -> bool:
        """Whether what was sent may have reached the room."""
        return False

    def __str__(self) -> str:
        facts = [] if self.http_status is None else [f"HTTP {self.http_status}"]
        if self.reason:
            facts.append(f"reason: {self.reason}")
        if self.unexpected:
            facts.append(f"unexpected: {self.unexpected}")
        facts.append(f"attempts: {self.attempts}")
        return f"{self.operation}: {self.advice} ({', '.join(facts)})"


class BadToken(CommonRoomError):
    """The token is wrong, expired or revoked (403)."""

    reason_code = "bad_token"
    advice = (
        "Common Room rejected the token; check the token, or have an admin of the room create a new one"
        " under Settings > API tokens"
    )


class UnknownSource(CommonRoomError):
    """The destination source does not exist (404 on a /source/ path)."""

    reason_code = "unknown_source"
    advice = (
        "Common Room has no such destination source; compare the destination source id with the API signals of the"
        " room that the token belongs to"
    )


class InvalidRequest(CommonRoomError):
    """The API rejected the request's content (400), and does not say which field."""

    reason_code = "invalid_request"
    advice = (
        "Common Room rejected the content of the request and does not say which field; compare the record with the"
        " API's description: formats, enum values, custom field types"
    )


class NotFound(CommonRoomError):
    """The room does not have what the operation names (404)."""

    reason_code = "not_found"
    advice = (
        "Common Room has no such contact, tag, segment or field; it may have been deleted, or a recent write may not "
        "be visible yet"
    )


class RateLimited(CommonRoomError):
    """The token's rate limit kept us waiting longer than the client may wait."""

    transient = True
    reason_code = "rate_limited"
    advice = (
        "waiting for the token's rate limit would take longer than max_limit_wait allows; try again later, use fewer "
        "processes on this token, or ask Common Room for a higher limit"
    )


class ServerFault(CommonRoomError):
    """Common Room kept failing (5xx, 408, 425) until the retries ran out."""

    transient = True
    reason_code = "server_fault"
    advice = "Common Room failed several times, or a proxy in front of it did; try again later"


class Unreachable(CommonRoomError):
    """There was no connection, or no response in time, until the retries ran out."""

    transient = True
    reason_code = "unreachable"
    advice = (
        "no connection to Common Room, or no response in time; check the base URL, the network and its proxy, then try"
        " again"
    )


class ResponseLost(CommonRoomError):
    """An append was sent and got no response or a 5xx: it may or may not have been written."""

    reason_code = "response_lost"
    advice = (
        "the request was sent, but its response was lost, so it may or may not have been written; it was not resent, "
        "because that could write it twice; look in Common Room before you resend it"
    )

    @property
    def may_have_written(self) -> bool:
        """Whether what was sent may have reached the room: always."""
        return True


class FailureReported(CommonRoomError):
    """The status reports success, but the body reports a failure."""

    reason_code = "failure_reported"
    advice = (
        "Common Room responded with a success status but reported a failure in the body; try again later, and contact "
        "Common Room if it persists"
    )


class OperationGone(CommonRoomError):
    """The operation is not at its address (404 not in the API's own words, 405, 410)."""

    reason_code = "operation_gone"
    advice = (
        "Common Room no longer has this operation: its URL does not respond like the API; if other operations fail "
        "too, check that the base URL ends in /community/v1 and that no proxy responds in its place"
    )

    def __str__(self) -> str:
        way = current_way(self.operation)
        return f"{super().__str__()}; instead, {way}" if way else super().__str__()


class UnexpectedResponse(CommonRoomError):
    """The API's description does not mention the status or the body of the response."""

    reason_code = "unexpected_response"
    advice = (
        "the response is not one that Common Room's API describes; try again later; if it persists, report the "
        "operation and the unexpected part"
    )

    @property
    def may_have_written(self) -> bool:
        """Whether what was sent may have reached the room: yes, unless the status is a refusal."""
        return self.http_status is None or self.http_status < 300


class NotTheApi(UnexpectedResponse):
    """Something else responded: a proxy, a login page, a gateway, another web server."""

    reason_code = "not_the_api"
    advice = (
        "the response is not from Common Room's API; check that the base URL ends in /community/v1 and that no proxy,"
        " login page or gateway responds in its place"
    )
