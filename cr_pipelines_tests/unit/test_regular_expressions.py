"""No regular expression of the package takes time with the square of what it is applied to."""

import ast
import importlib
import itertools
import pkgutil
import re
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import cr_pipelines

SIZE = 6_000
MOST_SECONDS = 0.06
"""Linear ones take a tenth of a millisecond, quadratic ones half a second and more."""

_METHODS = ("match", "fullmatch", "search", "findall", "finditer", "split", "sub")
_SAMPLES = {
    "\\s": " ", "\\S": "a", "\\w": "a", "\\W": "-", "\\d": "1", "\\b": "", "\\n": "\n", "\\r": "\r", "\\t": "\t",
}  # fmt: skip
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:P<\w+>|<?[:=!])|[(){}?*+|^$]|[^\\\[(){}?*+|^$]+")


def modules() -> Iterator[tuple[str, str]]:
    """Every module with its text."""
    for found in pkgutil.walk_packages(cr_pipelines.__path__, "cr_pipelines."):
        spec = found.module_finder.find_spec(found.name, None)
        if spec is not None and spec.origin and not found.name.endswith("__main__"):
            yield found.name, Path(spec.origin).read_text()


MODULES = {name: text for name, text in modules() if "import re\n" in text}


@cache
def methods_of_names() -> Mapping[str, set[str]]:
    """The methods by which a name is used anywhere in the package."""
    used: dict[str, set[str]] = {}
    for _, text in modules():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _METHODS:
                used.setdefault(node.value.id, set()).add(node.attr)
    return used


def expressions(module: str) -> Iterator[tuple[str, re.Pattern[str], set[str]]]:
    """Every expression that a module has as a constant, or writes where it is used, with the methods it is used by."""
    text = MODULES[module]
    for name, value in vars(importlib.import_module(module)).items():
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and f"{name} = re." in text:
            yield name, value, methods_of_names().get(name, set(_METHODS))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            written = node.args[0] if node.args else None
            is_ours = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            if is_ours and isinstance(written, ast.Constant) and isinstance(written.value, str):
                flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else re.NOFLAG
                yield f"line {node.lineno}", re.compile(written.value, flags), {node.func.attr}


def units(pattern: str) -> list[str]:
    """Pieces of text that parts of an expression match."""
    found = dict.fromkeys(["a", " ", "1", "-", "_", ".", '"', "'", "(", "\\", '\\"', ","])
    for token in _TOKEN.findall(pattern):
        if token.startswith("[") and len(token) > 2:
            found.update(dict.fromkeys(_members(token)))
        elif token[0] not in "(){}?*+|^$":
            found[_SAMPLES.get(token, token.removeprefix("\\"))] = None
    return [unit for unit in found if unit][:24]


def _members(token: str) -> list[str]:
    accepted = re.compile(token)
    return [letter for letter in "a1Z-_.@/:%\"'<([ \n\\#é" if accepted.match(letter)][:3]


@pytest.mark.long
def test_the_expressions_are_found() -> None:
    assert sum(len(list(expressions(module))) for module in MODULES) > 60


def test_what_takes_too_long_is_found() -> None:
    assert slowest(re.compile(r"(a+)b"), {"search"}) > MOST_SECONDS
    assert slowest(re.compile(r"(a+)b"), {"match"}) < MOST_SECONDS


def slowest(expression: re.Pattern[str], methods: set[str]) -> float:
    most = 0.0
    for first, second in itertools.product(units(expression.pattern), repeat=2):
        unit = first + second if first != second else first
        for text in ((unit * (SIZE // len(unit)))[:SIZE], first + second * (SIZE // len(second))):
            spent = seconds(expression, methods, text)
            if spent > MOST_SECONDS / 4:
                # A busy machine may have been slow once.
                spent = min(spent, *(seconds(expression, methods, text) for _ in range(4)))
            most = max(most, spent)
            if most > MOST_SECONDS:
                return most
    return most


def seconds(expression: re.Pattern[str], methods: set[str], text: str) -> float:
    begun = time.thread_time()
    for method in methods:
        if method == "sub":
            expression.sub("", text)
        elif method == "finditer":
            list(expression.finditer(text))
        else:
            getattr(expression, method)(text)
    return time.thread_time() - begun


@pytest.mark.long
@pytest.mark.serial
@pytest.mark.parametrize("module", MODULES)
def test_the_time_of_an_expression_is_in_proportion_to_the_text(module: str) -> None:
    for name, expression, methods in expressions(module):
        assert slowest(expression, methods) <= MOST_SECONDS, name
