"""The demo's folder and the environment of its processes.

Goes in: the working directory and the user's environment. Comes out: the paths in `.demo`, and an environment that
names nothing but the demo.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cr_pipelines.settings import DEMO_WAREHOUSE_URL

STATE_SCHEMA = "common_room"
LOCATION = "cr_pipelines"

_NOT_OURS = ("COMMON_ROOM_", "CR_", "DAGSTER_")
"""Variables with these prefixes may name a real room, so the demo does not inherit them."""

_DAGSTER_YAML = """\
# Written by `cr-pipelines demo`.
telemetry:
  enabled: false
nux:
  enabled: false
run_queue:
  dequeue_interval_seconds: 1
concurrency:
  pools:
    # Syncs share the token's rate limit, so one runs at a time. The others wait in the queue, not in processes.
    default_limit: 1
    granularity: run
"""

_WORKSPACE_YAML = f"""\
# Written by `cr-pipelines demo`.
load_from:
  - python_module:
      module_name: cr_pipelines.definitions
      location_name: {LOCATION}
"""


class DemoError(Exception):
    """The demo cannot continue; the message says what to do."""


class DemoHome:
    """The folder `.demo` in the working directory."""

    def __init__(self) -> None:
        self.root = Path(".demo")
        self.warehouse = Path(DEMO_WAREHOUSE_URL.removeprefix("duckdb:///"))
        self.room = self.root / "room.sqlite"
        self.dagster_home = self.root / "dagster_home"
        self.workspace = self.root / "workspace.yaml"
        self.sync_log = self.root / "sync.log"
        self.dagster_log = self.root / "dagster.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder and lock it while the block lasts. Raises DemoError if another demo has it."""
        self.dagster_home.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DemoError(
                    f"a demo is running in {self.root.absolute()}; use its Dagster UI, or stop it with Ctrl-C "
                    "and start another"
                ) from None
            (self.dagster_home / "dagster.yaml").write_text(_DAGSTER_YAML)
            self.workspace.write_text(_WORKSPACE_YAML)
            yield

    def environment(self, base_url: str, token: str, source_id: int) -> dict[str, str]:
        """Return the user's environment, with the demo's values for all that could name a real room or warehouse."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
        # The sandbox and Dagster listen on this machine; a proxy cannot reach them.
        direct = ",".join(filter(None, (inherited.get("NO_PROXY"), "127.0.0.1", "localhost")))
        return inherited | {
            "COMMON_ROOM_API_TOKEN": token,
            "COMMON_ROOM_BASE_URL": base_url,
            "COMMON_ROOM_DESTINATION_SOURCE_ID": str(source_id),
            "CR_WAREHOUSE_URL": DEMO_WAREHOUSE_URL,
            "CR_STATE_SCHEMA": STATE_SCHEMA,
            "DAGSTER_HOME": str(self.dagster_home.absolute()),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "NO_PROXY": direct,
            "no_proxy": direct,
        }
