"""What may be shown of DuckDB's errors.

Goes in: an exception from DuckDB and the statement that caused it. Comes out: one of our errors, which names the cause
and contains no value of a row.
"""

import re

import duckdb

from cr_pipelines.warehouse.errors import WarehouseBusy, WarehouseError, cause, our_table, with_names_only

# The text of these is about the statement; every other kind of error may quote a row.
_ABOUT_THE_STATEMENT = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)

_DISK_FULL = re.compile(r"No space left on device|disk quota exceeded|max_temp_directory_size", re.IGNORECASE)
_ABSENT = re.compile(r"(?:Table with name|Catalog) \"?([^\s\"]+)\"? does not exist", re.IGNORECASE)


class DuckDBError(WarehouseError):
    """A statement failed; `absent` is the table that DuckDB did not find, if that is the reason."""

    def __init__(self, message: str, absent: str | None = None):
        super().__init__(message)
        self.absent = absent


def is_disk_full(error: duckdb.Error) -> bool:
    """Return whether a disk was full."""
    return bool(_DISK_FULL.search(str(error)))


def without_values(error: duckdb.Error, statement: str = "") -> WarehouseError:
    """Return the error without possible personal data."""
    message = str(error).strip()
    table = our_table(statement)
    over = f"; {cause(statement)}" if table else ""
    if is_disk_full(error):
        return WarehouseError(
            f"DuckDB: the disk of the warehouse file or of its temporary folder is full; make room{over}"
        )
    if isinstance(error, duckdb.InterruptException):
        return WarehouseBusy("DuckDB: the statement was interrupted")
    if isinstance(error, duckdb.OutOfMemoryException):
        return WarehouseError(f"DuckDB: out of memory{over}")
    if isinstance(error, duckdb.IOException):
        return WarehouseError(
            f"DuckDB: a file cannot be read or written; check the disk and the permissions of the warehouse file{over}"
        )
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return WarehouseError(f"DuckDB: the database failed ({type(error).__name__}); open it again{over}")
    if isinstance(error, duckdb.TransactionException) and "onflict" in message:
        return WarehouseBusy(f"DuckDB: another connection changed the same rows; run this again{over}")
    if isinstance(error, duckdb.TransactionException):
        return WarehouseError(f"DuckDB: the transaction could not be completed{over}")
    if isinstance(error, duckdb.PermissionException):
        return WarehouseError(f"DuckDB: the connection or the file does not permit it{over}")
    if isinstance(error, _ABOUT_THE_STATEMENT):
        absent = _ABSENT.search(message)
        line = message.splitlines()[0].rstrip("!.")
        return DuckDBError(f"DuckDB: {with_names_only(line)}{over}", absent[1] if absent else None)
    if table is not None:
        return WarehouseError(f"DuckDB raised a {type(error).__name__}; {cause(statement)}")
    return WarehouseError(
        f"DuckDB raised a {type(error).__name__} on a row; its message is omitted because it may quote the row. Run "
        "the source's query in DuckDB to see it"
    )
