"""Syncs of rows that are appended, in processes of their own.

Goes in: a warehouse, a room and a kind. Comes out: a process that may be killed, frozen, or run out of disk space; what
it has to say is in a file.
"""

import logging
import multiprocessing
import os
import resource
import traceback
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Progress, Sync, Timing, run_sync
from cr_pipelines.warehouse import open_warehouse

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "adbc_driver_postgresql.dbapi", "duckdb", "pandas", "uvloop"])


def start_run(
    kind: str, url: str, base_url: str, token: str, said: Path, outage_seconds: float, full_after: int | None = None
) -> ForkServerProcess:
    """Begin a sync of the table `appends`.

    Once `full_after` rows are sent, the disk of a DuckDB file is full: beyond a limit on the size of files, DuckDB's
    writes fail as they do on a full disk.
    """
    process = _processes.Process(target=_run, args=(kind, url, base_url, token, said, outage_seconds, full_after))
    process.start()
    return process


def _run(
    kind: str, url: str, base_url: str, token: str, said: Path, outage_seconds: float, full_after: int | None
) -> None:
    def fill_up(progress: Progress) -> None:
        if full_after is not None and progress.done >= full_after:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

    logging.disable()
    try:
        run_sync(
            Sync("appends", kind, "appends"),
            open_warehouse(url),
            Destination(lambda: CommonRoomClient(token=token, base_url=base_url), 1),
            on_progress=fill_up,
            timing=Timing(outage_seconds=outage_seconds, progress_seconds=0.02),
        )
    except BaseException:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        said.write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)
