"""Emulators of warehouses, each a process in an environment of its own that `make test-warehouses` makes."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ENVIRONMENTS = Path(__file__).parents[2] / ".venv-emulators"
HERE = Path(__file__).parent


def python_of(emulator: str) -> str:
    """The Python of an emulator's environment; skips the test where there is none."""
    python = ENVIRONMENTS / emulator / "bin" / "python"
    if not python.exists():
        pytest.skip(f"there is no emulator of {emulator} here: make test-warehouses")
    return str(python)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def serving(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """A server that listens while the block lasts, with a home folder of its own."""
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=os.environ | {"HOME": str(folder)})
    try:
        give_up = time.monotonic() + 90
        while not _listens(port):
            if server.poll() is not None or time.monotonic() > give_up:
                pytest.fail(f"the emulator did not start: {log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def snowflake_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    python, port = python_of("snowflake"), free_port()
    command = [python, "-m", "fakesnow", "--server", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, port, tmp_path_factory.mktemp("snowflake")):
        # Its connector tries a statement that failed again for as long as network_timeout says.
        yield f"snowflake://fake:snow@fakesnow/demo/public?host=127.0.0.1&port={port}&protocol=http&network_timeout=2"


@pytest.fixture(scope="session")
def bigquery_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    python, port, folder = python_of("bigquery"), free_port(), tmp_path_factory.mktemp("bigquery")
    command = [python, str(HERE / "serve_local_bigquery.py"), str(port), str(folder / "data")]
    with serving(command, port, folder):
        yield f"bigquery://people/crm?endpoint=http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def sail() -> Iterator["subprocess.Popen[str]"]:
    """A Spark server with a client that takes queries as lines of JSON."""
    command = [python_of("databricks"), "-W", "ignore", str(HERE / "serve_sail.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == '{"ready": true}'
        yield process
        process.kill()
