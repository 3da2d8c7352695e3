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

pytestmark = pytest.mark.process

DAY = 86_400


def has_ended(pid: int) -> bool:
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


def test_a_room_keeps_its_name_in_the_data_file(tmp_path: Path) -> None:
    declared, data = tmp_path / "room.yaml", tmp_path / "room.sqlite"
    declared.write_text("name: Acme")
    with SandboxServer(data=data, room=declared) as sandbox, client_of(sandbox) as api:
        before = api.get("/api-token-status").json()
    with SandboxServer(data=data) as sandbox, client_of(sandbox) as api:
        assert api.get("/api-token-status").json() == before
    assert before["communityName"] == "Acme"


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
    with SandboxServer(data=data), pytest.raises(RuntimeError, match="stop the sandbox that uses it"):
        SandboxServer(data=data).start()


def test_a_file_that_is_not_a_room_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "letter.txt"
    data.write_text("Dear Ada, " * 200)
    with pytest.raises(RuntimeError, match="cannot be used"):
        SandboxServer(data=data).start()
    assert data.read_text().startswith("Dear Ada")


def test_a_port_that_is_taken_is_refused_with_a_reason(sandbox: SandboxServer) -> None:
    with pytest.raises(RuntimeError, match="in use"):
        SandboxServer(port=int(sandbox.url.rpartition(":")[2])).start()


def test_a_rate_limit_that_is_not_allowed_is_refused_with_a_reason() -> None:
    with pytest.raises(RuntimeError, match="rate limit is a positive number"):
        SandboxServer(limit=0).start()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": "red"}, "unknown sandbox setting colour"),
        ({"keep": 0}, "keep 1 or more"),
        ({"token": " , "}, "at least one token"),
        ({"faults": {"error_rate": 2}}, "probabilities"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused_before_anything_starts(
    settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SandboxServer(**settings)


def test_the_sandbox_ends_with_its_block() -> None:
    with SandboxServer() as sandbox:
        pid = sandbox.pid
    assert has_ended(pid)


def test_the_sandbox_ends_when_its_parent_is_killed() -> None:
    code = (
        "import time; from cr_pipelines.sandbox import SandboxServer;"
        "sandbox = SandboxServer(); sandbox.start(); print(sandbox.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
        parent.wait()
        assert has_ended(pid)


def test_a_room_is_saved_when_the_parent_of_its_sandbox_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "room.sqlite"
    code = (
        "import sys, time; from cr_pipelines.sandbox import SandboxServer;"
        "sandbox = SandboxServer(data=sys.argv[1]); sandbox.start(); sandbox.control.add_segment('Kept');"
        "print(sandbox.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, data], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        assert has_ended(pid)
    with SandboxServer(data=data) as again:
        assert "Kept" in [segment["name"] for segment in again.control.segments()]


def test_a_sandbox_can_be_started_again_after_it_was_stopped() -> None:
    sandbox = SandboxServer()
    pids = set()
    for _ in range(2):
        with sandbox:
            pids.add(sandbox.pid)
            assert sandbox.control.summary()["contacts"] == 0
    assert len(pids) == 2
