import pytest

from cr_pipelines.api import BadToken, CommonRoomError, NotFound, NotTheApi, UnknownSource, Unreachable
from cr_pipelines.cli.errors import explain


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
