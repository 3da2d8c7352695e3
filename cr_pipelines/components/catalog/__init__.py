"""The catalog in Dagster: what a room defines, as tables.

Goes in: YAML, or the syncs of a project. Comes out: an asset per table, with checks, a job and a schedule.
"""

from cr_pipelines.components.catalog.component import CommonRoomCatalog
from cr_pipelines.components.catalog.definitions import build_catalog_definitions

__all__ = ["CommonRoomCatalog", "build_catalog_definitions"]
