"""DuckDB's extensions from their own packages, since DuckDB would download them. Runs in an emulator's environment."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import duckdb


def put_into_home(*names: str) -> None:
    """Copy the extensions to the home folder, where DuckDB looks for them."""
    [version] = duckdb.sql("SELECT version()").fetchone()
    [platform] = duckdb.sql("PRAGMA platform").fetchone()
    extensions = Path.home() / ".duckdb" / "extensions" / version / platform
    extensions.mkdir(parents=True, exist_ok=True)
    for name in names:
        [package] = find_spec(f"duckdb_extension_{name}").submodule_search_locations
        for file in Path(package).rglob(f"{name}.duckdb_extension"):
            shutil.copy(file, extensions)
