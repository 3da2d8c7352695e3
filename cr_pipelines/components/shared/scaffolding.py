"""What `dg scaffold defs` says about a component that needs a room and a warehouse.

Goes in: a request to scaffold a component. Comes out: its `defs.yaml`, and a line in the terminal if the project still
lacks the resources that the component uses.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import dagster as dg

_PROVIDERS = ("CommonRoomConnection", "CommonRoomResource")
_HINT = (
    "The component needs a room and a warehouse, and this project has no CommonRoomConnection yet; add one with: "
    "dg scaffold defs cr_pipelines.components.CommonRoomConnection room"
)


def scaffold_with_hint(request: dg.ScaffoldRequest[Any], attributes: Mapping[str, Any]) -> None:
    """Write the `defs.yaml` of a component, and say what the project still lacks."""
    dg.scaffold_component(request, dict(attributes))
    if request.project_root is not None and not _has_resources(request.project_root):
        click.echo(_HINT)


def _has_resources(project: Path) -> bool:
    """Return whether a file of the project names what provides the resources."""
    for folder, folders, names in os.walk(project):
        # Environments and caches are hidden folders, and may contain a copy of this package.
        folders[:] = [name for name in folders if not name.startswith(".") and name != "venv"]
        for name in names:
            if name.endswith((".yaml", ".py")):
                text = Path(folder, name).read_text(encoding="utf-8", errors="replace")
                if any(provider in text for provider in _PROVIDERS):
                    return True
    return False
