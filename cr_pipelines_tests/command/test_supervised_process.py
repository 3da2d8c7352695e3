import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cr_pipelines.supervised_process import SupervisedProcess

pytestmark = pytest.mark.process

PARENT = """
import os, sys, time
from pathlib import Path
from cr_pipelines.supervised_process import SupervisedProcess
child = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
child += "print('up', flush=True); time.sleep(60)"
with SupervisedProcess([sys.executable, "-c", child], os.environ, Path("log")) as process:
    while Path("log").read_text() != "up\\n":
        time.sleep(0.05)
    fork = os.fork() if sys.argv[1] == "forks" else -1
    if fork:
        print(process.group, fork, flush=True)
    time.sleep(60)
"""


def living(group: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@pytest.mark.parametrize("parent_does", ["nothing", "forks"])
def test_a_killed_parent_takes_children_and_grandchildren_along(tmp_path: Path, parent_does: str) -> None:
    command = [sys.executable, "-c", PARENT, parent_does]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        group, fork = map(int, parent.stdout.readline().split())
        try:
            assert len(living(group)) == 3
            parent.kill()
            parent.wait()
            give_up = time.monotonic() + 20
            while living(group):
                assert time.monotonic() < give_up
                time.sleep(0.1)
        finally:
            if fork > 0:
                os.kill(fork, signal.SIGKILL)


def test_a_command_that_ends_gives_its_code_and_its_output(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with SupervisedProcess([sys.executable, "-c", "print('said'); raise SystemExit(7)"], os.environ, log) as process:
        assert process.wait() == 7
    assert log.read_text() == "said\n"


def test_a_command_without_a_log_is_talked_to_over_pipes() -> None:
    with SupervisedProcess([sys.executable, "-c", "print(input().upper())"], {"WORD": "x"}) as process:
        process.stdin.write("said\n")
        process.stdin.flush()
        assert process.stdout.readline() == "SAID\n"
        assert process.wait() == 0


def test_a_command_ends_with_the_block_in_its_own_way(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit('saved')); print('up', flush=True)"
    )
    with SupervisedProcess([sys.executable, "-c", f"{code}; time.sleep(60)"], os.environ, log) as process:
        while log.read_text() != "up\n":
            assert process.exit_code() is None
            time.sleep(0.05)
        group = process.group
    assert log.read_text() == "up\nsaved\n"
    assert living(group) == []
