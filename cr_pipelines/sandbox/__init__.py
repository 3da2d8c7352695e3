"""A local Common Room that behaves as the v1 API of the real one does, with faults and time travel on demand.

Goes in: requests of a client of the API, as it would send them to Common Room. Comes out: the responses of the API, a
room that `SandboxClient` and a person can look at. `workspace` is the room, `http` its HTTP surface, `SandboxServer`
a process that serves it.
"""

from cr_pipelines.sandbox.client import SandboxClient
from cr_pipelines.sandbox.http.faults import FaultPlan
from cr_pipelines.sandbox.http.server import serve
from cr_pipelines.sandbox.process import SandboxServer
from cr_pipelines.sandbox.settings import Settings
from cr_pipelines.sandbox.workspace.storage import StorageError

__all__ = ["FaultPlan", "SandboxClient", "SandboxServer", "Settings", "StorageError", "serve"]
