"""`cr-pipelines state adopt`, and what `doctor` and `plan` say of a state schema of another room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal

CONTACTS = Sync("contacts", "contact", "common_room_contacts")


@pytest.fixture
def moved(terminal: Terminal, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal whose contacts were sent, and whose environment names another room since."""
    send(terminal, terminal.sandbox)
    declared = tmp_path / "room.yaml"
    declared.write_text("name: Acme US\n")
    with SandboxServer(room=declared) as other:
        terminal.env["COMMON_ROOM_BASE_URL"] = other.base_url
        yield terminal


def send(terminal: Terminal, sandbox: SandboxServer) -> None:
    run_sync(
        CONTACTS,
        open_warehouse(f"duckdb:///{terminal.path}"),
        Destination(lambda: CommonRoomClient(sandbox.token, sandbox.base_url), 1),
    )


def test_doctor_shows_the_room_of_the_state_schema(terminal: Terminal) -> None:
    assert "common_room belongs to no room yet" in terminal.types("doctor").output
    send(terminal, terminal.sandbox)
    result = terminal.types("doctor")
    assert result.exit_code == 0
    assert "the state schema common_room belongs to room Sandbox (id sandbox), destination source 1" in result.output


def test_doctor_and_plan_say_that_the_room_is_another(moved: Terminal) -> None:
    doctor, plan = moved.types("doctor"), moved.types("plan", "contacts")
    assert doctor.exit_code == 1
    for output in (doctor.output, plan.output):
        assert "belongs to room Sandbox (id sandbox)" in output
        assert "this run is for room Acme US" in output
    assert plan.exit_code == 0


def test_adopting_a_room_says_what_is_sent_again(moved: Terminal) -> None:
    dry = moved.types("state", "adopt", "--dry-run")
    assert "would belong to room Acme US" in dry.output
    assert moved.types("doctor").exit_code == 1
    result = moved.types("state", "adopt")
    assert result.exit_code == 0
    assert "Before, it belonged to room Sandbox" in result.output
    assert "contacts: 10 rows" in result.output
    assert "10 rows: a run would send 10; 0 unchanged" in moved.types("doctor").output
    assert "so nothing is sent again." in moved.types("state", "adopt").output
