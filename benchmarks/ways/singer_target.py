"""A target on singer-sdk: a RecordSink that posts each record, and reads prepared messages.

After a 429 it retries as the SDK's own streams do: five times, with exponential backoff.
"""

import json
import tempfile
from pathlib import Path

import backoff
import duckdb
import httpx
import singer_sdk
from _way import Job, body, main
from singer_sdk import typing as th


class _TryAgain(Exception):
    pass


def deliver(job: Job) -> None:
    """Write the messages, then let the target read them."""
    client = httpx.Client(headers=job.headers, timeout=60)

    class Contacts(singer_sdk.RecordSink):
        @backoff.on_exception(backoff.expo, _TryAgain, max_tries=5, factor=2)
        def process_record(self, record: dict, context: dict) -> None:  # type: ignore[type-arg]
            response = client.post(job.address, json=body(record))
            if response.status_code == 429:
                raise _TryAgain
            response.raise_for_status()

    class CommonRoom(singer_sdk.Target):
        name = "target-common-room"
        config_jsonschema = th.PropertiesList().to_dict()
        default_sink_class = Contacts

    with tempfile.TemporaryDirectory() as folder:
        messages = Path(folder, "messages.jsonl")
        _write_messages(job, messages)
        with messages.open() as file:
            CommonRoom(config={}).listen(file)


def _write_messages(job: Job, path: Path) -> None:
    with duckdb.connect(job.path, read_only=True) as connection, path.open("w") as file:
        found = connection.sql(f"SELECT * FROM common_room_contacts LIMIT {job.rows}")
        properties = {name: {"type": ["string", "null"]} for name in found.columns}
        properties["tags"] = {"type": ["array", "null"], "items": {"type": "string"}}
        properties["custom_fields"] = {"type": ["object", "null"]}
        schema = {"type": "object", "properties": properties}
        header = {"type": "SCHEMA", "stream": "contacts", "key_properties": ["id"], "schema": schema}
        file.write(json.dumps(header) + "\n")
        for batch in found.to_arrow_reader(10_000):
            for row in batch.to_pylist():
                file.write(json.dumps({"type": "RECORD", "stream": "contacts", "record": row}) + "\n")


main(deliver)
