"""What a data engineer writes first: read a frame, post row by row, and wait after a 429."""

import time

import duckdb
import httpx
from _way import Job, body, main


def deliver(job: Job) -> None:
    """Post the rows one after the other."""
    with duckdb.connect(job.path, read_only=True) as connection:
        frame = connection.sql(f"SELECT * FROM common_room_contacts LIMIT {job.rows}").df()
    with httpx.Client(headers=job.headers, timeout=60) as client:
        for _, row in frame.iterrows():
            while (response := client.post(job.address, json=body(row))).status_code == 429:
                time.sleep(response.json()["rateLimit"]["waitMs"] / 1000)
            response.raise_for_status()


main(deliver)
