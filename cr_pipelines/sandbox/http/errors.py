"""The error responses of the API.

Goes in: what the room refused, or what the sandbox itself refuses. Comes out: the status and the body of the response.
"""

from typing import Any

from cr_pipelines.sandbox.workspace.behavior import Behavior
from cr_pipelines.sandbox.workspace.errors import NotFound, WorkspaceError

DOCS = "https://api.commonroom.io/docs/community.html"


def error_response(error: WorkspaceError) -> tuple[int, dict[str, Any]]:
    """Return the status and body for a refusal of the room."""
    if isinstance(error, NotFound):
        return 404, {"status": "not-found", "reason": error.reason}
    return 400, {"reason": error.reason, "docs": DOCS}


def forbidden(behavior: Behavior) -> tuple[int, dict[str, Any]]:
    """Return the status and body for a request without a token that this room knows."""
    if behavior.forbidden == "reason":
        return 403, {"reason": "Token not valid"}
    return 403, {"status": "failure", "reason": "forbidden"}


def failure(status: int, reason: str) -> tuple[int, dict[str, Any]]:
    """Return the status and body of an error that no operation describes."""
    return status, {"status": "failure", "reason": reason}
