from typing import Any

from openapi_schema_validator import OAS31Validator

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.examples import ACTIVITY, FULL_USER
from cr_pipelines_tests.support.room import anyone


def described(sandbox: SandboxServer) -> dict[str, Any]:
    document: dict[str, Any] = anyone.get(f"{sandbox.url}/openapi.json").json()
    return document


def body_of(document: dict[str, Any], path: str) -> OAS31Validator:
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return OAS31Validator(schema | {"components": document["components"]})


def test_the_description_names_this_sandbox_and_its_operations(sandbox: SandboxServer) -> None:
    document = described(sandbox)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": sandbox.base_url}]
    described_paths = {path: item for path, item in document["paths"].items() if not path.startswith("/_sandbox/")}
    operations = [operation["operationId"] for item in described_paths.values() for operation in item.values()]
    assert len(operations) == len(set(operations)) == 22
    for path, item in described_paths.items():
        for operation in item.values():
            assert ("{" in path) == any(parameter["in"] == "path" for parameter in operation["parameters"])
            assert {"403", "429"} <= set(operation["responses"])


def test_the_description_allows_what_the_sandbox_allows(sandbox: SandboxServer) -> None:
    document = described(sandbox)
    user = body_of(document, "/source/{destinationSourceId}/user")
    activity = body_of(document, "/source/{destinationSourceId}/activity")
    assert user.is_valid(FULL_USER)
    assert activity.is_valid(ACTIVITY)
    for wrong in ({}, {"id": 7}, {"id": "u", "misspelled": 1}, {"id": "u", "email": "nobody"}):
        assert not user.is_valid(wrong)


def test_every_reference_in_the_description_leads_somewhere(sandbox: SandboxServer) -> None:
    document = described(sandbox)

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for item in node for found in references(item)] if isinstance(node, list) else []

    found = references(document)
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_the_description_has_the_control_api_at_its_own_address(sandbox: SandboxServer) -> None:
    paths = {path: item for path, item in described(sandbox)["paths"].items() if path.startswith("/_sandbox/")}
    known = anyone.get(f"{sandbox.url}/_sandbox/nothing").json()["there_is"]
    assert {f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "servers"} == {
        *known
    }
    for item in paths.values():
        assert item["servers"] == [{"url": sandbox.url}]
    assert "requestBody" in paths["/_sandbox/scripts"]["post"]
