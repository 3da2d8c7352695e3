"""What every test gets: its lane, and a sandbox.

A test's lane is that of its folder unless its module names another, as with `pytestmark = pytest.mark.process`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from cr_pipelines.sandbox import SandboxServer

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

_TESTS = Path(__file__).parent
_LANES = ("unit", "flow", "process", "system")
_LANE_OF_FOLDER = {"unit": "unit", "emulators": "system", "browser": "system"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its lane."""
    for item in items:
        if not any(item.get_closest_marker(lane) for lane in _LANES):
            folder = item.path.relative_to(_TESTS).parts[0]
            item.add_marker(_LANE_OF_FOLDER.get(folder, "flow"))


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: SandboxServer) -> SandboxServer:
    """A real sandbox over HTTP, with an empty room and neither faults nor a limit."""
    sandbox_server.control.reset()
    return sandbox_server
