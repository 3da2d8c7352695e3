"""How fast contacts are delivered: python -m benchmarks.delivery [ROWS].

Three ways to bring the same rows to the same sandbox, without a limit, one after the other:
the contacts sync; bare posts of ready-made bodies through the same httpx transport, 32 at a time; and a plain
loop over a pandas frame with httpx.Client, over a tenth of the rows.
"""

import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import httpx

from benchmarks import sources
from cr_pipelines.api import CommonRoomClient
from cr_pipelines.api.transport import ReqwestTransport
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse

IN_FLIGHT = 32


def timed(work: Callable[[], int]) -> tuple[float, float]:
    """Rows per second of wall time, and this process's CPU microseconds per row."""
    wall, cpu = time.perf_counter(), time.process_time()
    rows = work()
    return rows / (time.perf_counter() - wall), (time.process_time() - cpu) / rows * 1e6


def by_sync(url: str, sandbox: SandboxServer) -> int:
    """The contacts sync, from plan to ledger."""
    destination = Destination(
        lambda: CommonRoomClient(token=sandbox.token, base_url=sandbox.base_url), sandbox.source_id
    )
    report = run_sync(Sync("contacts", "contact", "common_room_contacts"), open_warehouse(url), destination)
    return report.delivered


def by_bare_posts(rows: int, sandbox: SandboxServer) -> int:
    """Ready-made bodies of the same size, posted by httpx.AsyncClient over the same transport."""
    address = f"{sandbox.base_url}/source/{sandbox.source_id}/user"
    headers = {"Authorization": f"Bearer {sandbox.token}", "Content-Type": "application/json"}
    filler = ("x" * 700).encode()

    async def post_all() -> None:
        numbers = iter(range(rows))
        transport = ReqwestTransport(connect_timeout=10, total_timeout=60)
        async with httpx.AsyncClient(transport=transport, headers=headers) as client:

            async def work() -> None:
                for number in numbers:
                    body = b'{"id":"%d","bio":"%s"}' % (number, filler)
                    (await client.post(address, content=body)).raise_for_status()

            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))

    asyncio.run(post_all())
    return rows


def by_pandas_loop(path: Path, rows: int, sandbox: SandboxServer) -> int:
    """What a data engineer writes first: read a frame, post row by row."""
    address = f"{sandbox.base_url}/source/{sandbox.source_id}/user"
    with duckdb.connect(str(path), read_only=True) as connection:
        frame = connection.sql(f"SELECT * FROM common_room_contacts LIMIT {rows}").df()
    with httpx.Client(headers={"Authorization": f"Bearer {sandbox.token}"}) as client:
        for _, row in frame.iterrows():
            body = {
                "id": row["id"],
                "fullName": row["full_name"],
                "firstName": row["first_name"],
                "lastName": row["last_name"],
                "username": row["username"],
                "avatarUrl": row["avatar_url"],
                "bio": row["bio"],
                "email": row["email"],
                "roleAtCompany": row["role_at_company"],
                "titleAtCompany": row["title_at_company"],
                "companyName": row["company_name"],
                "companyDomain": row["company_domain"],
                "country": row["country"],
                "city": row["city"],
                "region": row["region"],
                "rawLocation": row["raw_location"],
                "tags": [{"type": "name", "name": name} for name in row["tags"]],
            }
            client.post(address, json=body).raise_for_status()
    return len(frame)


def main() -> None:
    """Run the three and print a table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "contacts.duckdb")
        url = sources.contacts(path, rows)
        figures = {}
        for name, work in {
            "contacts sync": lambda sandbox: by_sync(url, sandbox),
            "bare posts": lambda sandbox: by_bare_posts(rows, sandbox),
            "pandas loop": lambda sandbox: by_pandas_loop(path, rows // 10, sandbox),
        }.items():
            with SandboxServer() as sandbox:
                figures[name] = timed(lambda work=work, sandbox=sandbox: work(sandbox))
    pace = figures["contacts sync"][0]
    print(f"{rows:,} contacts, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| way | rows/s | client CPU, µs a row | the sync is |")
    print("|---|---|---|---|")
    for name, (rate, cpu) in figures.items():
        print(f"| {name} | {rate:,.0f} | {cpu:,.0f} | {pace / rate:.2f} x |")


if __name__ == "__main__":
    main()
