import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.room import client_of, custom_field_id, put_user

DAY = 86_400


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 15
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not psutil.pid_exists(pid)


def fill(api: httpx.Client) -> None:
    plan = {"id": custom_field_id(api, "Plan"), "value": {"type": "enum", "value": "Team"}}
    tag = {"type": "name", "name": "kept"}
    for name in ("ada", "bob", "eve"):
        put_user(api, id=name, email=f"{name}@example.com", fullName=name, tags=[tag], customFields=[plan])
    activity = {"id": "1", "activityType": "signed_up", "user": {"id": "ada"}, "tags": [tag]}
    api.post("/source/1/activity", json=activity)
    who = {"socialType": "email", "value": "ada@example.com"}
    (segment, *_) = api.get("/segments").json()
    api.post(f"/segments/{segment['id']}", json=who)
    api.post("/members/note", json=who | {"note": "hi"})
    api.post("/segments/note", json={"segmentId": segment["id"], "note": "ho"})
    put_user(api, id="bob2", email="bob@example.com")
    api.delete("/user/eve@example.com")


def everything(sandbox: SandboxServer) -> list[object]:
    control = sandbox.control
    return [control.contacts(), control.activities(), control.notes(), control.segments(), control.removals()]


def test_a_room_with_a_data_file_is_the_same_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "room.sqlite"
    with SandboxServer(data=data, settle_seconds=1000) as sandbox, client_of(sandbox) as api:
        sandbox.control.advance(DAY)
        fill(api)
        sandbox.control.settle()
        fill(api)
        sandbox.control.settle()
        before = everything(sandbox)
        put_user(api, id="late", email="late@example.com")
    with SandboxServer(data=data) as sandbox, client_of(sandbox) as api:
        after = everything(sandbox)
        late = after[0].pop()  # type: ignore[attr-defined]
        assert after == before
        assert late["email"] == "late@example.com"
        put_user(api, id="ada", city="London")
        assert sandbox.control.users()["ada"]["fullName"] == "ada"
        sandbox.control.advance(11 * DAY)
        assert api.get("/user/eve@example.com").status_code == 404
    with SandboxServer(data=data) as sandbox, client_of(sandbox) as api:
        assert api.get("/user/eve@example.com").status_code == 404
        assert sandbox.control.summary()["removals"] == {"queued": 0, "done": 1}
        new = put_user(api, id="new", email="new@example.com")
        assert new.status_code == 202
        assert len({contact["id"] for contact in sandbox.control.contacts()}) == 5


def test_a_kill_loses_the_last_seconds_at_most(tmp_path: Path) -> None:
    data = tmp_path / "room.sqlite"
    sandbox = SandboxServer(data=data)
    with sandbox, client_of(sandbox) as api:
        fill(api)
        before = everything(sandbox)
        time.sleep(1.6)
        put_user(api, id="later", email="later@example.com")
        os.kill(sandbox.pid, signal.SIGKILL)
    with SandboxServer(data=data) as again:
        assert everything(again)[1:] == before[1:]
        assert [contact for contact in again.control.contacts() if contact["email"] != "later@example.com"] == before[0]


def test_a_data_file_in_use_is_refused_with_a_reason(tmp_path: Path) -> None:
    data = tmp_path / "room.sqlite"
    with SandboxServer(data=data), pytest.raises(RuntimeError, match="another sandbox"):
        SandboxServer(data=data).start()


def test_a_file_that_is_no_room_is_refused_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "letter.txt"
    data.write_text("Dear Ada, " * 200)
    with pytest.raises(RuntimeError, match="cannot be used"):
        SandboxServer(data=data).start()
    assert data.read_text().startswith("Dear Ada")


def test_a_port_that_is_taken_is_refused_with_a_reason(sandbox: SandboxServer) -> None:
    with pytest.raises(RuntimeError, match="in use"):
        SandboxServer(port=int(sandbox.url.rpartition(":")[2])).start()


def test_a_setting_that_cannot_be_is_refused_with_a_reason() -> None:
    with pytest.raises(RuntimeError, match="rate limit is a positive number"):
        SandboxServer(limit=0).start()


def test_the_sandbox_ends_with_its_block() -> None:
    with SandboxServer() as sandbox:
        pid = sandbox.pid
    assert gone(pid)


@pytest.mark.parametrize("fork", [False, True])
def test_the_sandbox_ends_when_its_parent_is_killed(fork: bool) -> None:
    """With a fork, somebody else still holds the pipe that tells the sandbox of its parent."""
    code = (
        "import os, time; from cr_pipelines.sandbox import SandboxServer;"
        "s = SandboxServer(); s.start();"
        f"child = os.fork() if {fork} else 0;"
        "print(s.pid, child, flush=True) if child or not {fork} else None; time.sleep(60)"
    ).replace("{fork}", str(fork))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, child = map(int, parent.stdout.readline().split())
        parent.kill()
        parent.wait()
        try:
            assert gone(pid)
        finally:
            if child:
                os.kill(child, signal.SIGKILL)


def test_the_command_line_serves_until_it_is_stopped(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cr_pipelines.sandbox",
        "--port",
        "0",
        "--token",
        "secret",
        "--faults",
        '{"error_rate": 0}',
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        answer = httpx.get(f"{url}/community/v1/tags", headers={"authorization": "Bearer secret"})
        assert answer.status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(15) in (0, -signal.SIGINT)
