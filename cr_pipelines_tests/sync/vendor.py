"""Requests that the sandbox recorded, against the vendor's own description, where that is at hand."""

import copy
from functools import cache
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from cr_pipelines.sandbox.http.operations import OPERATIONS
from cr_pipelines_tests.sandbox.test_vendor_contract import DESCRIPTION, vendor

AT_HAND = DESCRIPTION.exists()
_PATHS = {operation.id: (operation.path, operation.method.lower()) for operation in OPERATIONS}


def faults(request: dict[str, Any]) -> list[str]:
    """What the description has against a request's body; a field that it does not list is a fault too."""
    body = _described(request["operation"])
    if body is None:
        return [] if request["body"] is None else ["there is a body, and none belongs there"]
    return [fault.message for fault in body.iter_errors(request["body"])]


@cache
def _described(operation: str) -> OAS30Validator | None:
    path, method = _PATHS[operation]
    described = _strict(copy.deepcopy(vendor()))
    body = described["paths"][path][method].get("requestBody")
    if body is None:
        return None
    whole = {**body["content"]["application/json"]["schema"], "components": described["components"]}
    return OAS30Validator(whole, format_checker=oas30_format_checker)


def _strict(part: Any) -> Any:
    """The description with every object closed to fields that it does not list."""
    if isinstance(part, dict):
        if "allOf" in part and "required" in part:
            fields = [_resolved(inner).get("properties", {}) for inner in part.pop("allOf")]
            part |= {"type": "object", "properties": {name: field for one in fields for name, field in one.items()}}
        if isinstance(part.get("properties"), dict):
            part["additionalProperties"] = False
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _strict(inner)
    return part


def _resolved(schema: Any) -> Any:
    if "$ref" in schema:
        return vendor()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        fields = {
            name: field for inner in schema["allOf"] for name, field in _resolved(inner).get("properties", {}).items()
        }
        return {"properties": fields}
    return schema
