"""The reference pages say what the code says, and leave nothing out."""

import ast
import re
from pathlib import Path

import pytest

import cr_pipelines
from reference import FOLDER, PAGES
from reference.commands import all_commands
from reference.descriptions import ENVIRONMENT, REASON_CODES
from reference.errors_page import all_errors
from reference.python_page import PACKAGES, public_names

PACKAGE = Path(cr_pipelines.__file__).parent
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if "sandbox" not in path.relative_to(PACKAGE).parts]
NOT_VARIABLES = {"CR_TEST_WAREHOUSE"}


def page(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    assert page(name) == PAGES[name](), f"docs/reference/{name} is out of date: run .venv/bin/python -m reference"


def test_every_page_is_made() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)


def test_every_command_and_option() -> None:
    text = page("command-line.md")
    for name, command in all_commands():
        assert f"## {name}\n" in text
        assert command.help, name
        section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        for option in (option for part in command.params for option in part.opts if option.startswith("--")):
            assert f"`{option}" in section or f", {option}" in section, f"{name} {option}"


def test_every_error() -> None:
    text = page("errors.md")
    assert [error.__name__ for error in all_errors() if f"`{error.__name__}`" not in text] == []


def reason_codes_in(path: Path) -> set[str]:
    """The literal reason codes that a module gives to rows."""
    codes: list[ast.expr] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name("InvalidValue"), args=[first, *_]):
                codes.append(first)
            case ast.Call(func=ast.Name("Problem"), args=[_, second, *_]):
                codes.append(second)
            case ast.keyword("reason_code", value):
                codes.append(value)
            case ast.Dict(keys, values):
                codes += [
                    value
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "reason_code"
                ]
            case _:
                pass
    values = {code.value for code in codes if isinstance(code, ast.Constant)}
    return {value for value in values if isinstance(value, str) and re.fullmatch("[a-z_]+", value)}


def test_every_reason_code() -> None:
    given = set().union(*map(reason_codes_in, SOURCES)) - {"text"}
    assert len(given) > 20
    assert sorted(given - set(REASON_CODES)) == []


def test_every_environment_variable() -> None:
    read = {name for path in SOURCES for name in re.findall(r'"((?:COMMON_ROOM|CR)_[A-Z_]*[A-Z])"', path.read_text())}
    assert sorted(read - set(ENVIRONMENT) - NOT_VARIABLES) == []
    assert sorted(set(ENVIRONMENT) - read) == []


def test_every_public_name() -> None:
    text = page("python.md")
    for package in PACKAGES:
        for name in public_names(package):
            assert f"| `{name}" in text, f"{package}.{name}"


def test_every_page_of_the_docs_is_in_the_navigation() -> None:
    navigation = (FOLDER.parent.parent / "mkdocs.yml").read_text()
    pages = [path.relative_to(FOLDER.parent).as_posix() for path in FOLDER.parent.rglob("*.md")]
    assert [page for page in sorted(pages) if f": {page}\n" not in navigation] == []
