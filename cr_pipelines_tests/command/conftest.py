from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path, sandbox: SandboxServer) -> Terminal:
    terminal = Terminal(tmp_path / "warehouse.duckdb", sandbox)
    terminal.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Ada Lovelace' || i AS full_name, "
        "'ada' || i || '@example.com' AS email FROM range(10) AS numbers(i)"
    )
    return terminal
