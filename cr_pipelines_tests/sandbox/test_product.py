"""The sandbox as something others use: on its own, quick to start, with a room of one's own."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.room import client_of, custom_field_id

pytestmark = pytest.mark.process

HEAVY = ("dagster", "pandas", "duckdb", "pyarrow", "httpx", "aiohttp", "numpy")
ROOM = """
name: Acme
sources:
  - {id: 7, name: CRM}
custom_fields:
  - {name: Plan, type: enum, values: [Free, Team]}
  - {name: Renewal, type: date}
  - {name: Teams, type: string, multivalue: true}
activity_types:
  - {id: signed_up, name: Signed up}
segments:
  - Everybody
  - {name: Champions, statuses: [Contacted]}
tags:
  - customer
  - {name: vip, description: Very important, entity_types: [member]}
people:
  - id: u1
    source: 7
    email: ada@example.com
    fullName: Ada Lovelace
    tags: [customer, new]
    custom_fields: {Plan: Team, Renewal: 2026-12-31, Teams: [Core]}
    segments: [Champions]
"""


def test_the_command_serves_without_importing_what_only_the_syncs_need() -> None:
    code = (
        "import sys, threading, urllib.request\n"
        "from cr_pipelines.cli import main\n"
        "import cr_pipelines.cli.sandbox, cr_pipelines.sandbox.http.server as server\n"
        "from cr_pipelines.sandbox import Settings, serve\n"
        "class Served(Exception): pass\n"
        "def ready(url):\n"
        f"    print([name for name in {HEAVY!r} if name in sys.modules], flush=True)\n"
        "    raise SystemExit(0)\n"
        "serve(Settings(), ready)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_room_is_declared_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "room.yaml"
    file.write_text(ROOM)
    with SandboxServer(room=file) as sandbox, client_of(sandbox) as api:
        assert api.get("/api-token-status").json()["communityName"] == "Acme"
        assert [segment["name"] for segment in api.get("/segments").json()] == ["Everybody", "Champions"]
        assert [tag["name"] for tag in api.get("/tags").json()["labels"]] == ["customer", "vip", "new"]
        assert custom_field_id(api, "Plan")
        (contact,) = sandbox.control.contacts()
        assert contact["email"] == "ada@example.com"
        assert contact["custom_fields"] == {"Plan": "Team", "Renewal": "2026-12-31", "Teams": ["Core"]}
        assert [segment["name"] for segment in contact["segments"]] == ["Champions"]
        sandbox.control.reset()
        assert [again["email"] for again in sandbox.control.contacts()] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("people: [", "not YAML"),
        ("custom_fields: [{name: Plan, type: enum}]", "custom_fields.0: an enum has values"),
        ("colour: red", "colour"),
        ("people: [{id: u, emial: x}]", "people.0: emial"),
        (
            "people: [{id: u, custom_fields: {Plan: Team}}]",
            "people.0: no custom field or segment is declared as",
        ),
        ("people: [{id: u, source: 9}]", "people.0: there is no destination source 9"),
    ],
)
def test_a_room_file_that_is_wrong_is_refused_with_the_entry(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "room.yaml"
    file.write_text(text)
    with pytest.raises(RuntimeError, match="room file") as error:
        SandboxServer(room=file).start()
    assert message in str(error.value)


@pytest.mark.serial
def test_the_command_responds_after_less_than_a_second_of_work() -> None:
    """On a quiet machine that is the time to the first response; other processes do not count."""

    def seconds() -> float:
        command = [str(Path(sys.executable).with_name("cr-pipelines")), "sandbox", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert httpx.get(f"{url}/_sandbox/summary", timeout=30).status_code == 200
            times = psutil.Process(process.pid).cpu_times()
            process.terminate()
        return float(times.user + times.system)

    assert min(seconds() for _ in range(3)) < 1
