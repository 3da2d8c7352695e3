import json

import pytest

from cr_pipelines.api import BadToken, CommonRoomError, NotFound, NotTheApi, UnknownSource, Unreachable
from cr_pipelines.cli.errors import explain
from cr_pipelines_tests.support.terminal import Terminal


@pytest.mark.parametrize(
    ("kind", "variable"),
    [
        (BadToken, "COMMON_ROOM_API_TOKEN"),
        (UnknownSource, "COMMON_ROOM_DESTINATION_SOURCE_ID"),
        (Unreachable, "COMMON_ROOM_BASE_URL"),
        (NotTheApi, "COMMON_ROOM_BASE_URL"),
    ],
)
def test_an_error_of_the_client_names_the_variable_to_check(kind: type[CommonRoomError], variable: str) -> None:
    error = kind("token_status", 1)
    assert variable not in str(error)
    assert explain(error) == f"{error}; check the environment variable {variable}"


def test_an_error_without_a_variable_is_one_line() -> None:
    assert explain(NotFound("get_tag", 1, 404)) == str(NotFound("get_tag", 1, 404))


def test_an_unexpected_error_has_no_explanation() -> None:
    assert explain(RuntimeError("secret")) is None


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("plan nothing", 1, "has no sync 'nothing'"),
        ("plan contacts --limit 0", 2, "--limit"),
        ("plan contacts --definitions nowhere", 1, "cannot load nowhere"),
        ("run nothing", 2, "has no sync 'nothing'"),
        ("run contacts --day tomorrow", 2, "--day"),
        ("explain contacts c99", 1, "the key 'c99'"),
        ("audit activities", 2, "only syncs of kind contact can be audited"),
        ("pii report --request-id r9", 1, "no request r9"),
    ],
)
def test_a_failure_with_json_is_json_and_nothing_else(terminal: Terminal, command: str, code: int, words: str) -> None:
    failed = terminal.types(*command.split(), "--json")
    found = json.loads(failed.stdout)
    assert (failed.exit_code, found["exit_code"]) == (code, code)
    assert words in found["error"]
