"""Databricks' errors as ours.

Goes in: an error of Databricks or Spark. Comes out: ours, without the values that it quotes,
which may be personal data.
"""

import re

from cr_pipelines.warehouse.errors import SourceMissing, WarehouseError, with_names_only, without_quotes
from cr_pipelines.warehouse.relation import Relation

_ABSENT = re.compile(r"\[(?:TABLE_OR_VIEW|SCHEMA|CATALOG)_NOT_FOUND\].*?[`:] ?`?([\w.`]+)")

_ABOUT_NAMES = re.compile(r"\[(?:TABLE_|SCHEMA_|CATALOG_|UNRESOLVED_|INSUFFICIENT_|PARSE_)\w*\]")
"""Errors that quote the query's own words rather than values."""


class DatabricksError(WarehouseError):
    """A statement failed; `absent` is what Databricks did not find, if that is why."""

    def __init__(self, message: str, absent: str | None = None):
        super().__init__(message)
        self.absent = absent


def without_values(error: Exception) -> DatabricksError:
    """Return an error of the connector as ours."""
    said = str(getattr(error, "message", None) or error).strip().partition("\n")[0]
    found = _ABSENT.search(said)
    kept = with_names_only(said) if _ABOUT_NAMES.search(said) else without_quotes(said)
    return DatabricksError(f"Databricks: {kept}", found[1].replace("`", "") if found else None)


def unreadable(relation: Relation, error: WarehouseError) -> WarehouseError:
    """Return the error of a relation whose columns cannot be read; a view over a table that is absent is broken."""
    absent = getattr(error, "absent", None)
    kind = SourceMissing if absent and relation.mentions(absent) else WarehouseError
    return kind(f"{relation} cannot be read: {error}")
