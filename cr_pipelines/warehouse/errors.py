"""What can go wrong between us and a warehouse.

Goes in: an engine's own exception, or what we found out before asking it. Comes out: an error that holds no value of
any row.
"""

from cr_pipelines.errors import CrPipelinesError


class WarehouseError(CrPipelinesError):
    """The warehouse cannot do what was asked; the message says what to change."""


class SourceMissing(WarehouseError):
    """A source's table, view or query does not exist or does not run."""


class WarehouseBusy(WarehouseError):
    """Another process kept the warehouse for longer than we wait."""

    transient = True
