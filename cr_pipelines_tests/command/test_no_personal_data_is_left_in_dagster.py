"""After the demo and a removal: nobody's name or address in any database or log of Dagster, nor on the console."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import cr_pipelines
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.leaks import places_that_hold
from cr_pipelines_tests.support.terminal import clean_environment, command

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PROJECT = Path(cr_pipelines.__file__).parent.parent


@dataclass
class Demo:
    """A demo that ran, its room open again, and what was said on the console meanwhile."""

    folder: Path
    room: SandboxServer
    said: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def dagster_home(self) -> Path:
        return self.folder / ".demo" / "dagster_home"

    def sql(self, statement: str) -> list[tuple[str, ...]]:
        with duckdb.connect(str(self.folder / ".demo" / "warehouse.duckdb")) as connection:
            return connection.execute(statement).fetchall()

    def __post_init__(self) -> None:
        # A single first name is a word of the language too.
        people = self.sql(
            "SELECT email FROM common_room_contacts UNION SELECT full_name FROM common_room_contacts UNION "
            "SELECT email FROM common_room_existing_contacts UNION SELECT full_name FROM common_room_existing_contacts "
            "UNION SELECT value FROM common_room_segment_members UNION SELECT value FROM common_room_contact_notes"
        )
        self.secrets = tuple(text for (text,) in people if text and ("@" in text or " " in text))
        assert len(self.secrets) > 700

    def dagster(self, module: str, selection: str, *options: str) -> None:
        environment = clean_environment(
            COMMON_ROOM_API_TOKEN=self.room.token,
            COMMON_ROOM_BASE_URL=self.room.base_url,
            COMMON_ROOM_DESTINATION_SOURCE_ID=str(self.room.source_id),
            CR_WAREHOUSE_URL="duckdb:///.demo/warehouse.duckdb",
            DAGSTER_HOME=str(self.dagster_home),
            DAGSTER_DISABLE_TELEMETRY="1",
            PYTHONPATH=str(PROJECT),
        )
        run = subprocess.run(
            [sys.executable, "-m", "dagster", "asset", "materialize", "-m", module, "--select", selection, *options],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        self.said += run.stdout + run.stderr

    def leaks(self) -> list[str]:
        """Where personal data is: files under the Dagster home, the demo's logs, the console."""
        (self.folder / ".demo" / "console.log").write_text(self.said)
        shown = self.folder / "shown"
        shown.mkdir(exist_ok=True)
        for log in (self.folder / ".demo").glob("*.log"):
            (shown / log.name).write_bytes(log.read_bytes())
        return places_that_hold(self.secrets, self.dagster_home) + places_that_hold(self.secrets, shown)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("leaks")
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    ran = command("demo", "--once", cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with SandboxServer(data=folder / ".demo" / "room.sqlite") as room:
        demo = Demo(folder, room, ran.stdout + ran.stderr)
        demo.sql(
            "CREATE TABLE common_room_pii_requests AS SELECT 'case-' || id AS request_id, email, now() AS requested_at "
            "FROM common_room_contacts WHERE email IS NOT NULL LIMIT 20"
        )
        demo.sql(
            "INSERT INTO common_room_pii_requests SELECT email, email, now() FROM common_room_pii_requests LIMIT 1"
        )
        demo.sql(
            "INSERT INTO common_room_pii_requests SELECT 'bad', full_name, now() FROM common_room_contacts LIMIT 1"
        )
        demo.dagster("cr_pipelines.definitions", "*", "--partition", yesterday)
        demo.sql("UPDATE common_room_contacts SET bio = 'changed', email = full_name || ' <' || email || '>'")
        demo.dagster("cr_pipelines.definitions", "*", "--partition", yesterday)
        return demo


def test_the_demo_and_a_removal_leave_nobody_in_dagster_or_on_the_console(demo: Demo) -> None:
    removals = dict(demo.sql("SELECT status, count(*) FROM common_room.pii_removals GROUP BY status"))
    assert removals == {"submitted": 21, "invalid": 1}
    assert demo.leaks() == []


def test_one_log_line_with_an_address_is_found_wherever_dagster_puts_it(demo: Demo) -> None:
    demo.sql("UPDATE common_room_contacts SET email = regexp_extract(email, '<(.*)>', 1)")
    demo.dagster("cr_pipelines_tests.command.leaky_location", "leaky")
    places = demo.leaks()
    assert "console.log" in places
    assert any(place.endswith(".db") for place in places)
