"""dlt's custom destination: Arrow from DuckDB, `parallel` load jobs, one request per row.

Requests go through dlt's own client, which waits and retries after 429 and 5xx with dlt's defaults.
"""

import os
import tempfile

import dlt
import duckdb
from _way import Job, body, main
from dlt.sources.helpers import requests

_BATCH = 500


def deliver(job: Job) -> None:
    """Run a pipeline."""
    # dlt runs one job per file, so there must be at least as many files as parallel jobs.
    os.environ["NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS"] = str(max(job.rows // job.parallel, 1))
    os.environ["NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS"] = str(max(job.rows // job.parallel, 1))
    os.environ["LOAD__WORKERS"] = str(job.parallel)
    client = requests.Client(session_attrs={"headers": job.headers})

    @dlt.destination(batch_size=_BATCH, name="common_room", max_parallel_load_jobs=job.parallel)
    def common_room(rows, table) -> None:  # type: ignore[no-untyped-def]
        for row in rows:
            client.post(job.address, json=body(row)).raise_for_status()

    @dlt.resource(name="contacts", primary_key="id")
    def contacts():  # type: ignore[no-untyped-def]
        with duckdb.connect(job.path, read_only=True) as connection:
            found = connection.sql(f"SELECT * FROM common_room_contacts LIMIT {job.rows}")
            for batch in found.to_arrow_reader(10_000):
                yield batch.to_pylist()

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("contacts", pipelines_dir=folder, destination=common_room)
        pipeline.run(contacts()).raise_on_failed_jobs()


main(deliver)
