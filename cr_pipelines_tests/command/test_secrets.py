"""Secrets in the token and in every URL: no command, error, traceback or store of Dagster shows any part of one."""

import io
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.traceback import Traceback

from cr_pipelines.cli import main
from cr_pipelines.components import build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.secret_text import HiddenBytes, HiddenText
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.failing_frames import watching_failures
from cr_pipelines_tests.support.leaks import places_that_hold
from cr_pipelines_tests.support.terminal import Terminal

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

POISON = "zqPOISONqz"
SHOWN = ("zqpoison", "poisonqz")
"""No part of a secret may be shown either, where the parts of a URL are confused with each other."""

URLS = [
    f"postgresql://u:{POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON%{POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON {POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON/{POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON#{POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON?{POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON[{POISON}@127.0.0.1:1/db",
    f"postgresql://u:zqPOISON@{POISON}@127.0.0.1:1/db",
    f"postgresql://u@127.0.0.1:1/db?password={POISON}",
    f"host=127.0.0.1 port=1 password={POISON} dbname=x",
    f"password={POISON}",
    f"duckdb://u:{POISON}@h/db",
    f"mysql://u:{POISON}@127.0.0.1:1/db",
    f"sqlite:///nowhere/x.db?password={POISON}",
    f"snowflake://u:{POISON}@account/db",
    f"bigquery://project/dataset?key={POISON}",
]
COMMANDS = [
    ("doctor",), ("doctor", "--json"), ("plan", "contacts"), ("plan", "contacts", "--json"), ("run", "contacts"),
    ("run", "contacts", "--json"), ("explain", "contacts", "c1"), ("explain", "contacts", "c1", "--json"),
    ("suggest", "contact", "people"), ("audit", "contacts"), ("pii", "report"), ("pii", "report", "--json"),
    ("pii", "confirm", "r1"), ("pii", "unsuppress", "r1", "--reason", "x"), ("compact",),
    ("state", "adopt", "--dry-run"),
]  # fmt: skip
FEW = [("doctor",), ("run", "contacts", "--json"), ("pii", "report")]
"""They show what the others do; these are for every form of a URL."""


def types(command: Sequence[str], environment: Mapping[str, str | None]) -> Result:
    location = ("--definitions", "cr_pipelines_tests.command.contacts_location")
    return CliRunner().invoke(main, [*command, *location], env=environment)


def leaked(text: str) -> bool:
    return any(part in text.lower() for part in SHOWN)


def everything_shown(result: Result) -> str:
    """What a command printed, and what a developer would see of its error, with the local variables of our frames."""
    shown = result.output
    if result.exc_info is None or result.exception is None:
        return shown
    kind, error, stack = result.exc_info
    shown += "".join(traceback.format_exception(kind, error, stack))
    console = Console(file=io.StringIO(), width=300)
    extracted = Traceback.extract(kind, error, stack, show_locals=True, locals_max_string=10_000)
    for part in extracted.stacks:
        # The test's own variables, and those of click that hold its environment, are no code of ours.
        part.frames = [frame for frame in part.frames if "/cr_pipelines/" in frame.filename]
    console.print(Traceback(extracted, show_locals=True))
    assert isinstance(console.file, io.StringIO)
    return shown + console.file.getvalue()


@pytest.mark.parametrize(
    ("variable", "url", "commands"),
    [
        *(("CR_WAREHOUSE_URL", url, FEW) for url in URLS),
        *(("CR_STATE_URL", url, FEW) for url in URLS[::4]),
        *(("CR_WAREHOUSE_URL", url, COMMANDS) for url in (URLS[1], URLS[9])),
    ],
)
def test_no_command_shows_a_password_of_a_url(
    terminal: Terminal, variable: str, url: str, commands: list[tuple[str, ...]], capfd: pytest.CaptureFixture[str]
) -> None:
    environment = terminal.env | {variable: url}
    found = {}
    for command in commands:
        result = types(command, environment)
        shown = everything_shown(result) + "".join(capfd.readouterr())
        if leaked(shown):
            found[command] = [line for line in shown.splitlines() if leaked(line)]
        assert result.exit_code != 0, command
    assert found == {}


