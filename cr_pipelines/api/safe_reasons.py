"""The server's own reason for an error, if it is safe to show.

Goes in: the body of an error response and the request that caused it. Comes out: a reason without personal data, or
None.
"""

import re

from pydantic import BaseModel, ValidationError

KNOWN_REASONS = frozenset(
    {"invalid-request-body", "invalid-request", "forbidden", "unauthorized", "not-found", "rate-limited", "failure"}
    | {"error", "not created", "Token not valid"}
)
_SLUG = re.compile(r"[a-z]{2,20}(-[a-z]{2,20}){0,5}")


class _Problem(BaseModel):
    reason: str | None = None
    status: str | None = None


def safe_reason(body: bytes, request_text: str) -> str | None:
    """Return the `reason` (or `status`) of an error's body, or None if it might hold personal data.

    Known reasons are safe, and so are others that consist of lower-case words joined by hyphens, if none of the words
    occurs in `request_text`, the address and body of the request.
    """
    try:
        problem = _Problem.model_validate_json(body)
    except ValidationError:
        return None
    reason = problem.reason or problem.status or ""
    if reason in KNOWN_REASONS:
        return reason
    if not _SLUG.fullmatch(reason):
        return None
    said = request_text.casefold()
    return None if any(word in said for word in reason.split("-")) else reason
