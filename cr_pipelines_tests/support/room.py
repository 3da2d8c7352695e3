"""The room without a sync: requests to the sandbox as anybody could send them."""

from collections.abc import Iterable
from typing import Any

import httpx

from cr_pipelines.sandbox import SandboxServer


def _client(base_url: str, token: str, **options: Any) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}"}
    # To read the certificates, which only TLS needs, takes longer than most tests.
    verify = not base_url.startswith("http:")
    return httpx.Client(base_url=base_url, headers=headers, trust_env=False, verify=verify, **options)


anyone = httpx.Client(trust_env=False, verify=False)  # noqa: S501 - there is no TLS
"""Someone without a token. One for all tests, as making a client takes longer than most requests."""


def introduce(sandbox: SandboxServer, people: Iterable[tuple[str, str, str]]) -> None:
    """Put people (id, full name, address) into the room, and forget the requests that it took."""
    with _client(sandbox.base_url, sandbox.token) as room:
        for id_, name, email in people:
            body = {"id": id_, "fullName": name, "email": email}
            room.post(f"/source/{sandbox.source_id}/user", json=body).raise_for_status()
    sandbox.control.settle()
    sandbox.control.clear_requests()


def client_of(sandbox: SandboxServer, token: str | None = None) -> httpx.Client:
    return _client(sandbox.base_url, token or sandbox.token, timeout=30)


def put_user(api: httpx.Client, **fields: object) -> httpx.Response:
    return api.post("/source/1/user", json=fields)


def custom_field_id(api: httpx.Client, name: str) -> int:
    fields: list[dict[str, Any]] = api.get("/members/customFields").json()
    return next(int(field["id"]) for field in fields if field["name"] == name)
