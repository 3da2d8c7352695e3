import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import psutil
import pytest

from cr_pipelines.demo import SAMPLE_SOURCES
from cr_pipelines.demo.sample import activities
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.terminal import COMMAND, clean_environment, command

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

# What a user has set for the real room. The demo must not use any of it.
REAL = clean_environment(
    COMMON_ROOM_API_TOKEN="real-token",
    COMMON_ROOM_BASE_URL="http://127.0.0.1:9/community/v1",
    COMMON_ROOM_DESTINATION_SOURCE_ID="4711",
    CR_WAREHOUSE_URL="duckdb:////nowhere/real.duckdb",
    CR_STATE_SCHEMA="real",
    DAGSTER_HOME="/nowhere",
    HTTP_PROXY="http://127.0.0.1:9",
    PYTHONUNBUFFERED="1",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def once(folder: Path) -> subprocess.CompletedProcess[str]:
    return command("demo", "--once", cwd=folder, env=REAL)


def biographies(folder: Path) -> list[str]:
    """The bios in the stored room, read through a sandbox of our own."""
    with SandboxServer(data=folder / ".demo" / "room.sqlite") as sandbox:
        users = sandbox.control.users()
        assert len(users) >= 500
        return [user.get("bio", "") for user in users.values()]


def descendants(pid: int) -> Iterator[psutil.Process]:
    process = psutil.Process(pid)
    yield process
    yield from process.children(recursive=True)


def test_the_syncs_are_in_dagster_and_no_process_survives_a_kill(folder: Path) -> None:
    with (
        (folder / "said").open("w") as said,
        subprocess.Popen([COMMAND, "demo"], cwd=folder, env=REAL, stdout=said, stderr=said) as demo,
    ):
        try:
            while "Press Ctrl-C to stop everything." not in (folder / "said").read_text():
                assert demo.poll() is None, (folder / "said").read_text()
                time.sleep(0.1)
            text = (folder / "said").read_text()
            assert "The sandbox has 500 of 500 contacts." in text
            # Look-ups are those of each run: which room it is, and what the room defines.
            assert re.search(r"It received 743 writes and \d+ look-ups\.", text)
            for source in SAMPLE_SOURCES:
                assert re.search(rf"The sandbox has (\d+) of \1 {source.sync}\.", text)
            dagster, sandbox = re.findall(r"(?:Dagster|The sandbox) +(http://127\.0\.0\.1:\d+)\n", text)
            assert "<html" in httpx.get(sandbox, follow_redirects=True).text
            query = "{ assetNodes { assetKey { path } assetMaterializations { runId } } }"
            nodes = httpx.post(f"{dagster}/graphql", json={"query": query}).json()["data"]["assetNodes"]
            shown = {"/".join(node["assetKey"]["path"]): len(node["assetMaterializations"]) for node in nodes}
            assert {key: count for key, count in shown.items() if count} == {
                f"common_room/{source.sync}": activities.DAYS + 1 if source.days else 1 for source in SAMPLE_SOURCES
            }
            refused = once(folder)
            assert refused.returncode == 1
            assert "a demo is running in" in refused.stderr
            processes = list(descendants(demo.pid))
            assert len(processes) > 5
        finally:
            os.kill(demo.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert not alive


def test_a_second_run_sends_exactly_the_three_rows_that_changed(folder: Path) -> None:
    with duckdb.connect(str(folder / ".demo" / "warehouse.duckdb")) as connection:
        connection.execute(
            "UPDATE common_room_contacts SET bio = 'changed' WHERE id IN ('usr_1003', 'usr_1100', 'usr_1499')"
        )
    result = once(folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "It received 3 writes and " in result.stdout
    assert "The sandbox has 500 of 500 contacts." in result.stdout
    assert re.search(r"^\w+: .+ \([0-9a-z ]+ so far\)$", result.stderr, re.MULTILINE), "no progress of a sync"
    assert "Warning" not in result.stderr
    assert biographies(folder).count("changed") == 3


def test_a_run_without_changes_sends_nothing_and_fails_if_a_row_is_invalid(folder: Path) -> None:
    with duckdb.connect(str(folder / ".demo" / "warehouse.duckdb")) as connection:
        connection.execute("INSERT INTO common_room_contacts (id, email) VALUES ('usr_9999', 'not an address')")
    result = once(folder)
    assert result.returncode == 1
    assert "It received 0 writes and " in result.stdout
    assert "The sandbox has 500 of 501 contacts." in result.stdout
    assert "usr_9999  email is not an e-mail address" in result.stdout


def test_a_port_in_use_is_named_with_its_option(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = command("demo", "--once", "--sandbox-port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert result.returncode == 1
    assert "is in use; choose another with --sandbox-port" in result.stderr
