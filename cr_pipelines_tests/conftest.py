from collections.abc import Iterator

import pytest
from hypothesis import settings

from cr_pipelines.sandbox import SandboxServer

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: SandboxServer) -> SandboxServer:
    """A real sandbox over HTTP, with an empty room and neither faults nor a limit."""
    sandbox_server.control.reset()
    return sandbox_server