def test_no_command_shows_a_token_or_a_hash_key(terminal: Terminal, capfd: pytest.CaptureFixture[str]) -> None:
    environment = terminal.env | {"CR_HASH_KEY": POISON}
    tokens = (POISON, f"{POISON}\n", f"{POISON} x", f"é{POISON}")
    addresses = (terminal.sandbox.base_url, "http://127.0.0.1:1/community/v1", f"https://u:{POISON}@127.0.0.1:1/v1")
    found = {}
    used = [(POISON, address, COMMANDS) for address in addresses]
    used += [(token, addresses[0], FEW) for token in tokens[1:]]
    for token, address, commands in used:
        wrong_place = {"COMMON_ROOM_DESTINATION_SOURCE_ID": POISON} if address == addresses[1] else {}
        variables = {"COMMON_ROOM_API_TOKEN": token, "COMMON_ROOM_BASE_URL": address, **wrong_place}
        for command in commands:
            result = types(command, environment | variables)
            shown = everything_shown(result) + "".join(capfd.readouterr())
            if leaked(shown):
                found[command, token, address] = [line for line in shown.splitlines() if leaked(line)]
    assert found == {}


def frames_of_failures(terminal: Terminal, commands: Sequence[tuple[str, ...]]) -> tuple[set[str], set[str]]:
    """The functions of ours that exceptions pass with bad tokens, addresses and keys, and what shows one of these."""
    environment = terminal.env | {"CR_HASH_KEY": POISON}
    room = terminal.sandbox.base_url
    settings = [
        {"COMMON_ROOM_API_TOKEN": POISON, "COMMON_ROOM_BASE_URL": room},
        {"COMMON_ROOM_API_TOKEN": f"é{POISON}", "COMMON_ROOM_BASE_URL": room},
        {"COMMON_ROOM_API_TOKEN": POISON, "COMMON_ROOM_BASE_URL": "http://127.0.0.1:1/community/v1"},
        {"COMMON_ROOM_API_TOKEN": POISON, "COMMON_ROOM_BASE_URL": f"http://u:{POISON}@example.com/v1"},
        {"COMMON_ROOM_API_TOKEN": POISON, "COMMON_ROOM_DESTINATION_SOURCE_ID": "x"},
    ]
    with watching_failures(SHOWN) as (passed, shown):
        for variables in settings:
            for command in commands:
                types(command, environment | variables)
    return passed, shown


def test_no_variable_of_our_code_shows_a_secret_while_an_exception_passes(terminal: Terminal) -> None:
    passed, shown = frames_of_failures(terminal, [("doctor",), ("run", "contacts"), ("audit", "contacts")])
    assert {"CommonRoomResource.get_client", "Requester._send"} <= passed
    assert shown == set()


def test_a_secret_whose_repr_shows_it_is_seen(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HiddenText, "__repr__", str.__repr__)
    monkeypatch.setattr(HiddenBytes, "__repr__", bytes.__repr__)
    _, shown = frames_of_failures(terminal, [("run", "contacts")])
    assert "CommonRoomResource.get_client: token" in shown


@pytest.mark.parametrize("url", URLS[::2])
def test_the_copy_of_a_state_shows_no_password(terminal: Terminal, url: str) -> None:
    for urls in ((url, "duckdb:///copy.duckdb"), (f"duckdb:///{terminal.path}", url)):
        result = CliRunner().invoke(main, ["state", "copy", *urls], env=terminal.env)
        assert result.exit_code == 1
        assert not leaked(everything_shown(result))


def test_the_search_sees_a_secret_in_a_message_and_in_a_variable_of_our_code(terminal: Terminal) -> None:
    from cr_pipelines.cli.doctor import checklist

    def fail(*_: object) -> None:
        raise RuntimeError(f"cannot connect with {POISON}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checklist, "explain", lambda error: str(error))
        patch.setattr("cr_pipelines.cli.doctor.connections.shown_url", fail)
        result = types(("doctor",), terminal.env | {"CR_WAREHOUSE_URL": URLS[0]})

    assert leaked(everything_shown(result))


@pytest.mark.parametrize("url", URLS[::3])
def test_dagster_stores_no_secret(
    url: str, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (terminal.env | {"CR_WAREHOUSE_URL": url, "COMMON_ROOM_API_TOKEN": POISON}).items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    (tmp_path / "home").mkdir()
    sync = Sync("contacts", "contact", "common_room_contacts")
    definitions = dg.Definitions.merge(
        build_sync_definitions(sync),
        dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
    )
    kinds = {kind for spec in definitions.resolve_all_asset_specs() for kind in spec.kinds}
    assert not leaked(str(kinds))
    with dg.instance_for_test(temp_dir=str(tmp_path / "home")) as instance, watching_failures(SHOWN) as (_, shown):
        job = definitions.resolve_job_def("sync_contacts")
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success

    assert shown == set()
    assert places_that_hold([POISON, "zqPOISON"], tmp_path / "home") == []
    assert not leaked(caplog.text)
