"""Connections in Dagster: the resources of one room and one warehouse, from YAML.

Goes in: YAML. Comes out: two resources, and the names by which the other components use them.
"""

from cr_pipelines.components.connection.component import CommonRoomConnection, connection_of

__all__ = ["CommonRoomConnection", "connection_of"]
