"""Every operation of the client through a proxy that holds both sides to the vendor's schemas.

Goes in: the client's calls against a sandbox. Comes out: each request and response that the vendor's description does
not allow, as "operation, where in it". With documented shapes there is none; with observed shapes only what the real
API was seen to send.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest

from cr_pipelines.api import (
    Activity,
    BadToken,
    CommonRoomClient,
    Contact,
    ContactActivity,
    ContactCustomFieldValue,
    ContactNote,
    ContactTags,
    CustomFieldValue,
    EmailAddress,
    Handle,
    InvalidRequest,
    NewTag,
    NotFound,
    SegmentMembers,
    SegmentNote,
    TagByName,
    TagUpdate,
    TypedValue,
    UnknownSource,
    User,
)
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.scripted_server import Asked, Reply, scripted_in_thread
from cr_pipelines_tests.support.vendor import body_validator, operations, validator

EMAIL = "ada@example.com"
WHO: dict[str, Any] = {"social_type": "email", "value": EMAIL}


class Proxy:
    """Passes requests on to a sandbox, and keeps what the vendor does not describe."""

    def __init__(self, sandbox: SandboxServer, client: httpx.Client):
        self._address = sandbox.url
        self._prefix = sandbox.base_url.removeprefix(sandbox.url)
        self._client = client
        self.violations: set[str] = set()
        self.operations: set[str] = set()

    def __call__(self, asked: Asked) -> Reply:
        kept = {name: asked.headers[name] for name in ("authorization", "content-type") if name in asked.headers}
        response = self._client.request(asked.method, self._address + asked.target, content=asked.body, headers=kept)
        path, _, query = asked.target.removeprefix(self._prefix).partition("?")
        operation = next(name for name in operations() if matches(name, asked.method, path))
        self.operations.add(operation)
        self._check_request(operation, query, asked)
        self._check_response(operation, response)
        headers = {name.title(): value for name, value in response.headers.items() if name.startswith("x-ratelimit")}
        return Reply(response.status_code, response.text, headers)

    def _check_request(self, operation: str, query: str, asked: Asked) -> None:
        described = operations()[operation]
        known = {each["name"] for each in described["parameters"] if each["in"] == "query"}
        for name in parse_qs(query).keys() - known:
            self.violations.add(f"{operation} request query {name}")
        validate = body_validator(operation)
        if validate is None:
            if asked.body:
                self.violations.add(f"{operation} request body")
            return
        for error in validate.iter_errors(asked.json):
            self.violations.add(f"{operation} request {place(error.absolute_path)}")

    def _check_response(self, operation: str, response: httpx.Response) -> None:
        described = operations()[operation]["responses"].get(str(response.status_code))
        if described is None:
            self.violations.add(f"{operation} {response.status_code}")
            return
        for name in described["headers"]:
            if name not in response.headers:
                self.violations.add(f"{operation} {response.status_code} header {name}")
        if described["body"] is not None:
            for error in validator(described["body"]).iter_errors(response.json()):
                self.violations.add(f"{operation} {response.status_code} {place(error.absolute_path)}")


def matches(operation: str, method: str, path: str) -> bool:
    """Whether a request is of this operation; a path without parameters comes before one with them."""
    own_method, _, own_path = operation.partition(" ")
    if own_method != method:
        return False
    exact = any(each == f"{method} {path}" for each in operations())
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(own_path))
    return operation == f"{method} {path}" if exact else re.fullmatch(pattern, unquote(path)) is not None


def place(path: Any) -> str:
    return ".".join("[]" if isinstance(part, int) else str(part) for part in path) or "body"


@contextmanager
def proxied(**settings: Any) -> Iterator[tuple[Proxy, SandboxServer, str]]:
    with SandboxServer(settle_seconds=0, **settings) as sandbox, httpx.Client(trust_env=False) as client:
        proxy = Proxy(sandbox, client)
        with scripted_in_thread(proxy) as server:
            yield proxy, sandbox, server.base_url


async def call_every_operation(sandbox: SandboxServer, base_url: str) -> None:
    source = sandbox.source_id
    async with CommonRoomClient(sandbox.token, base_url) as room:
        await room.token_status()
        fields = {field.name: field.id for field in await room.list_custom_fields(source)}
        plan = CustomFieldValue(id=fields["Plan"], value=TypedValue(type="enum", value="Team"))
        github, linkedin = Handle(value="ada"), Handle(value="in/ada")
        user = User(id="u1", full_name="Ada", email=EMAIL, github=github, linkedin=linkedin, custom_fields=[plan])
        await room.add_or_edit_user(source, user.model_copy(update={"tags": [TagByName(name="VIP")]}))
        types = await room.list_activity_types()
        now = datetime(2026, 1, 2, tzinfo=UTC)
        activity = Activity(id="a1", activity_type=types[0].id, user=User(id="u1"), timestamp=now)
        await room.add_or_edit_activity(source, activity)
        await room.create_or_update_contact(Contact(source="crm", socials=[EmailAddress(value=EMAIL)]))
        await room.add_contact_note(ContactNote(**WHO, note="Hi"))
        change = TypedValue(type="enum", value="Free")
        await room.set_custom_field(
            ContactCustomFieldValue(**WHO, custom_field_id=fields["Plan"], custom_field_value=change)
        )
        await room.add_contact_tags(ContactTags(**WHO, tags=["VIP", "Beta"]))
        await room.add_activity_to_contacts(
            ContactActivity(source="crm", **WHO, activity_type=types[0].id, activity_body="Hi", occurred_at=now)
        )
        (segment, *_) = await room.list_segments()
        (status, *_) = await room.list_segment_statuses(segment.id)
        members = SegmentMembers(social_type="email", values=[EMAIL], status_id=status.id)
        await room.add_contacts_to_segment(segment.id, members)
        await room.add_segment_note(SegmentNote(segment_id=segment.id, note="Hi"))
        tag = await room.create_tag(NewTag(name="Gamma", entity_types=["member"]))
        await room.list_tags()
        await room.get_tag(tag.id)
        await room.update_tag(tag.id, TagUpdate(name="Delta"))
        await room.delete_tag(tag.id)
        await room.contact_by_email(EMAIL)
        await room.find_contacts(email=EMAIL)
        await room.remove_pii(EMAIL)
        with pytest.raises(NotFound):
            await room.remove_pii("nobody@example.com")
        with pytest.raises(UnknownSource):
            await room.add_or_edit_user(source + 1, user)
        with pytest.raises(InvalidRequest):
            await room.add_or_edit_activity(source, activity.model_copy(update={"activity_type": "unknown"}))
    async with CommonRoomClient("wrong", base_url) as stranger:
        with pytest.raises(BadToken):
            await stranger.token_status()


SEEN = {
    "GET /members 200 [].github",
    "GET /members 200 [].linkedin",
    "GET /members 200 [].twitter",
    "GET /members 200 [].discord",
    "GET /members 200 [].youtube",
    "GET /members 200 [].url",
    "GET /user/{email} 200 body",
}
"""What the real API was seen to send and its description does not allow."""


@pytest.mark.parametrize(("shapes", "violations"), [("documented", set()), ("observed", SEEN)])
def test_the_proxy_sees_no_violation_but_those_of_the_real_api(shapes: str, violations: set[str]) -> None:
    with proxied(shapes=shapes) as (proxy, sandbox, base_url):
        asyncio.run(call_every_operation(sandbox, base_url))
    assert proxy.operations == set(operations())
    assert proxy.violations == violations


def test_the_proxy_sees_a_violation_of_either_side() -> None:
    with proxied(shapes="documented") as (proxy, sandbox, base_url), httpx.Client(base_url=base_url) as raw:
        raw.headers["authorization"] = f"Bearer {sandbox.token}"
        sandbox.control.set_scripts({"operation": "getSegments", "body": [{"id": "five"}]})
        raw.get("/segments?odd=1")
        raw.post("/source/1/user", json={"id": 7})
        sandbox.control.set_scripts({"operation": "listTags", "status": 418})
        raw.get("/tags")
    assert proxy.violations == {
        "GET /segments request query odd",
        "GET /segments 200 [].id",
        "GET /segments 200 header X-RateLimit-Limit",
        "GET /segments 200 header X-RateLimit-Remaining",
        "POST /source/{destinationSourceId}/user request id",
        "GET /tags 418",
    }
