"""The sandbox against the vendor's description of the API."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines_tests.support.examples import ACTIVITY, FULL_USER
from cr_pipelines_tests.support.room import anyone, client_of, custom_field_id, put_user
from cr_pipelines_tests.support.vendor import operations, validator

PUT_USER = "POST /source/{destinationSourceId}/user"
PUT_ACTIVITY = "POST /source/{destinationSourceId}/activity"


def check(response: httpx.Response, operation: str) -> None:
    """Check that the vendor describes such a response for the operation: its status, its headers, its body."""
    described = operations()[operation]["responses"]
    assert str(response.status_code) in described
    expected = described[str(response.status_code)]
    for name, header in expected["headers"].items():
        assert name in response.headers
        if header["type"] == "integer":
            assert int(response.headers[name]) >= 0
    if expected["body"] is not None:
        validator(expected["body"]).validate(response.json())


def test_the_description_is_structure_only() -> None:
    """The vendor's prose and examples stay out of the project."""
    allowed = {"type", "format", "enum", "properties", "required", "items", "anyOf", "oneOf"}

    def keywords(schema: dict[str, Any]) -> set[str]:
        inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("oneOf", [])]
        inner += [schema["items"]] if "items" in schema else []
        return set(schema).union(*map(keywords, inner))

    for operation in operations().values():
        bodies = [operation["body"], *(response["body"] for response in operation["responses"].values())]
        for schema in filter(None, bodies):
            assert keywords(schema) <= allowed


WHO = {"socialType": "email", "value": "ada@example.com"}


def test_with_documented_shapes_every_operation_responds_as_the_vendor_describes() -> None:
    with SandboxServer(shapes="documented") as sandbox, client_of(sandbox) as api:
        call_every_operation(api, sandbox)


def call_every_operation(api: httpx.Client, sandbox: SandboxServer) -> None:
    seen: set[str] = set()

    def ask(method: str, path: str, status: int, body: object = None, **places: object) -> Any:
        operation = f"{method} {path.partition('?')[0]}"
        response = api.request(method, path.format(**places), json=body)
        assert response.status_code == status, response.text
        check(response, operation)
        seen.add(operation)
        return response.json()

    ask("GET", "/api-token-status", 200)
    source = "destinationSourceId"
    ask("POST", "/source/{destinationSourceId}/user", 202, FULL_USER | {"email": "ada@example.com"}, **{source: 1})
    ask("POST", "/source/{destinationSourceId}/user", 400, {}, **{source: 1})
    ask("POST", "/source/{destinationSourceId}/user", 404, {"id": "x"}, **{source: 2})
    ask("POST", "/source/{destinationSourceId}/activity", 202, ACTIVITY, **{source: 1})
    ask("POST", "/source/{destinationSourceId}/activity", 400, {}, **{source: 1})
    ask("POST", "/source/{destinationSourceId}/activity", 404, ACTIVITY, **{source: 2})
    ask("POST", "/members/", 200, {"source": "x", "socials": [{"type": "email", "value": "ada@example.com"}]})
    ask("POST", "/members/", 400, {})
    ask("POST", "/members/note", 200, WHO | {"note": "x"})
    ask("POST", "/members/note", 404, WHO | {"value": "x@example.com", "note": "x"})
    ask("POST", "/members/note", 400, WHO)
    plan = custom_field_id(api, "Plan")
    ask("GET", "/members/customFields", 200)
    ask("GET", "/members/customFields?destinationSourceId=1", 200)
    value = {"customFieldValue": {"type": "enum", "value": "Team"}}
    ask("POST", "/members/customFields", 200, WHO | value | {"customFieldId": plan})
    ask("POST", "/members/customFields", 404, WHO | value | {"customFieldId": 1})
    ask("POST", "/members/customFields", 400, WHO)
    ask("POST", "/members/tags", 200, WHO | {"tags": "one, two"})
    ask("POST", "/members/tags", 404, WHO | {"value": "x@example.com", "tags": "one"})
    ask("POST", "/members/tags", 400, WHO)
    segment = ask("GET", "/segments", 200)[0]["id"]
    status = ask("GET", "/segments/{id}/status", 200, id=segment)[0]["id"]
    ask("POST", "/segments/{id}", 200, WHO | {"statusId": status}, id=segment)
    ask("POST", "/segments/{id}", 404, WHO | {"value": "x@example.com"}, id=segment)
    ask("POST", "/segments/{id}", 400, {}, id=segment)
    ask("POST", "/segments/note", 200, {"segmentId": segment, "note": "x"})
    ask("POST", "/segments/note", 400, {})
    ask("GET", "/user/{email}", 200, email="ada@example.com")
    ask("GET", "/user/{email}", 404, email="x@example.com")
    ask("GET", "/members?email=ada@example.com", 200)
    ask("GET", "/members?email=x@example.com", 404)
    ask("GET", "/members", 400)
    legacy = WHO | {"source": "x", "activityType": "link", "activityBody": "x"}
    ask("POST", "/activities", 200, legacy)
    ask("POST", "/activities", 400, {})
    ask("GET", "/activityTypes", 200)
    ask("GET", "/tags", 200)
    tag = ask("POST", "/tags", 200, {"name": "new", "entityTypes": ["member", "activity", "company"]})["id"]
    ask("POST", "/tags", 400, {})
    ask("GET", "/tags/{id}", 200, id=tag)
    ask("GET", "/tags/{id}", 404, id=1)
    ask("POST", "/tags/{id}", 200, {"name": "newer", "description": None}, id=tag)
    ask("POST", "/tags/{id}", 400, {}, id=tag)
    ask("POST", "/tags/{id}", 404, {"name": "x"}, id=1)
    ask("DELETE", "/tags/{id}", 200, id=tag)
    ask("DELETE", "/tags/{id}", 404, id=1)
    ask("DELETE", "/user/{email}", 200, email="ada@example.com")
    ask("DELETE", "/user/{email}", 404, email="x@example.com")
    with client_of(sandbox, "wrong") as stranger:
        check(stranger.get("/api-token-status"), "GET /api-token-status")
    assert seen == set(operations())


