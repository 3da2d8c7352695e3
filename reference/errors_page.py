"""The page of errors: reason codes of rows, and exceptions.

Goes in: the classes of errors. Comes out: Markdown.
"""

import importlib
import pkgutil
from collections.abc import Iterator

import cr_pipelines
from cr_pipelines.api import CommonRoomError
from cr_pipelines.errors import CrPipelinesError
from reference.descriptions import FIXES, REASON_CODES
from reference.markdown import as_code, code, first_paragraph, page, table

_NOT_IMPORTED = ("__main__", "cr_pipelines.warehouse.conformance", "cr_pipelines.warehouse.source_conformance")
"""Modules that do something when they are imported, or need pytest."""


def errors_page() -> str:
    """Return the page."""
    api = [error for error in all_errors() if issubclass(error, CommonRoomError)]
    other = [error for error in all_errors() if not issubclass(error, CommonRoomError)]
    return page(
        "Errors",
        "Messages say what to do, and never quote a value. They can change between versions: match on reason codes and "
        "classes.",
        "## Reason codes of rows",
        "The column `reason_code` of `sync_ledger`, `rejected_rows` and `pii_removals`, for reasons that are not an "
        "error of the API.",
        table(
            ("reason code", "status", "meaning", "what to do"),
            [(code(name), code(status), *about) for name, (status, *about) in sorted(REASON_CODES.items())],
        ),
        "## Errors of the API",
        "Raised by `cr_pipelines.api`, and the reason codes of rows that they are about. *Transient* errors may be "
        "gone when the same call is made later.",
        table(
            ("class", "reason code", "transient", "meaning", "what the message says"),
            [
                (code(error.__name__), code(error.reason_code), _transient(error), _about(error), error.advice)
                for error in api
            ],
        ),
        "## Other errors",
        table(
            ("class", "module", "transient", "meaning", "what to do"),
            [
                (code(error.__name__), code(error.__module__), _transient(error), _about(error), _fix(error))
                for error in other
            ],
        ),
    )


def all_errors() -> list[type[CrPipelinesError]]:
    """Return every error of the package, its root first."""
    for module in pkgutil.walk_packages(cr_pipelines.__path__, "cr_pipelines."):
        if not module.name.endswith(_NOT_IMPORTED) and ".defs" not in module.name:
            importlib.import_module(module.name)
    return list(dict.fromkeys(_tree(CrPipelinesError)))


def _tree(root: type[CrPipelinesError]) -> Iterator[type[CrPipelinesError]]:
    if root.__module__.startswith("cr_pipelines."):
        yield root
        for error in sorted(root.__subclasses__(), key=lambda kind: kind.__name__):
            yield from _tree(error)


def _about(error: type[CrPipelinesError]) -> str:
    return as_code(first_paragraph(error))


def _fix(error: type[CrPipelinesError]) -> str:
    """Return what to do about an error, or about the one that it derives from."""
    return next(FIXES[kind.__name__] for kind in error.__mro__ if kind.__name__ in FIXES)


def _transient(error: type[CrPipelinesError]) -> str:
    return "yes" if error.transient else ""
