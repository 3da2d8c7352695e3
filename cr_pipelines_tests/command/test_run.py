import json
import os
import pty
import subprocess
import sys
import time
from subprocess import PIPE

import pytest

from cr_pipelines_tests.support.terminal import COMMAND, Terminal

HOLD = """
import duckdb, sys
with duckdb.connect(sys.argv[1]) as connection:
    print("open", flush=True)
    sys.stdin.read()
"""


def own_environment(terminal: Terminal) -> dict[str, str]:
    return {"PATH": os.environ["PATH"]} | {name: value for name, value in terminal.env.items() if value is not None}


def test_it_sends_what_changed_and_ends_with_0(terminal: Terminal) -> None:
    first = terminal.types("run", "contacts")
    assert first.exit_code == 0, first.output
    assert "10 delivered" in first.stdout
    assert len(terminal.sandbox.control.users()) == 10
    terminal.sql("UPDATE common_room_contacts SET full_name = 'Grace' WHERE id = 'c3'")
    assert "1 delivered, 9 unchanged" in terminal.types("run", "contacts").stdout
    assert terminal.sql("SELECT count(*) FROM common_room.sync_runs WHERE state = 'succeeded'") == [(2,)]


def test_a_dry_run_sends_and_records_nothing(terminal: Terminal) -> None:
    result = terminal.types("run", "contacts", "--dry-run")
    assert result.exit_code == 0
    assert "10 would be sent" in result.stdout
    assert "Nothing was sent." in result.stdout
    assert terminal.sandbox.control.users() == {}
    assert terminal.sql("SELECT count(*) FROM common_room.sync_runs") == [(0,)]


def test_keys_and_limit_narrow_the_run(terminal: Terminal) -> None:
    assert "2 delivered" in terminal.types("run", "contacts", "--key", "c1", "--key", "c2").stdout
    assert "3 delivered" in terminal.types("run", "contacts", "--limit", "3").stdout
    assert "2 delivered" in terminal.types("run", "contacts", "--resync", "all", "--keys", "c1,c2").stdout


def test_a_key_that_is_an_address_is_typed_as_it_is(terminal: Terminal) -> None:
    terminal.sql("UPDATE common_room_contacts SET id = email WHERE id = 'c1'")
    assert "1 delivered" in terminal.types("run", "contacts", "--key", "ada1@example.com").stdout


def test_a_day_narrows_a_sync_with_daily_partitions(terminal: Terminal) -> None:
    terminal.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' || i AS id, 'started_training' AS activity_type, "
        "'u' AS user_id, TIMESTAMP '2026-03-01' + i * INTERVAL 12 HOUR AS timestamp FROM range(5) AS numbers(i)"
    )
    result = terminal.types("run", "activities", "--day", "2026-03-02")
    assert "2 rows in the source" in result.stdout, result.output
    assert terminal.types("run", "contacts", "--day", "2026-03-02").exit_code == 2
    too_early = terminal.types("run", "activities", "--day", "2020-01-01")
    assert too_early.exit_code == 2
    assert "2020-01-01 is before 2025-01-01, the first day of activities" in too_early.stderr


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE common_room_contacts SET email = 'nobody' WHERE id = 'c1'", "1  email  bad_email  keys: c1"),
        ("UPDATE common_room_contacts SET id = NULL WHERE id = 'c1'", "null_key"),
        ("UPDATE common_room_contacts SET id = 'c2' WHERE id = 'c1'", "duplicate_key"),
    ],
)
def test_rows_that_need_a_look_end_it_with_1(terminal: Terminal, statement: str, words: str) -> None:
    terminal.sql(statement)
    result = terminal.types("run", "contacts")
    assert result.exit_code == 1
    assert words in result.stdout
    assert "ada" not in result.output


