"""A Dagster project in YAML, as `create-dagster` makes one.

Goes in: the files that a test adds. Comes out: a folder that Dagster loads.
"""

import textwrap
from collections.abc import Mapping
from pathlib import Path

_SKELETON = {
    "pyproject.toml": """
        [tool.dg]
        directory_type = "project"
        [tool.dg.project]
        root_module = "acme"
    """,
    "acme/__init__.py": "",
    "acme/definitions.py": """
        from pathlib import Path
        import dagster as dg

        @dg.definitions
        def defs():
            return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    """,
    "acme/defs/__init__.py": "",
    "acme/defs/connection/defs.yaml": """
        type: cr_pipelines.components.CommonRoomConnection
        attributes: {name: default}
    """,
}


def write_project(folder: Path, files: Mapping[str, str]) -> None:
    """Write a project of the package `acme` with a connection, and these files."""
    for name, text in {**_SKELETON, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
