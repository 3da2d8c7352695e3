"""What can go wrong between us and a warehouse.

Goes in: an engine's own exception, or what we found out before asking it. Comes out: an error that holds no value of
any row.
"""

import re

from cr_pipelines.errors import CrPipelinesError


class WarehouseError(CrPipelinesError):
    """The warehouse cannot do what was asked; the message says what to change."""


class SourceMissing(WarehouseError):
    """A source's table or view does not exist. One that exists and fails is a WarehouseError."""


class WarehouseBusy(WarehouseError):
    """Another process kept the warehouse for longer than we wait."""

    transient = True


_WRITE = re.compile(
    r"\s*(?:MERGE\s+INTO|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW)"
    r"(?:\s+IF\s+NOT\s+EXISTS)?|ALTER\s+TABLE)\s+([\"`]\w[^\"`]*[\"`]\.[\"`]\w[^\"`]*[\"`])",
    re.IGNORECASE,
)


def our_table(statement: str) -> str | None:
    """Return the table of ours that a statement writes; None for one that reads, or writes a temporary table.

    Only the state tables are written by a name of two parts.
    """
    found = _WRITE.match(statement)
    return re.sub('["`]', "", found[1]).lower() if found else None


def cause(statement: str) -> str:
    """Return what to look at when a statement fails: the table of ours that it writes, or the source's query."""
    table = our_table(statement)
    if table is not None:
        return f"this is cr-pipelines' own statement over {table}, not the source's query"
    return "run the source's query in the warehouse to see the value"


_ANY_QUOTE = "\"'`«»„“”‘’‹›「『"  # noqa: RUF001 - servers quote in their own language
_NAMES_QUOTED = re.compile(r"(?:[^\"'`«»„“”‘’‹›「『]|\"[\w.]+\"(?!\w)|'[\w.]+'(?!\w))*")  # noqa: RUF001


def without_quotes(message: str) -> str:
    """Return the message up to the first quote: engines do not escape quotes, so where a value ends is not known."""
    return _cut(message, re.match(f"[^{_ANY_QUOTE}]*", message))


def with_names_only(message: str) -> str:
    """Return a message about the statement, up to the first quote that holds more than a name."""
    return _cut(message, _NAMES_QUOTED.match(message))


def _cut(message: str, found: "re.Match[str] | None") -> str:
    line = message.strip().partition("\n")[0]
    kept = (found[0] if found else "").partition("\n")[0].strip()
    return line if kept == line else f"{kept.rstrip(':( ')}: …"
