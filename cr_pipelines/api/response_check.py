"""Check whether a response is the API's own.

Goes in: an operation, and the status, headers and body of a response to it. Comes out: the JSON value of a successful
response, or an error that names what was unexpected. A proxy's login page, a gateway's error and a web server's 404 are
not the API's, regardless of their status.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from cr_pipelines.api.errors import (
    BadToken,
    CommonRoomError,
    FailureReported,
    InvalidRequest,
    NotFound,
    NotTheApi,
    OperationGone,
    UnexpectedResponse,
    UnknownSource,
)
from cr_pipelines.api.operations import TOKEN_STATUS, Operation
from cr_pipelines.api.safe_reasons import safe_reason
from cr_pipelines.api.transport import HttpResponse

_TYPES_OF_NOTHING = frozenset({None, "application/json", "text/plain"})
"""Content types that an empty body may have: an empty web page is still a web page."""
_BOM = b"\xef\xbb\xbf"
_LARGEST_STATUS = 2**20
"""Maximum size in bytes of a body that only reports the result of a write or a refusal."""

_SHOWN_TYPES = frozenset(
    {
        "application/octet-stream", "application/problem+json", "application/xhtml+xml", "application/xml",
        "text/css", "text/html", "text/javascript", "text/plain", "text/xml",
    }
)  # fmt: skip
"""Content types that messages may quote: any other may contain anything."""

_GOOD = frozenset(
    {"ok", "success", "successful", "succeeded", "accepted", "queued", "pending", "processing", "created", "updated"}
)
_BAD = frozenset(
    {
        "bad-request", "denied", "error", "errors", "expired", "fail", "failed", "failure", "forbidden", "invalid",
        "invalid-request", "rejected", "unauthorized", "unavailable",
    }
)  # fmt: skip
_NOT_FOUND = re.compile(r"(?:[a-z]+-)*not-found")
"""The API's word for something that does not exist, in its spelling: gateways say "Not Found" and NOT_FOUND."""
_WORDS_OF_A_REFUSAL = frozenset({"status", "reason", "docs", "errors", "ratelimit"})
_FOREIGN = frozenset(
    {
        "__type", "authenticated", "code", "detail", "details", "error", "error_description", "errorcode",
        "errormessage", "exception", "fault", "httpstatus", "login", "message", "path", "redirect", "redirecturl",
        "requestid", "statuscode", "timestamp", "trace",
    }
)  # fmt: skip
"""Names, in lower case, that gateways and web frameworks use in their JSON, but this API does not."""
_OWN = frozenset({"id", "ids", "labels", "jti", "communityid", "communityname", "fullname"})


@dataclass(frozen=True, slots=True)
class Received:
    """A complete response to an attempt."""

    operation: Operation
    attempts: int
    status: int
    content_type: str | None
    content: bytes

    @classmethod
    def of(cls, operation: Operation, attempts: int, response: HttpResponse) -> "Received":
        """Take the parts to check from an HTTP response."""
        header = response.headers.get("content-type")
        bare = None if header is None else header.partition(";")[0].strip().lower()
        content = response.content.removeprefix(_BOM).strip()
        return cls(operation, attempts, response.status, bare or None, content)

    def error(
        self, kind: type[CommonRoomError], unexpected: str | None = None, reason: str | None = None
    ) -> CommonRoomError:
        """Return an error about the response."""
        return kind(self.operation.name, self.attempts, self.status, reason, unexpected)

    def not_the_api(self, unexpected: str) -> CommonRoomError:
        """Return the error for a response that something other than the API sent."""
        return self.error(NotTheApi, unexpected)


def check_success(received: Received, *, reads: bool) -> tuple[object, CommonRoomError | None]:
    """Return the JSON value of a 2xx, None for an empty body, or the error if it does not count as success.

    `reads` says whether the caller needs the value.
    """
    if received.status != received.operation.success:
        return None, received.not_the_api(f"the status, which should be {received.operation.success}")
    if not received.content:
        if received.content_type not in _TYPES_OF_NOTHING:
            return None, received.not_the_api(_shown_type(received.content_type))
        return None, received.not_the_api("an empty body") if reads else None
    if not reads and _is_plain_success(received):
        return None, None
    if not reads and len(received.content) > _LARGEST_STATUS:
        return None, received.not_the_api("a body of more than 1 MiB")
    value, unexpected = _json(received)
    if unexpected is not None:
        return None, received.not_the_api(unexpected)
    return value, _check_value(received, value, reads=reads)


