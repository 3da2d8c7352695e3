"""Two rooms in one code location: a sync reads exactly the request tables of its own connection's removals."""

import os
import subprocess
import sys

import dagster as dg
import pytest

from cr_pipelines_tests.support.location import Location, Outcome
from cr_pipelines_tests.support.terminal import Terminal

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")]

PEOPLE = {"eu": {"e1", "e2"}, "us": {"u1", "u2"}, "asia": set()}
"""Who is suppressed in each room: by its own tables of requests, and by no other. Nobody watches for room asia."""


@pytest.fixture
def location(location: Location, monkeypatch: pytest.MonkeyPatch) -> Location:
    """Rooms with the same people, an earlier and a later table of requests for eu and us, and the default table."""
    package = location.path.parent / "several_rooms"
    for room in PEOPLE:
        of_room = f"connection: {room}"
        attributes = [
            f"CommonRoomConnection\nattributes: {{name: {room}, state_schema: state_{room}}}",
            f"CommonRoomSync\nattributes: {{kind: contact, source: all_people, {of_room}, asset_key: {room}/people}}",
        ]
        if room != "asia":
            attributes += [
                f"CommonRoomPiiRemovals\nattributes: {{source: {room}_{table}, {of_room}, "
                f"asset_key: {room}/{table}, upstream: []}}"
                for table in ("old_requests", "requests")
            ]
        (package / "defs" / room).mkdir(parents=True)
        text = "\n---\n".join(f"type: cr_pipelines.components.{each}" for each in attributes)
        (package / "defs" / room / "defs.yaml").write_text(text)
    (package / "__init__.py").touch()
    (package / "defs" / "__init__.py").touch()
    (package / "definitions.py").write_text(
        "from pathlib import Path\nimport dagster as dg\n"
        "defs = dg.load_from_defs_folder(path_within_project=Path(__file__).parent / 'defs')\n"
    )
    (package.parent / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "several_rooms"\n'
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "several_rooms"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.chdir(package.parent)
    ids = "'e1'), ('e2'), ('u1'), ('u2'), ('nobody'"
    location.sql(f"CREATE TABLE all_people AS SELECT id, id || '@example.com' AS email FROM (VALUES ({ids})) AS v(id)")
    requests = {"eu_old_requests": "e1", "eu_requests": "e2", "us_old_requests": "u1", "us_requests": "u2"}
    for table, person in {**requests, "common_room_pii_requests": "nobody"}.items():
        location.sql(f"CREATE TABLE {table} AS SELECT '{table}' AS request_id, '{person}@example.com' AS email")
    return location


def load() -> dg.Definitions:
    from several_rooms.definitions import defs  # type: ignore[import-not-found]

    assert isinstance(defs, dg.Definitions)
    return defs


def sent(location: Location, room: str) -> set[str]:
    return {key for (key,) in location.sql(f"SELECT key FROM state_{room}.sync_ledger WHERE status = 'delivered'")}


def everybody_but(room: str) -> set[str]:
    return {"e1", "e2", "u1", "u2", "nobody"} - PEOPLE[room]


@pytest.mark.parametrize("room", PEOPLE)
def test_a_job_in_this_process_suppresses_by_the_requests_of_its_own_room(location: Location, room: str) -> None:
    job = load().resolve_job_def(f"{room}_sync_people")

    outcome = Outcome(job.execute_in_process(instance=location.instance))

    assert outcome.succeeded
    assert sent(location, room) == everybody_but(room)


@pytest.mark.system
def test_a_run_of_dagster_suppresses_by_the_requests_of_its_own_room(location: Location) -> None:
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "several_rooms.definitions"]
    environment = {**os.environ, "DAGSTER_DISABLE_TELEMETRY": "1"}
    ran = subprocess.run([*command, "--select", "us/people"], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr

    assert sent(location, "us") == everybody_but("us")


@pytest.mark.parametrize("room", PEOPLE)
def test_the_commands_suppress_by_the_requests_of_the_room(location: Location, room: str) -> None:
    terminal = Terminal(location.path, location.sandbox)
    rooms = ("--definitions", "several_rooms.definitions", "--connection", room)
    suppressed = len(PEOPLE[room])

    planned = terminal.types("plan", "people", *rooms)
    assert (f"{suppressed} privacy requests wait" in planned.output) == bool(suppressed)
    examined = terminal.types("doctor", *rooms)
    said = "no removals use this connection" if room == "asia" else f"{suppressed} privacy requests wait"
    assert said in examined.output
    assert terminal.types("run", "people", *rooms).exit_code == 0

    assert sent(location, room) == everybody_but(room)
    requests = location.sql(f"SELECT request_id FROM state_{room}.pii_removals ORDER BY request_id")
    assert requests == ([] if room == "asia" else [(f"{room}_old_requests",), (f"{room}_requests",)])


def test_a_sync_says_that_requests_of_its_own_room_wait(location: Location) -> None:
    from cr_pipelines.components.shared.connections import Connection
    from cr_pipelines.components.shared.requests import removals_keys_of, request_sources_of

    specs = load().resolve_all_asset_specs()

    for room in ("eu", "us"):
        assert {key.to_user_string() for key in removals_keys_of(specs, Connection.of(room))} == {
            f"{room}/old_requests",
            f"{room}/requests",
        }
        assert {source.source for source in request_sources_of(specs, Connection.of(room))} == {
            f"{room}_old_requests",
            f"{room}_requests",
        }
    assert not removals_keys_of(specs, Connection.of("asia"))
    assert not request_sources_of(specs, Connection.of("asia"))
    assert [source.source for source in request_sources_of([], Connection.of("eu"))] == ["common_room_pii_requests"]
