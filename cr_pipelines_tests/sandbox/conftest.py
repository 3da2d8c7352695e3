from collections.abc import Iterator

import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines_tests.support.room import client_of


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
