"""A local Common Room that behaves as the real one's v1 API, with faults and time travel on demand."""

from cr_pipelines.sandbox.client import SandboxClient
from cr_pipelines.sandbox.http.faults import FaultPlan
from cr_pipelines.sandbox.http.server import serve
from cr_pipelines.sandbox.process import SandboxServer
from cr_pipelines.sandbox.workspace.storage import StorageError

__all__ = ["FaultPlan", "SandboxClient", "SandboxServer", "StorageError", "serve"]
