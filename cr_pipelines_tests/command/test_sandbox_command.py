import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cr_pipelines.cli import main
from cr_pipelines_tests.support.terminal import COMMAND, clean_environment, command

pytestmark = pytest.mark.process


def test_it_serves_a_room_with_the_settings_it_prints_until_ctrl_c(tmp_path: Path) -> None:
    options = ["--port", "0", "--token", "mine", "--limit", "3", "--latency-ms", "1", "--data", "room.sqlite"]
    process = subprocess.Popen(
        [COMMAND, "sandbox", *options],
        cwd=tmp_path,
        env=clean_environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        exported: dict[str, str] = {}
        while len(exported) < 3:
            name, found, value = process.stdout.readline().strip().removeprefix("export ").partition("=")
            if found:
                exported[name] = value
        asked = httpx.get(
            f"{exported['COMMON_ROOM_BASE_URL']}/api-token-status",
            headers={"Authorization": f"Bearer {exported['COMMON_ROOM_API_TOKEN']}"},
        )
        assert asked.status_code == 200
        assert asked.headers["X-RateLimit-Limit"] == "3"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (tmp_path / "room.sqlite").exists()


def test_its_usual_port_is_shown() -> None:
    assert "[default: 8642;" in CliRunner().invoke(main, ["sandbox", "--help"]).output


def test_a_port_in_use_is_explained(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = command("sandbox", "--port", str(port), cwd=tmp_path)
    assert result.returncode == 1
    assert f"cannot listen on port {port} of 127.0.0.1" in result.stderr
    assert "--port 0" in result.stderr
    assert "Traceback" not in result.stderr
