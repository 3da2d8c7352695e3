"""The OpenAPI description of the sandbox.

Goes in: the tables of operations and of the control API, and their models. Comes out: an OpenAPI 3.1 document.
"""

import re
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from cr_pipelines.sandbox.http import control, responses
from cr_pipelines.sandbox.http.operations import OPERATIONS
from cr_pipelines.sandbox.http.routing import PREFIX, Operation

_REFERENCE = "#/components/schemas/{model}"
_RATE_LIMIT_HEADERS = {
    "X-RateLimit-Limit": {"description": "Requests permitted in the interval", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Requests left in the interval", "schema": {"type": "integer"}},
}
_RESET_HEADERS = {
    "X-RateLimit-Reset": {"description": "End of the interval, epoch seconds", "schema": {"type": "integer"}},
    "Retry-After": {"description": "End of the interval, UTC", "schema": {"type": "string", "format": "date-time"}},
}
_NUMBERS = {
    "after": {"type": "integer", "minimum": 0},
    "offset": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1},
}
_REFUSALS: dict[int, tuple[str, TypeAdapter[Any]]] = {
    400: ("Invalid request", TypeAdapter(responses.InvalidRequestResponse)),
    403: ("Unknown token", TypeAdapter(responses.Status | responses.InvalidRequestResponse)),
    404: ("Not found", TypeAdapter(responses.Status)),
    429: ("Rate limited", TypeAdapter(responses.RateLimited)),
}


@cache
def description(origin: str) -> dict[str, Any]:
    """Return the whole document for a sandbox at the address `origin`."""
    successes = {operation: TypeAdapter(operation.response) for operation in OPERATIONS}
    wanted: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = []
    for operation, success in successes.items():
        if operation.body is not None:
            wanted.append((operation.id, "validation", operation.body))
        wanted.append((operation.id, "serialization", success))
    wanted.extend((status, "serialization", adapter) for status, (_, adapter) in _REFUSALS.items())
    bodies: dict[control.Route, TypeAdapter[Any]] = {
        route: TypeAdapter(route.body) for route in control.ROUTES if route.body is not None
    }
    wanted.extend(((route.method, route.name), "validation", adapter) for route, adapter in bodies.items())
    schemas, definitions = TypeAdapter.json_schemas(wanted, ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, schemas)
    for route in control.ROUTES:
        path = paths.setdefault(f"{control.PREFIX}/{route.name}", {"servers": [{"url": origin}]})
        path[route.method.lower()] = _described_control(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Common Room sandbox",
            "version": "1",
            "description": "A local Common Room: the operations of the v1 API, and an API to control it.",
        },
        "servers": [{"url": f"{origin}{PREFIX}"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": definitions.get("$defs", {}),
        },
    }


def _described(operation: Operation, schemas: dict[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    statuses: dict[int, tuple[str, str | int]] = {
        operation.success: ("Accepted" if operation.success == 202 else "OK", operation.id)
    }
    statuses |= {status: (_REFUSALS[status][0], status) for status in (*operation.refusals, 403, 429)}
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            str(status): {
                "description": text,
                "headers": _RATE_LIMIT_HEADERS | (_RESET_HEADERS if status == 429 else {}),
                "content": {"application/json": {"schema": schemas[schema, "serialization"]}},
            }
            for status, (text, schema) in sorted(statuses.items())
        },
    }
    if operation.body is not None:
        content = {"application/json": {"schema": schemas[operation.id, "validation"]}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.deprecated:
        described["deprecated"] = True
    return described


def _described_control(route: control.Route, schemas: dict[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{route.name}",
        "summary": route.summary,
        "tags": ["control"],
        "security": [],
        "parameters": [
            {"name": name, "in": "query", "schema": _NUMBERS.get(name, {"type": "string"})} for name in route.query
        ],
        "responses": {"200": {"description": "OK", "content": {"application/json": {}}}},
    }
    if route.body is not None:
        schema = schemas[(route.method, route.name), "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.body is not None or route.query:
        described["responses"]["400"] = {"description": "Refused, with the reason in `error`"}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    type_ = "integer" if operation.integer_parameter else "string"
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": type_}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ] + [{"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query]
