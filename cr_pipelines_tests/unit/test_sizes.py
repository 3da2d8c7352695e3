"""Modules and functions of the package stay small enough to read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cr_pipelines

pytestmark = pytest.mark.unit

PACKAGE = Path(cr_pipelines.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function's name, and its lines without those of its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None and first.end_lineno is not None
            docstring = first.end_lineno - first.lineno + 1 if documented else 0
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {path.relative_to(PACKAGE): len(path.read_text().splitlines()) for path in MODULES}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    found = ((path, *sized) for path in MODULES for sized in functions(ast.parse(path.read_text())))
    assert [longest for longest in found if longest[-1] > MOST_LINES_OF_A_FUNCTION] == []
