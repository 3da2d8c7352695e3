"""What may be shown of PostgreSQL's errors.

Goes in: an exception of the driver. Comes out: one of our errors, which contains no value of a row and no part of the
URL.
"""

import re

from cr_pipelines.warehouse.errors import (
    WarehouseBusy,
    WarehouseError,
    cause,
    our_table,
    with_names_only,
    without_quotes,
)

_BUSY = {
    "55P03": "another session keeps a table locked",
    "57014": "the statement took too long, or somebody canceled it",
    "57P01": "the server ended the connection",
    "57P02": "the server ended the connection",
    "57P03": "the server is starting or stopping",
}
_BUSY_CLASSES = ("08", "40")
_SPENT = {
    "53100": "the server's disk is full",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left",
    "53400": "a limit of the server's configuration is reached",
}
_CONNECT_LATER = re.compile(
    r"too many (clients|connections)|remaining connection slots|starting up|shutting down|in recovery mode"
    r"|timeout expired|server closed the connection unexpectedly"
)
_REFUSALS = re.compile(
    r"Connection refused|No route to host|Network is unreachable|No such file or directory|Permission denied"
    r"|could not translate host name|password authentication failed|no password supplied|no pg_hba\.conf entry"
    r"|server does not support SSL|certificate verify failed|SSL error"
    r"|role .* does not exist|database .* does not exist"
    r"|is not currently accepting connections|permission denied for database|connection limit exceeded"
)
_QUOTED = re.compile(r'"[^"]*"')


class Failed(WarehouseError):
    """A statement failed, with PostgreSQL's own code."""

    def __init__(self, message: str, *, state: str = "", within_function: bool = False):
        super().__init__(message)
        self.state = state
        self.within_function = within_function


class FailedForNow(Failed, WarehouseBusy):
    """A statement failed that may succeed later."""


def without_values(error: Exception, statement: str = "") -> Failed:
    """Return the error without the values that PostgreSQL quotes, which may be personal data."""
    state = getattr(error, "sqlstate", None) or ""
    details = _details(error)
    # A function can raise any message with any code.
    within_function = bool(re.search(r"\bfunction\b|inline_code_block|\bPL/", details.get("PG_DIAG_CONTEXT", "")))
    kind = FailedForNow if state in _BUSY or state.startswith(_BUSY_CLASSES) else Failed
    said = _said(state, _message(error, details), within_function=within_function)
    if our_table(statement) is not None:
        said += f"; {cause(statement)}"
    return kind(f"PostgreSQL: {said}", state=state, within_function=within_function)


def _said(state: str, message: str, *, within_function: bool) -> str:
    code = f" ({state})" if state else ""
    known = _BUSY.get(state) or _SPENT.get(state)
    if within_function or state.startswith("P0") or not _is_own(state):
        return f"{known or 'a function of the warehouse raised an exception'}{code}"
    if known:
        return f"{known}{code}"
    return f"{with_names_only(message) if state.startswith('42') else without_quotes(message)}{code}"


def _is_own(state: str) -> bool:
    """Return whether only the server itself uses codes of this class; anyone can raise the others."""
    return not state or state[:2] in {
        "08", "09", "0A", "0F", "0L", "0P", "20", "21", "22", "23", "24", "25", "26", "27", "28", "2B", "2D", "2F",
        "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0", "XX",
    }  # fmt: skip


def transient_refusal(error: Exception) -> str | None:
    """Return why a server does not accept connections at the moment; None if it never will."""
    found = _CONNECT_LATER.search(str(error))
    if found is None:
        return None
    return {
        "timeout expired": "the host does not respond",
        "server closed the connection unexpectedly": "the server closed the connection",
    }.get(found[0], f"the server says: {found[0]}")


def refused_connection(error: Exception) -> str:
    """Return why there is no connection, without any part of the URL: libpq quotes what it cannot parse."""
    found = _REFUSALS.search(_QUOTED.sub("…", _message(error, {})) or "") or _REFUSALS.search(str(error))
    if found is None:
        return (
            "the URL cannot be read, or the server refused it; write postgresql://user:password@host:5432/database, "
            "with special characters in the password as %XX"
        )
    return _QUOTED.sub("…", found[0])


def _message(error: Exception, details: dict[str, str]) -> str:
    """Return the server's message without the detail, the context and the statement that follow."""
    if primary := details.get("PG_DIAG_MESSAGE_PRIMARY"):
        return primary
    said = re.search(r"(?:ERROR|FATAL):\s*(.*)", str(error)) or re.search(r"(?:\[libpq\]\s*)?(.*)", str(error))
    return said[1].strip() if said else ""


def _details(error: Exception) -> dict[str, str]:
    return {str(name): value.decode("utf-8", "replace") for name, value in _pairs(error)}


def _pairs(error: Exception) -> list[tuple[str, bytes]]:
    return [
        (name.decode() if isinstance(name, bytes) else name, value)
        for name, value in getattr(error, "details", None) or ()
    ]
