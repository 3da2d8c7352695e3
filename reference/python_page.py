"""The page of the Python API.

Goes in: the public names of the public packages. Comes out: Markdown.
"""

import importlib
import inspect

from reference.markdown import as_code, cell, code, first_paragraph, page, table

PACKAGES = {
    "cr_pipelines.api": "The client.",
    "cr_pipelines.sync": "The engine.",
    "cr_pipelines.warehouse": "Connections and dialects.",
    "cr_pipelines.removal": "Privacy requests.",
    "cr_pipelines.components": "Dagster components, and the factories behind them.",
    "cr_pipelines.resources": "Dagster resources.",
    "cr_pipelines.sandbox": "The local Common Room.",
}


def public_names(package: str) -> list[str]:
    """Return the public names of a package."""
    module = importlib.import_module(package)
    exported = getattr(module, "__all__", None)
    if exported is not None:
        return sorted(exported)
    return sorted(
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and inspect.isclass(thing) and thing.__module__ == package
    )


def python_page() -> str:
    """Return the page."""
    blocks = ["What is listed here is public. [Stability](../stability.md) says what that means."]
    for package, about in PACKAGES.items():
        module = importlib.import_module(package)
        rows = [(_shown(name, getattr(module, name)), _about(getattr(module, name))) for name in public_names(package)]
        blocks += [f"## {package}", about, table(("name", "what it is"), rows)]
        for name in public_names(package):
            if methods := _methods(name, getattr(module, name)):
                blocks.append(methods)
    return page("Python API", *blocks)


def _about(thing: object) -> str:
    if inspect.isclass(thing) or inspect.isroutine(thing):
        return as_code(first_paragraph(thing))
    return "a value" if isinstance(thing, str | int | tuple) else "a type"


def _shown(name: str, thing: object) -> str:
    return code(f"{name}{_parameters(thing)}" if inspect.isfunction(thing) else name)


def _methods(name: str, thing: object) -> str:
    """Return the methods of a class that has any, except for data and errors."""
    if not inspect.isclass(thing) or issubclass(thing, BaseException) or hasattr(thing, "model_fields"):
        return ""
    methods = [
        (code(f"{method}{_parameters(member)}"), first_paragraph(member))
        for method, member in vars(thing).items()
        if inspect.isfunction(member) and not method.startswith("_")
    ]
    return f"### {name}\n\n{table(('method', 'what it does'), map(_row, methods))}" if methods else ""


def _row(method: tuple[str, str]) -> tuple[str, str]:
    return method[0], as_code(cell(method[1]))


def _parameters(function: object) -> str:
    signature = inspect.signature(function)  # type: ignore[arg-type]
    own = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    shown = [
        parameter if parameter.default is parameter.empty else parameter.replace(default=_Default(parameter.default))
        for parameter in own
    ]
    return str(signature.replace(parameters=shown, return_annotation=inspect.Signature.empty))


class _Default:
    """A default as the reference shows it: values as they are, objects by their type."""

    def __init__(self, value: object):
        self._value = value

    def __repr__(self) -> str:
        plain = self._value is None or isinstance(self._value, str | int | float | bool | tuple)
        return repr(self._value) if plain else "…"
