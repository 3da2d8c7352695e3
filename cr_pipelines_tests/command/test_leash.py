import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cr_pipelines.demo.supervised_process import Leashed

pytestmark = pytest.mark.process

PARENT = """
import os, sys, time
from pathlib import Path
from cr_pipelines.demo.supervised_process import Leashed
child = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
child += "print('up', flush=True); time.sleep(60)"
with Leashed([sys.executable, "-c", child], os.environ, Path("log")) as leashed:
    while Path("log").read_text() != "up\\n":
        time.sleep(0.05)
    print(leashed.pid, flush=True)
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


def test_a_killed_parent_takes_children_and_grandchildren_along(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        group = int(parent.stdout.readline())
        assert len(living(group)) == 3
        parent.kill()
    give_up = time.monotonic() + 20
    while living(group):
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_a_command_that_ends_gives_its_code_and_its_output(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Leashed([sys.executable, "-c", "print('said'); raise SystemExit(7)"], os.environ, log) as leashed:
        assert leashed.wait() == 7
    assert log.read_text() == "said\n"