def check_refusal(received: Received, request_text: str) -> CommonRoomError:
    """Return the error for a response that is neither a success nor a fault of the server.

    `request_text` is the address and body of the request, which no error may repeat.
    """
    if not 400 <= received.status < 500:
        return received.not_the_api("the status")
    if received.status in (405, 410):
        return received.error(OperationGone, "the status")
    unexpected = _foreign_refusal(received)
    if unexpected is not None:
        is_gone = received.status == 404 and received.operation is not TOKEN_STATUS
        return received.error(OperationGone if is_gone else NotTheApi, unexpected)
    reason = safe_reason(received.content, request_text) if received.content else None
    match received.status:
        case 400:
            return received.error(InvalidRequest, reason=reason)
        case 401 | 403:
            return received.error(BadToken, reason=reason)
        case 404 if reason is not None and reason.endswith("-operation"):
            return received.error(OperationGone, reason=reason)
        case 404:
            is_source = received.operation.path.startswith("/source/")
            return received.error(UnknownSource if is_source else NotFound, reason=reason)
    return received.error(UnexpectedResponse, "the status", reason)


def unreadable(received: Received, error: ValidationError) -> CommonRoomError:
    """Return the error for JSON of the API that lacks what a caller needs: the path and the kind of each fault."""
    faults = [
        f"{'.'.join(map(str, fault['loc'])) or 'the top level'}: {fault['type']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    return received.error(UnexpectedResponse, f"{', '.join(faults[:3])}{more}")


def says_not_found(value: object) -> bool:
    """Return whether the JSON of a 404 has the API's own word for something that does not exist."""
    if not isinstance(value, dict):
        return False
    return value.get("status") == "not-found" or _NOT_FOUND.fullmatch(str(value.get("reason"))) is not None


def _check_value(received: Received, value: object, *, reads: bool) -> CommonRoomError | None:
    if not isinstance(value, dict):
        fits = reads and isinstance(value, list) and received.operation.response in ("list", "any")
        return None if fits else received.not_the_api(_top_level(value))
    said = {name.casefold(): own for name, own in value.items()}
    status = said.get("status")
    if _reports_failure(said):
        return received.error(FailureReported, reason=safe_reason(received.content, ""))
    if isinstance(status, str) and not reads and _word(status) not in _GOOD:
        return received.error(UnexpectedResponse, "field status: an unknown word")
    # A 202 was seen with undocumented JSON. Any other write reports its result, or the id of what it wrote.
    needs_own = not reads and received.status != 202
    if _is_foreign(said) or (needs_own and said and not _is_own(said)):
        return received.not_the_api("the fields of the body")
    if reads and received.operation.response == "list":
        return received.not_the_api(_top_level(value))
    return None


def _reports_failure(said: Mapping[str, Any]) -> bool:
    status = said.get("status")
    if isinstance(status, str) and (_word(status) in _BAD or _word(status).startswith("not")):
        return True
    if any(said.get(name, True) in (False, "false") for name in ("success", "ok")) or said.get("errors"):
        return True
    if _is_own(said):
        return bool(said.get("error"))
    return status is None and isinstance(said.get("reason"), str)


def _is_own(said: Mapping[str, Any]) -> bool:
    status = said.get("status")
    return bool(said.keys() & _OWN) or (isinstance(status, str) and _word(status) in _GOOD)


def _is_foreign(said: Mapping[str, Any]) -> bool:
    status = said.get("status")
    if status is not None and not isinstance(status, str):
        return True
    return not _is_own(said) and bool(said.keys() & _FOREIGN)


def _foreign_refusal(received: Received) -> str | None:
    """Return what shows that a refusal did not come from the API; None for the API's own words."""
    if not received.content:
        return "an empty body" if received.status in (400, 401, 403, 404) else None
    if len(received.content) > _LARGEST_STATUS:
        return "a body of more than 1 MiB"
    value, unexpected = _json(received)
    if unexpected is not None:
        return unexpected
    if not isinstance(value, dict):
        return _top_level(value)
    status, reason = value.get("status"), value.get("reason")
    said = [word for word in (status, reason) if word is not None]
    if not said or not all(isinstance(word, str) and word for word in said):
        return "the fields of the body"
    if not {name.casefold() for name in value} <= _WORDS_OF_A_REFUSAL:
        return "the fields of the body"
    if isinstance(status, str) and _word(status) in _GOOD:
        return "field status: a word of success"
    if received.status == 404 and not says_not_found(value):
        return "a body without the word for what is not found"
    return None


def _json(received: Received) -> tuple[object, str | None]:
    """Return the JSON value of a body, or what shows that it is not JSON."""
    kind = received.content_type
    if kind is not None and kind != "application/json":
        return None, _shown_type(kind)
    try:
        return from_json(received.content, allow_inf_nan=False), None
    except ValueError:
        return None, "a body that is not JSON"


def _is_plain_success(received: Received) -> bool:
    """Return whether a body is just a word of success, which the API's description allows for some operations."""
    if not received.operation.plain_text or received.content_type != "text/plain":
        return False
    return len(received.content) < 20 and _word(received.content.decode("utf-8", "replace").strip('"')) in _GOOD


def _shown_type(kind: str | None) -> str:
    return f"content type {kind if kind in _SHOWN_TYPES else '(another than application/json)'}"


def _word(text: str) -> str:
    return text.strip().casefold().replace("_", "-").replace(" ", "-")


def _top_level(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return f"{names.get(type(value), 'a number')} at the top level"
