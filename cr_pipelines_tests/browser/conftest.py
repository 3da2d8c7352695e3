from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from cr_pipelines_tests.support.chromium import HOW_TO_INSTALL, chromium, find_chromium
from cr_pipelines_tests.support.running_demo import RunningDemo

expect.set_options(timeout=15_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if find_chromium() is None:
        pytest.skip(HOW_TO_INSTALL)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo with its 500 contacts synced. Asks for the browser first: without one, nothing is started."""
    with RunningDemo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A large screen, on which no script may fail."""
    with opened(browser) as page:
        yield page


@pytest.fixture
def other_page(browser: Browser) -> Iterator[Page]:
    """A second one beside it."""
    with opened(browser) as page:
        yield page


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1640, "height": 1800}, locale="en-US", timezone_id="UTC")
    with context, context.new_page() as page:
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
    assert not faults
