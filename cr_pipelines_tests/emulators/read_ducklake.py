"""A DuckLake, made in FOLDER and read as a source: prints what was found as JSON. Runs in an environment of its own."""

# ruff: noqa: T201

import json
import subprocess
import sys

import duckdb
from packaged_extensions import put_into_home

from cr_pipelines.warehouse import Relation, WarehouseError, open_warehouse
from cr_pipelines.warehouse.conformance_sinks import Collected

folder = sys.argv[1]
catalog = f"{folder}/lake's.ducklake"
url = f"duckdb:///ducklake:{catalog}?busy_seconds=0.1"
lake = open_warehouse(url, f"duckdb:///{folder}/state.duckdb")
READ = f"""
from cr_pipelines.warehouse import open_warehouse
open_warehouse({url!r}, "duckdb:///state.duckdb").source.session().__enter__()
"""


def refusal(relation: str) -> str:
    with lake.source_session() as session:
        try:
            session.columns(Relation(relation))
        except WarehouseError as error:
            return type(error).__name__
    return ""


def error_of_opening() -> str:
    try:
        with lake.source_session():
            return ""
    except WarehouseError as error:
        return str(error)


found = {"not installed": error_of_opening()}
put_into_home("ducklake")
found["no catalog"] = error_of_opening()
owner = duckdb.connect()
owner.execute("LOAD ducklake")
attached = catalog.replace("'", "''")
owner.execute(f"ATTACH 'ducklake:{attached}' AS lake (DATA_PATH '{folder}/data/')")
owner.execute("USE lake")
owner.execute("CREATE TABLE contacts AS SELECT i::VARCHAR AS id, 'n' || i AS full_name FROM range(5000) AS r(i)")
owner.execute("CREATE TABLE base AS SELECT 1 AS id")
owner.execute("CREATE VIEW broken AS SELECT id FROM base")
owner.execute("DROP TABLE base")
found["locked"] = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True).stderr[-400:]
owner.close()
rows = Collected()
with lake.source_session() as session:
    found["columns"] = {name: session.columns(Relation(name)) for name in ("contacts", "lake.main.contacts")}
    session.fetch_batches("SELECT id, full_name FROM contacts", 2_000, rows)
    found["rows"] = len({row["id"] for row in rows.rows})
    try:
        session.execute("DELETE FROM contacts")
    except WarehouseError:
        found["rows after a DELETE"] = session.fetch_all("SELECT count(*) FROM contacts")[0][0]
found["errors"] = {relation: refusal(relation) for relation in ("nowhere", "no.where", "broken")}
print(json.dumps(found))
