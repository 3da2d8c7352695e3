"""What can go wrong with a warehouse.

Goes in: an engine's own exception, or a problem found before the engine was asked. Comes out: an error that contains no
value of any row.
"""

import re

from cr_pipelines.errors import CrPipelinesError


class WarehouseError(CrPipelinesError):
    """The warehouse cannot do what was asked; the message says what to change."""


class SourceMissing(WarehouseError):
    """A source's table or view does not exist. One that exists and fails is a WarehouseError."""


class WarehouseBusy(WarehouseError):
    """Another process kept the warehouse busy for longer than the wait allows."""

    transient = True


_WRITE = re.compile(
    r"\s*(?:MERGE\s+INTO|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW)"
    r"(?:\s+IF\s+NOT\s+EXISTS)?|ALTER\s+TABLE)\s+([\"`]\w[^\"`]*[\"`]\.[\"`]\w[^\"`]*[\"`])",
    re.IGNORECASE,
)


def our_table(statement: str) -> str | None:
    """Return the state table that a statement writes; None if it only reads, or writes a temporary table.

    Only statements that write state tables use a two-part name.
    """
    found = _WRITE.match(statement)
    return re.sub('["`]', "", found[1]).lower() if found else None


def cause(statement: str) -> str:
    """Return what to look at if a statement fails: the state table that it writes, or the source's query."""
    table = our_table(statement)
    if table is not None:
        return f"this is cr-pipelines' own statement over {table}, not the source's query"
    return "run the source's query in the warehouse to see the value"


_ANY_QUOTE = "\"'`«»„“”‘’‹›「『"  # noqa: RUF001 - servers quote in their own language
_NAMES_QUOTED = re.compile(r"(?:[^\"'`«»„“”‘’‹›「『]|\"[\w.]+\"(?!\w)|'[\w.]+'(?!\w))*")  # noqa: RUF001


def without_quotes(message: str) -> str:
    """Return the message up to the first quote: engines do not escape quotes, so the end of a value is unknown."""
    return _cut(message, re.match(f"[^{_ANY_QUOTE}]*", message))


def with_names_only(message: str) -> str:
    """Return a message about the statement, up to the first quote that contains more than a name."""
    return _cut(message, _NAMES_QUOTED.match(message))


def _cut(message: str, found: "re.Match[str] | None") -> str:
    line = message.strip().partition("\n")[0]
    kept = (found[0] if found else "").partition("\n")[0].strip()
    return line if kept == line else f"{kept.rstrip(':( ')}: …"
