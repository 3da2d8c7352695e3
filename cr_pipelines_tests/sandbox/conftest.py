from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer


@pytest.fixture(scope="session")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.control.reset()
    return server


@pytest.fixture
def control(sandbox: SandboxServer) -> SandboxClient:
    return sandbox.control


@pytest.fixture
def api(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    with client_of(sandbox) as client:
        yield client


def client_of(sandbox: SandboxServer, token: str | None = None) -> httpx.Client:
    headers = {"authorization": f"Bearer {token or sandbox.token}"}
    return httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False, timeout=30)


def put_user(api: httpx.Client, **fields: object) -> httpx.Response:
    return api.post("/source/1/user", json=fields)


def custom_field_id(api: httpx.Client, name: str) -> int:
    fields: list[dict[str, Any]] = api.get("/members/customFields").json()
    return next(int(field["id"]) for field in fields if field["name"] == name)
