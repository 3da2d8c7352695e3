"""Privacy requests in Dagster: the component, its sensor and its jobs.

Goes in: YAML that names a table of requests. Comes out: an asset with checks, a sensor, jobs and a schedule.
"""

from cr_pipelines.components.pii_removals.component import CommonRoomPiiRemovals
from cr_pipelines.components.pii_removals.execution import RemovalEvents, execute_removals
from cr_pipelines.components.pii_removals.options import RemovalRunConfig, RemovalSensor, RequestColumns

__all__ = [
    "CommonRoomPiiRemovals",
    "RemovalEvents",
    "RemovalRunConfig",
    "RemovalSensor",
    "RequestColumns",
    "execute_removals",
]
