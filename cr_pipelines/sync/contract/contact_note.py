"""Notes on existing contacts: POST /members/note. Each call appends one more note."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import ContactNote
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.columns import CONTACT_REFERENCE, LEDGER_ID, contact_reference
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value


def _build(read: Mapping[str, Any], _context: Context) -> ContactNote:
    return ContactNote(**contact_reference(read), note=read["note"])


CONTACT_NOTE = Contract(
    kind="contact_note",
    endpoint="POST /members/note",
    key=("id",),
    columns=(
        LEDGER_ID,
        *CONTACT_REFERENCE,
        Column("note", "note", "text", "What the note says.", by_value(values.prose), required=True),
    ),
    build=_build,
    send=lambda client, _source_id, note: client.add_contact_note(note),
    repeatable=False,
)
