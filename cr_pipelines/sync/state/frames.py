"""Data frames in the warehouse, so that they are stored nowhere else between steps.

Goes in: an Arrow table and the asset that returned it. Comes out: the same table, in another process or run. Writing
replaces an earlier frame; only the frame's sync reads it.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from cr_pipelines.sync.state.schema import StateSchema, Table, declare
from cr_pipelines.warehouse import Session

DATA_FRAMES = declare(
    Table(
        "data_frames",
        {"asset": "text", "partition": "text", "number": "integer", "content": "text", "written_at": "timestamp"},
    )
)
"""One row for each piece of a frame: Arrow, compressed, in base64."""

_ROWS = 10_000
"""The size of a piece."""


def write_frame(session: Session, schema: str, asset: str, partition: str, frame: pa.Table) -> None:
    """Store a frame, replacing an earlier one of the same asset and partition."""
    state, now = StateSchema(session, schema), datetime.now(UTC)
    state.prepare()
    columns = {"asset": asset, "partition": partition, "written_at": now}
    batches: Sequence[pa.RecordBatch] = frame.combine_chunks().to_batches(max_chunksize=_ROWS)
    pieces = [pa.Table.from_batches([batch]) for batch in batches] or [frame.slice(0, 0)]

    def work() -> None:
        session.execute(f"DELETE FROM {state.names.table(DATA_FRAMES.name)} WHERE {_is(state, asset, partition)}")
        for number, piece in enumerate(pieces):
            state.append(DATA_FRAMES, [{**columns, "number": number, "content": _encoded(piece)}])

    session.transaction(work)


def read_frame(session: Session, schema: str, asset: str, partition: str) -> pa.Table | None:
    """Return a frame, or None if this asset has none for the partition."""
    state = StateSchema(session, schema)
    state.prepare()
    found = state.fetch(DATA_FRAMES, ["number", "content"], _is(state, asset, partition))
    pieces = [_decoded(content) for _, content in sorted(found)]
    return pa.concat_tables(pieces) if pieces else None


def _is(state: StateSchema, asset: str, partition: str) -> str:
    value = state.names.value
    return f"asset = {value(asset)} AND partition = {value(partition)}"


def _encoded(piece: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, piece.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(piece)
    return base64.b64encode(sink.getvalue()).decode()


def _decoded(content: str) -> pa.Table:
    return pa.ipc.open_stream(base64.b64decode(content)).read_all()
