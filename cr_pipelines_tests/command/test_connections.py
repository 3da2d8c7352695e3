"""Which connection a command uses."""

import pytest

from cr_pipelines_tests.support.terminal import Terminal

ROOMS = ("--definitions", "cr_pipelines_tests.command.rooms_location")


@pytest.mark.parametrize(
    ("command", "schema"),
    [
        (("run", "contacts", "--connection", "us"), "us"),
        (("run", "us/contacts"), "us"),
        (("run", "people_of_eu"), "eu"),
    ],
)
def test_a_command_uses_the_connection_of_the_sync(terminal: Terminal, command: tuple[str, ...], schema: str) -> None:
    result = terminal.types(*command, *ROOMS)

    assert result.exit_code == 0, result.output
    states = terminal.sql("SELECT table_schema FROM information_schema.tables WHERE table_name = 'sync_ledger'")
    assert states == [(schema,)]


@pytest.mark.parametrize("command", [("plan", "contacts"), ("compact",), ("pii", "report")])
def test_a_command_asks_which_of_several_connections_is_meant(terminal: Terminal, command: tuple[str, ...]) -> None:
    result = terminal.types(*command, *ROOMS)

    assert result.exit_code == 1
    assert "choose one of the connections with --connection: eu, us" in result.output


def test_a_connection_that_does_not_exist_is_refused_with_those_that_do(terminal: Terminal) -> None:
    result = terminal.types("plan", "contacts", "--connection", "asia", *ROOMS)

    assert result.exit_code == 1
    assert "there is no connection 'asia'; the connections are: eu, us" in result.output
