"""The page of the command line.

Goes in: the `cr-pipelines` command. Comes out: Markdown.
"""

from collections.abc import Iterator

import click

from cr_pipelines.cli import main
from reference.markdown import code, page


def command_line_page() -> str:
    """Return the page."""
    return page(
        "Command line", _help(main), *(f"## {name}\n\n{_text(name, command)}" for name, command in all_commands())
    )


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command below `cr-pipelines` with its full name."""
    yield from _below(main, "cr-pipelines")


def _below(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        full = f"{prefix} {name}"
        if isinstance(command, click.Group):
            yield from _below(command, full)
        elif not command.hidden:
            yield full, command


def _text(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=command.name)
    arguments = [part.make_metavar(context) for part in command.params if isinstance(part, click.Argument)]
    options = "\n".join(
        f"- `{record[0]}`: {' '.join(record[1].split())}"
        for part in command.params
        if (record := part.get_help_record(context)) is not None
    )
    return "\n\n".join(filter(None, [code(" ".join([name, *arguments, "[OPTIONS]"])), _help(command), options]))


def _help(command: click.Command) -> str:
    paragraphs = (command.help or command.short_help or "").strip().replace("\b\n", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
