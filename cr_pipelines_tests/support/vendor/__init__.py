"""What the vendor says of its API, as data that the tests check both ends against.

Goes in: `operations.json`, which `derive.py` makes from the vendor's OpenAPI description. Comes out: the operations,
and validators for bodies of requests and responses. Without the file every test that asks fails.
"""

import json
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from cr_pipelines_tests.support.vendor.derive import OPERATIONS_FILE


@cache
def operations() -> dict[str, Any]:
    """Return the parameters, body and responses of every operation, by method and path: "GET /tags/{id}"."""
    loaded: dict[str, Any] = json.loads(OPERATIONS_FILE.read_text())
    return loaded


def validator(schema: dict[str, Any]) -> OAS31Validator:
    return OAS31Validator(schema, format_checker=oas31_format_checker)


@cache
def body_validator(operation: str) -> OAS31Validator | None:
    """Return a validator for request bodies, None if there is no body; fields that are not described are errors."""
    body = operations()[operation]["body"]
    return None if body is None else validator(closed(body))


def closed(schema: Any) -> Any:
    """Return the schema with every object closed to fields that it does not list."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items() if key != "properties"}
    if "properties" in schema:
        inner["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        inner["additionalProperties"] = False
    return inner
