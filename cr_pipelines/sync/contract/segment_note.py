"""Notes on segments: POST /segments/note. Each call appends one more note."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import SegmentNote
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.columns import LEDGER_ID, segment_column
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value


def _build(read: Mapping[str, Any], _context: Context) -> SegmentNote:
    return SegmentNote(segment_id=read["segment"], note=read["note"])


SEGMENT_NOTE = Contract(
    kind="segment_note",
    endpoint="POST /segments/note",
    key=("id",),
    columns=(
        LEDGER_ID,
        segment_column("segmentId"),
        Column("note", "note", "text", "What the note says.", by_value(values.prose), required=True),
    ),
    build=_build,
    send=lambda client, _source_id, note: client.add_segment_note(note),
    repeatable=False,
)
