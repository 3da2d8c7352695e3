"""The Launchpad in a browser: opened and launched, untouched or with a choice."""

from collections.abc import Iterator

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support import dagster_pages
from cr_pipelines_tests.support.whole_dagster import Dagster, until, whole_dagster

pytestmark = pytest.mark.timeout(900)

RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"


@pytest.fixture(scope="module")
def running(
    browser: Browser, sandbox_server: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dagster]:
    """Dagster with two contacts, no activity and no privacy request. Asks for the browser first."""
    home = tmp_path_factory.mktemp("launchpad")
    warehouse = home / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Ada' AS full_name, "
            "'ada' || i || '@example.com' AS email FROM range(1, 3) AS numbers(i); "
            "CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at TIMESTAMP)"
        )
    with whole_dagster(home, sandbox_server, f"duckdb:///{warehouse}") as dagster:
        yield dagster


def launch(page: Page, dagster: Dagster, asset: str, **choices: str) -> str:
    """How the run ends that the Launchpad starts."""
    before = {run["runId"] for run in dagster.ask(RUNS)["runsOrError"]["results"]}
    dagster_pages.launch(page, dagster.url, asset, partitioned=asset == "activities", **choices)
    [run] = until(
        lambda: [run for run in dagster.ask(RUNS)["runsOrError"]["results"] if run["runId"] not in before],
        bool,
        seconds=180,
    )
    return dagster.ended(run["runId"])


@pytest.mark.parametrize("asset", ["pii_removals", "activities", "contacts"])
def test_it_launches_untouched(page: Page, running: Dagster, asset: str) -> None:
    assert launch(page, running, asset) == "SUCCESS"


@pytest.mark.parametrize(
    ("choices", "sent"),
    [
        ({"dry_run": "true", "resync": "all"}, []),
        ({"resync": "all", "limit": "1"}, ["c1"]),
        ({"resync": "all", "keys": '["c2"]'}, ["c2"]),
    ],
)
def test_what_is_chosen_there_counts(
    page: Page, running: Dagster, sandbox: SandboxServer, choices: dict[str, str], sent: list[str]
) -> None:
    assert launch(page, running, "contacts", **choices) == "SUCCESS"
    assert sorted(sandbox.control.users(source=sandbox.source_id)) == sent
