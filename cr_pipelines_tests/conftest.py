"""What every test gets: its lane, its turn beside the others, and a sandbox.

A test's lane is that of its folder unless its module names another, as with `pytestmark = pytest.mark.process`.
"""

import fcntl
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from cr_pipelines.sandbox import SandboxServer

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

_TESTS = Path(__file__).parent
_LANES = ("unit", "flow", "process", "system")
_LANE_OF_FOLDER = {"unit": "unit", "browser": "system"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its lane, and put the long ones first and those that run alone last."""
    for item in items:
        if not any(item.get_closest_marker(lane) for lane in _LANES):
            folder = item.path.relative_to(_TESTS).parts[0]
            item.add_marker(_LANE_OF_FOLDER.get(folder, "flow"))
        if item.get_closest_marker("serial"):
            item.add_marker(pytest.mark.xdist_group("serial"))
        elif item.get_closest_marker("system"):
            # One worker runs all of them: each starts several processes, and those of one module share them.
            item.add_marker(pytest.mark.xdist_group("system"))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, int]:
    return item.get_closest_marker("serial") is not None, -max(
        position for position, lane in enumerate(_LANES) if item.get_closest_marker(lane)
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a `serial` test while no other worker runs any."""
    run = getattr(item.config, "workerinput", {}).get("testrunuid")
    if run is None:
        return (yield)
    alone = item.get_closest_marker("serial") is not None
    with (Path(tempfile.gettempdir()) / f"cr_tests_{run}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        return (yield)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: SandboxServer) -> SandboxServer:
    """A real sandbox over HTTP, with an empty room and neither faults nor a limit."""
    sandbox_server.control.reset()
    return sandbox_server
