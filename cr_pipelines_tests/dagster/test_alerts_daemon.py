"""Alerts of a project in YAML, under the real daemon and to a real webhook."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.projects import write_project
from cr_pipelines_tests.support.receivers import Received, webhook
from cr_pipelines_tests.support.whole_dagster import Dagster, until, whole_dagster

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

FILES = {
    "acme/defs/contacts/defs.yaml": """
        type: cr_pipelines.components.CommonRoomSync
        attributes: {kind: contact, source: common_room_contacts, asset_key: common_room/contacts}
    """,
    "acme/defs/alerts/defs.yaml": """
        type: cr_pipelines.components.CommonRoomAlerts
        attributes:
          webhook_url: "{{ env.COMMON_ROOM_ALERTS_WEBHOOK }}"
          dagster_url: https://dagster.example
          interval_seconds: 1
    """,
}


@pytest.fixture
def received() -> Iterator[Received]:
    with webhook() as received:
        yield received


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE common_room_contacts AS SELECT 'c1' AS id, 'Ada' AS full_name")
    return path


@pytest.fixture
def dagster(
    warehouse: Path, received: Received, sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Dagster]:
    project, home = tmp_path / "acme", tmp_path / "home"
    write_project(project, FILES)
    home.mkdir()
    monkeypatch.setenv("COMMON_ROOM_ALERTS_WEBHOOK", received.url)
    with whole_dagster(home, sandbox, f"duckdb:///{warehouse}", module="acme.definitions", folder=project) as dagster:
        yield dagster


def test_what_goes_wrong_is_posted_once_and_again_when_it_is_over(
    dagster: Dagster, received: Received, sandbox: SandboxServer, warehouse: Path
) -> None:
    def alerts(number: int) -> list[str]:
        until(lambda: len(received.posts), lambda seen: seen >= number, seconds=120)
        return [post["kind"] for post in received.posts]

    sandbox.control.set_scripts({"operation": "*", "preset": "revoked_token"})
    failed = dagster.launch()
    assert dagster.ended(failed) == "FAILURE"
    assert alerts(1) == ["run_failed"]
    [post] = received.posts
    assert "contacts: 0 of 1 sent; the next run sends the other 1." in post["text"]
    assert "Common Room rejected the token" in post["text"]
    assert post["link"] == f"https://dagster.example/runs/{failed}"

    sandbox.control.reset()
    assert dagster.ended(dagster.launch()) == "SUCCESS"
    assert alerts(2) == ["run_failed", "recovered"]

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("DELETE FROM common_room_contacts")
    assert dagster.ended(dagster.launch()) == "SUCCESS"
    assert alerts(3) == ["run_failed", "recovered", "check_failed"]
    assert received.posts[-1]["check"] == "source_not_emptied"
