"""The examples of docs/sandbox.md do what the page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def examples(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found


def run(command: list[str], sandbox: SandboxServer, text: str) -> str:
    here = text.replace("http://127.0.0.1:8642", sandbox.url)
    done = subprocess.run(command, input=here, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed, unless CR_TEST_PROGRAMS=required, as in CI."""
    missing = shutil.which(program) is None and os.environ.get("CR_TEST_PROGRAMS") != "required"
    return pytest.mark.skipif(missing, reason=f"{program} is not installed")


@needs("curl")
def test_the_curl_examples(sandbox: SandboxServer) -> None:
    for example in examples("sh"):
        if example.startswith("curl"):
            run(["sh"], sandbox, example)
    assert sandbox.control.users()["u1"]["email"] == "ada@example.com"
    assert sandbox.control.scripts()[0]["preset"] == "login_page"


def test_the_python_examples(sandbox: SandboxServer) -> None:
    for example in examples("python"):
        run([sys.executable, "-"], sandbox, example)


@needs("node")
def test_the_javascript_examples(sandbox: SandboxServer) -> None:
    for example in examples("js"):
        assert run(["node", "--input-type=module", "-"], sandbox, example).strip() == "202"
    assert sandbox.control.users()["u1"]["email"] == "ada@example.com"


def test_the_room_file(tmp_path: Path) -> None:
    (example,) = examples("yaml")
    file = tmp_path / "room.yaml"
    file.write_text(example)
    with SandboxServer(room=file) as sandbox:
        (contact,) = sandbox.control.contacts()
    assert (contact["tags"], contact["custom_fields"]) == (["customer"], {"Plan": "Team"})