def test_rejected_rows_a_missing_key_and_an_emptied_source_end_it_with_1(terminal: Terminal) -> None:
    terminal.sandbox.control.set_scripts(
        {"operation": "addUpdateUserToSource", "skip": 1, "times": 1, "status": 400, "body": {"reason": "no"}}
    )
    rejected = terminal.types("run", "contacts")
    assert rejected.exit_code == 1
    assert "SELECT key, status, reason_code, message FROM common_room.sync_ledger" in rejected.stdout
    missing = terminal.types("run", "contacts", "--key", "c1,c99")
    assert missing.exit_code == 1
    assert "not in the source: c99" in missing.stdout
    terminal.sql("DELETE FROM common_room_contacts")
    assert terminal.types("run", "contacts").exit_code == 1


def test_what_could_not_run_ends_with_2_and_one_line(terminal: Terminal) -> None:
    for arguments, words in (
        (["contact"], "did you mean contacts?"),
        (["tags"], "common_room_tags"),
        (["contacts", "--definitions", "nowhere"], "cannot load nowhere"),
    ):
        result = terminal.types("run", *arguments)
        assert result.exit_code == 2
        assert words in result.stderr
        assert "Traceback" not in result.output
        assert result.stdout == ""
    terminal.env["COMMON_ROOM_API_TOKEN"] = "revoked"  # noqa: S105 - no token
    stopped = terminal.types("run", "contacts")
    assert stopped.exit_code == 2
    assert "COMMON_ROOM_API_TOKEN" in stopped.stderr
    terminal.env["COMMON_ROOM_BASE_URL"] = "http://127.0.0.1:9/community/v1"
    assert terminal.types("run", "contacts").exit_code == 2


def test_json_is_all_that_stdout_has(terminal: Terminal) -> None:
    terminal.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id = 'c1'")
    result = terminal.types("run", "contacts", "--json")
    found = json.loads(result.stdout)
    assert (found["exit_code"], found["error"], found["sync"]) == (1, None, "contacts")
    assert (found["counts"]["delivered"], found["counts"]["invalid"]) == (9, 1)
    assert found["problems"][0]["example_keys"] == ["c1"]
    failed = json.loads(terminal.types("run", "nothing", "--json").stdout)
    assert failed["exit_code"] == 2
    assert "has no sync 'nothing'" in failed["error"]


@pytest.mark.process
def test_piped_it_says_what_it_waits_for_and_prints_plain_lines(terminal: Terminal) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", HOLD, terminal.path], stdin=PIPE, stdout=PIPE, text=True) as holder,
        subprocess.Popen(
            [COMMAND, "run", "contacts"], cwd=terminal.path.parent, env=own_environment(terminal), stdout=PIPE,
            stderr=PIPE, text=True,
        ) as running,
    ):  # fmt: skip
        assert running.stderr is not None
        shown = ""
        while "has open" not in shown and (line := running.stderr.readline()):
            shown += line
        holder.communicate()
        result, rest = running.communicate()
    assert running.returncode == 0, rest
    assert f"PID {holder.pid}) has open; giving up after 60 s" in shown
    assert "contacts: comparing the source with the ledger (2 s so far)" in shown
    assert "\x1b" not in result + shown + rest
    assert "10 delivered" in result


@pytest.mark.process
def test_on_a_terminal_it_draws_a_bar_that_names_the_rate_limit(terminal: Terminal) -> None:
    terminal.sandbox.control.set_limit(5, 2)
    ours, theirs = pty.openpty()
    env = own_environment(terminal) | {"TERM": "xterm", "COLUMNS": "180"}
    with subprocess.Popen(
        [COMMAND, "run", "contacts"], cwd=terminal.path.parent, env=env, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        shown, begun = b"", time.monotonic()
        while time.monotonic() - begun < 60:
            try:
                read = os.read(ours, 65536)
            except OSError:
                break
            if not read:
                break
            shown += read
    os.close(ours)
    assert running.returncode == 0
    text = shown.decode()
    assert "of 10 rows" in text
    assert "waiting for the rate limit of 5 requests" in text
    assert "10 delivered" in text
