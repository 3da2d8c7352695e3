"""The messages that the docs explain are messages of the code, and none that matters is left out."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import cr_pipelines
from cr_pipelines.api import CommonRoomError
from cr_pipelines.components.alerts.alert import AlertKind
from reference.errors_page import all_errors

PACKAGE = Path(cr_pipelines.__file__).parent
DOCS = PACKAGE.parent / "docs"


@cache
def messages() -> str:
    """Every text of the code, with its placeholders as blanks."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(str() as text):
                    found.append(text)
                case ast.JoinedStr(values):
                    found.append("".join(part.value if isinstance(part, ast.Constant) else "\0" for part in values))
                case _:
                    pass
    return "\n".join(found)


def explained(page: str) -> list[str]:
    """The messages in the first column of a page's tables whose head says `message`, without their gaps."""
    fragments, within = [], False
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            within = False
        elif line.startswith("| message |"):
            within = True
        elif within and not line.startswith("|---"):
            fragments += re.findall(r"`([^`]+)`", line.split(" | ")[0])
    assert fragments
    return fragments


@pytest.mark.parametrize("page", ["on-call.md", "troubleshooting.md"])
def test_every_message_is_one_of_the_code(page: str) -> None:
    assert [fragment for fragment in explained(page) if fragment not in messages()] == []


def test_every_error_of_the_api_is_explained_to_the_person_on_call() -> None:
    fragments = explained("on-call.md")
    # What only a look-up or a test of a row meets is not a message of the night.
    unexplained = [
        error.__name__
        for error in all_errors()
        if issubclass(error, CommonRoomError)
        and error is not CommonRoomError
        and not any(fragment in error.advice for fragment in fragments)
    ]
    assert unexplained == ["NotFound"]


def test_every_kind_of_alert_and_every_check_is_explained() -> None:
    text = (DOCS / "on-call.md").read_text(encoding="utf-8")
    assert [kind for kind in get_args(AlertKind) if f"| `{kind}` |" not in text] == []
    checks = re.findall(r"^\| `(\w+)` \|", (DOCS / "reference" / "checks.md").read_text(), re.MULTILINE)
    assert [check for check in checks if f"| `{check}` |" not in text] == []
