"""A local Common Room that behaves like the real v1 API, with faults and time travel on demand.

Goes in: requests from an API client, as it would send them to Common Room. Comes out: the API's responses, and a room
that `SandboxClient` and people can look at. `workspace` is the room, `http` its HTTP surface, `SandboxServer` a process
that serves it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cr_pipelines.sandbox.client import SandboxClient
    from cr_pipelines.sandbox.http.faults import FaultPlan
    from cr_pipelines.sandbox.http.scripts import Script
    from cr_pipelines.sandbox.http.server import serve
    from cr_pipelines.sandbox.process import SandboxServer
    from cr_pipelines.sandbox.settings import Settings
    from cr_pipelines.sandbox.workspace.behavior import Behavior
    from cr_pipelines.sandbox.workspace.storage import StorageError

__all__ = [
    "Behavior",
    "FaultPlan",
    "SandboxClient",
    "SandboxServer",
    "Script",
    "Settings",
    "StorageError",
    "serve",
]

_MODULES = {
    "Behavior": "workspace.behavior",
    "FaultPlan": "http.faults",
    "SandboxClient": "client",
    "SandboxServer": "process",
    "Script": "http.scripts",
    "Settings": "settings",
    "StorageError": "workspace.storage",
    "serve": "http.server",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a sandbox's process needs no client, and starts without it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
