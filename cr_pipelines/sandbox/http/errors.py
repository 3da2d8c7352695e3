"""The error responses of the API.

Goes in: what the room refused, or what the sandbox itself refuses. Comes out: the status and the body of the response.
"""

from typing import Any

from cr_pipelines.sandbox.workspace.errors import NotFound, WorkspaceError

DOCS = "https://api.commonroom.io/docs/community.html"


def error_response(error: WorkspaceError) -> tuple[int, dict[str, Any]]:
    """Return the status and body for a refusal of the room."""
    if isinstance(error, NotFound):
        return 404, {"status": "not-found", "reason": error.reason}
    return 400, {"reason": error.reason, "docs": DOCS}


def forbidden() -> tuple[int, dict[str, Any]]:
    """Return the status and body for a request without a token that this room knows."""
    return 403, {"status": "failure", "reason": "forbidden"}


def injected_error(status: int) -> tuple[int, dict[str, Any]]:
    """Return the status and body of a server error that a fault plan asked for."""
    return status, {"status": "failure", "reason": "injected-fault"}
