"""Derive `operations.json`, the structure of the vendor's API, from the vendor's OpenAPI description.

    python cr_pipelines_tests/support/vendor/derive.py commonroom-v1.openapi.json

Goes in: the path of a description, which is never copied into the project. Comes out: `operations.json` in this folder.
It has for each operation ("GET /tags") its parameters, its request body and its responses as plain JSON Schema (draft
2020-12). Only keywords of structure are taken over, and every reference is resolved: no prose, no examples.

The description has known defects, which are corrected here: types that JSON Schema does not have ("url", "date"), a
broken reference, a schema wrapped in its own name, a schema in the place of a property, a `oneOf` whose alternatives
overlap, paths written with a colon, and an `activityType` whose type contradicts its example.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

OPERATIONS_FILE = Path(__file__).with_name("operations.json")

_METHODS = ("get", "post", "put", "patch", "delete")
_COPIED = ("type", "format", "enum")
_TYPES = {"url": "string", "date": "string"}
_BROKEN_REFERENCE = "#../"
_CORRECTED_PROPERTIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST /activities", "activityType"): {"type": "string"},
}


class Description:
    """A vendor's description, read operation by operation."""

    def __init__(self, document: dict[str, Any]):
        self._document = document

    def operations(self) -> dict[str, Any]:
        """Return the structure of every operation by method and path."""
        found: dict[str, Any] = {}
        for path, item in self._document["paths"].items():
            for method in _METHODS:
                if method in item:
                    with_braces = re.sub(r":(\w+)", r"{\1}", path)
                    found[f"{method.upper()} {with_braces}"] = self._operation(item[method], item.get("parameters", []))
        for (name, field), schema in _CORRECTED_PROPERTIES.items():
            found[name]["body"]["properties"][field] = schema
        return dict(sorted(found.items(), key=lambda entry: entry[0].split(" ")[::-1]))

    def _operation(self, operation: dict[str, Any], shared: list[dict[str, Any]]) -> dict[str, Any]:
        body = operation.get("requestBody")
        return {
            "parameters": [self._parameter(each) for each in (*shared, *operation.get("parameters", []))],
            "body": None if body is None else self._content(body),
            "responses": {status: self._response(each) for status, each in operation["responses"].items()},
        }

    def _parameter(self, parameter: dict[str, Any]) -> dict[str, Any]:
        parameter = self._resolve(parameter)
        return {
            "name": parameter["name"],
            "in": parameter["in"],
            "required": parameter.get("required", False),
            "schema": self._schema(parameter["schema"]),
        }

    def _response(self, response: dict[str, Any]) -> dict[str, Any]:
        response = self._resolve(response)
        headers = {name: self._resolve(header)["schema"] for name, header in response.get("headers", {}).items()}
        return {
            "headers": {name: self._schema(schema) for name, schema in headers.items()},
            "body": self._content(response),
        }

    def _content(self, holder: dict[str, Any]) -> dict[str, Any] | None:
        content = holder.get("content", {}).get("application/json")
        return None if content is None else self._schema(content["schema"])

    def _schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema with its structure only, as JSON Schema knows it."""
        schema = self._resolve(schema)
        if "schema" in schema:
            return self._schema(schema["schema"])
        if "allOf" in schema:
            return self._merged(schema)
        alternatives = schema.get("oneOf") or schema.get("anyOf")
        if alternatives:
            derived = _one_of([self._schema(each) for each in alternatives])
        else:
            derived = {key: schema[key] for key in _COPIED if key in schema}
            if derived.get("type") in _TYPES:
                derived["type"] = _TYPES[derived["type"]]
            if "properties" in schema:
                derived["properties"] = {name: self._schema(each) for name, each in schema["properties"].items()}
                if schema.get("required"):
                    derived["required"] = sorted(schema["required"])
            if "items" in schema:
                derived["items"] = self._schema(schema["items"])
        return _any_of([derived, {"type": "null"}]) if schema.get("nullable") else derived

    def _merged(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return an `allOf` of objects as one object."""
        merged: dict[str, Any] = {"type": "object", "properties": {}, "required": schema.get("required", [])}
        for each in map(self._schema, schema["allOf"]):
            merged["properties"] |= each["properties"]
            merged["required"] = sorted({*merged["required"], *each.get("required", [])})
        return merged

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while True:
            if node.get("$ref") == _BROKEN_REFERENCE:
                return {"type": "object"}
            if "$ref" in node:
                *parents, name = node["$ref"].removeprefix("#/").split("/")
                target: Any = self._document
                for key in (*parents, name):
                    target = target[key]
                node = target[name] if set(target) == {name} else target
            else:
                return node


def _one_of(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a schema of exactly one of the alternatives if all are objects, else of any: a URL is also a string."""
    if len(alternatives) > 1 and all(each.get("type") == "object" for each in alternatives):
        return {"oneOf": alternatives}
    return _any_of(alternatives)


def _any_of(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a schema of any of the alternatives, each once."""
    distinct: list[dict[str, Any]] = []
    for alternative in alternatives:
        for each in alternative.get("anyOf", [alternative]):
            if each not in distinct:
                distinct.append(each)
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def main() -> None:
    """Read the description that the command line names, and write `operations.json`."""
    if len(sys.argv) != 2:
        sys.exit("usage: python derive.py DESCRIPTION")
    operations = Description(json.loads(Path(sys.argv[1]).read_text())).operations()
    OPERATIONS_FILE.write_text(json.dumps(operations, indent=1) + "\n")


if __name__ == "__main__":
    main()