def test_a_429_is_as_the_vendor_describes(api: httpx.Client, control: SandboxClient) -> None:
    control.set_limit(1, 60)
    api.get("/tags")
    response = put_user(api, id="u1")
    assert response.status_code == 429
    check(response, PUT_USER)


emails = st.builds(
    "{}@{}.example".format, st.from_regex(r"[a-z0-9._+-]*[a-z0-9]", fullmatch=True), st.sampled_from("xyz")
).filter(lambda address: ".." not in address and not address.startswith(".") and len(address) < 200)


def bodies(schema: Any) -> st.SearchStrategy[Any]:
    """Anything that the vendor's schema allows, of known fields only."""
    if "oneOf" in schema or "anyOf" in schema:
        return st.one_of([bodies(choice) for choice in schema.get("oneOf") or schema["anyOf"]])
    kind = schema["type"]
    made: st.SearchStrategy[Any]
    if kind == "null":
        made = st.none()
    elif kind == "object":
        required = set(schema.get("required", ()))
        fields = {
            name: bodies(field) for name, field in schema["properties"].items() if name not in ("tags", "customFields")
        }
        made = st.fixed_dictionaries(
            {name: field for name, field in fields.items() if name in required},
            optional={name: field for name, field in fields.items() if name not in required},
        )
    elif kind == "array":
        made = st.lists(bodies(schema["items"]), max_size=3)
    elif kind == "number":
        made = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    elif "enum" in schema:
        made = st.sampled_from(schema["enum"])
    elif schema.get("format") == "email":
        made = emails
    elif schema.get("format") == "date-time":
        made = st.datetimes().map(lambda moment: moment.isoformat() + "Z").filter(lambda text: text[:4] >= "1900")
    else:
        made = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
    return made


@pytest.fixture(scope="module")
def hammered(sandbox_server: SandboxServer) -> Iterator[httpx.Client]:
    sandbox_server.control.reset()
    with client_of(sandbox_server) as client:
        yield client


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_user_that_the_vendor_describes_is_accepted(hammered: httpx.Client, data: st.DataObject) -> None:
    body = data.draw(bodies(operations()[PUT_USER]["body"]))
    assert hammered.post("/source/1/user", json=body).status_code == 202, body
    assert hammered.get("/api-token-status").status_code == 200


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_activity_that_the_vendor_describes_is_accepted(hammered: httpx.Client, data: st.DataObject) -> None:
    body = data.draw(bodies(operations()[PUT_ACTIVITY]["body"]))
    body["activityType"] = "link"
    if body.get("parentActivity"):
        body["parentActivity"]["activityType"] = "link"
    assert hammered.post("/source/1/activity", json=body).status_code == 202, body


def test_the_sandbox_describes_the_operations_that_the_vendor_does(sandbox: SandboxServer) -> None:
    described = anyone.get(f"{sandbox.url}/openapi.json").json()
    own = {f"{method.upper()} {path}" for path, item in described["paths"].items() for method in item}
    own = {name for name in own if " /_sandbox/" not in name}
    assert own == set(operations())


def test_the_sandbox_describes_the_parameters_that_the_vendor_does(sandbox: SandboxServer) -> None:
    described = anyone.get(f"{sandbox.url}/openapi.json").json()
    for name, operation in operations().items():
        method, path = name.split(" ")
        own = {(each["in"], each["name"]) for each in described["paths"][path][method.lower()]["parameters"]}
        assert own >= {(each["in"], each["name"]) for each in operation["parameters"]}
