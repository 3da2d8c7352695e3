"""Run the contacts sync, from plan to ledger."""

from _way import Job, main

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse


def deliver(job: Job) -> None:
    """Run the sync."""
    destination = Destination(lambda: CommonRoomClient(job.token, job.base_url), 1)
    source = f"SELECT * FROM common_room_contacts LIMIT {job.rows}"
    report = run_sync(Sync("contacts", "contact", source), open_warehouse(f"duckdb:///{job.path}"), destination)
    if report.delivered != job.rows:
        raise RuntimeError(report.summary())


main(deliver)
