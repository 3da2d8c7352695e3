"""The vendor's own OpenAPI description, where that is at hand, and requests of the sandbox checked against it."""

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from cr_pipelines.sandbox.http.operations import OPERATIONS

DESCRIPTION = Path(__file__).parents[3] / "shared" / "api" / "commonroom-v1.openapi.json"
AT_HAND = DESCRIPTION.exists()
_PATHS = {operation.id: (operation.path, operation.method.lower()) for operation in OPERATIONS}


@cache
def vendor() -> dict[str, Any]:
    """The description with its known defects mended: a broken reference, types that JSON Schema does not have, a
    schema wrapped in its own name, a schema in the place of a property, paths written with a colon.
    """
    described: dict[str, Any] = _mended(json.loads(DESCRIPTION.read_text()))
    schemas = described["components"]["schemas"]
    schemas["CommunityMember"] = schemas["CommunityMember"]["CommunityMember"]
    discord = schemas["ApiUser"]["properties"]["discord"]["properties"]
    discord["discriminator"] = discord["discriminator"]["schema"]
    values = schemas["ApiCustomFields"]["properties"]["value"]["properties"]["value"]
    values["anyOf"] = values.pop("oneOf")
    values["anyOf"][-1]["items"] = {"anyOf": values["anyOf"][-1]["items"]["oneOf"]}
    described["paths"]["/activities"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"][
        "activityType"
    ] = {"type": "string"}
    described["paths"] = {re.sub(r":(\w+)", r"{\1}", path): item for path, item in described["paths"].items()}
    return described


def _mended(node: Any) -> Any:
    if isinstance(node, list):
        return [_mended(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("$ref") == "#../":
        return {"type": "object"}
    mended = {key: _mended(value) for key, value in node.items()}
    if mended.get("type") in ("url", "date"):
        mended["type"] = "string"
    return mended


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = vendor()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


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
