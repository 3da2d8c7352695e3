"""The reference pages, and where they are.

Goes in: the code. Comes out: the text of each page by file name.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from reference.commands import command_line_page
from reference.dagster_pages import checks_page, run_config_page, yaml_page
from reference.errors_page import errors_page
from reference.markdown import page, table
from reference.python_page import python_page
from reference.sources_page import sources_page
from reference.state_pages import environment_page, statuses_page, tables_page

FOLDER = Path(__file__).parent.parent / "docs" / "reference"

_ABOUT = {
    "sources.md": ("Sources", "the tables or views of each kind, with every column", sources_page),
    "yaml.md": ("YAML attributes", "every component and its attributes", yaml_page),
    "run-config.md": ("Run config", "what one run does differently", run_config_page),
    "checks.md": ("Checks", "every asset check, and what to do if it fails", checks_page),
    "tables.md": ("Tables", "the state tables in the warehouse, with every column", tables_page),
    "statuses.md": ("Statuses", "of rows, runs and privacy requests", statuses_page),
    "errors.md": ("Errors", "every reason code and error, with its fix", errors_page),
    "command-line.md": ("Command line", "every command and option", command_line_page),
    "environment.md": ("Environment variables", "every variable that is read", environment_page),
    "python.md": ("Python API", "everything that is public", python_page),
}


def _index() -> str:
    rows = [(f"[{title}]({name})", about) for name, (title, about, _) in _ABOUT.items()]
    return page("Reference", "These pages are made from the code.", table(("page", "content"), rows))


PAGES: Mapping[str, Callable[[], str]] = {
    "index.md": _index,
    **{name: make for name, (_, _, make) in _ABOUT.items()},
}
"""What makes each page, by file name."""


def write_pages() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
