"""local-bigquery with DuckDB's extensions from its own packages: PORT FOLDER. Runs in an environment of its own.

Otherwise it would download them. It looks for them in the home folder, which the caller sets.
"""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb
from local_bigquery.cli import main

port, folder = sys.argv[1:]
[version] = duckdb.sql("SELECT version()").fetchone()
[platform] = duckdb.sql("PRAGMA platform").fetchone()
extensions = Path.home() / ".duckdb" / "extensions" / version / platform
extensions.mkdir(parents=True, exist_ok=True)
for name in ("icu", "ducklake", "spatial"):
    [package] = find_spec(f"duckdb_extension_{name}").submodule_search_locations
    for file in Path(package).rglob(f"{name}.duckdb_extension"):
        shutil.copy(file, extensions)
sys.argv = ["local-bigquery", "serve", "--host", "127.0.0.1", "--port", port, "--grpc-port", str(int(port) + 1)]
sys.argv += ["--project", "people", "--dataset", "crm", "--data-dir", folder]
main()
