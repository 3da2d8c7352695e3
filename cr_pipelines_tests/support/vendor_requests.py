"""Requests that the sandbox recorded, against the vendor's description."""

from typing import Any

from cr_pipelines.sandbox.http.operations import OPERATIONS
from cr_pipelines_tests.support.vendor import body_validator

_NAMES = {operation.id: f"{operation.method} {operation.path}" for operation in OPERATIONS}


def faults(request: dict[str, Any]) -> list[str]:
    """What the description has against a request's body; a field that it does not list is a fault too."""
    body = body_validator(_NAMES[request["operation"]])
    if body is None:
        return [] if request["body"] is None else ["there is a body, and the operation takes none"]
    return [fault.message for fault in body.iter_errors(request["body"])]
